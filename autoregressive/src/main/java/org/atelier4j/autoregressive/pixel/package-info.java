/**
 * PixelCNNs: models that predict each value of an image, or each code of a grid, from those above it and to its left.
 *
 * <p>Read {@link org.atelier4j.autoregressive.pixel.MaskedConv2d} first: a convolution that does not see what it shall
 * predict is the whole idea (van den Oord et al. 2016, arXiv:1601.06759).
 * {@link org.atelier4j.autoregressive.pixel.MaskedPixelCnn} stacks such convolutions, and misses a part of the past;
 * {@link org.atelier4j.autoregressive.pixel.GatedPixelCnn} uses two stacks and misses nothing (van den Oord et al. 2016,
 * arXiv:1606.05328). What the network's numbers mean is a {@link org.atelier4j.autoregressive.pixel.PixelHead}: a softmax
 * over all levels, or a mixture of logistics (Salimans et al. 2017, arXiv:1701.05517).
 * {@link org.atelier4j.autoregressive.pixel.PixelCnn} joins network and head to a probability of whole images,
 * {@link org.atelier4j.autoregressive.pixel.PixelCnnSampler} draws from it.
 */
@NullMarked
package org.atelier4j.autoregressive.pixel;

import org.jspecify.annotations.NullMarked;
