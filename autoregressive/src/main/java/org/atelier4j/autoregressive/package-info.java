/**
 * Models that draw one element after the other, or some at a time: what all of them have in common.
 *
 * <p>Read {@link org.atelier4j.autoregressive.CodePrior} first: a model of grids of codes, as a VQ-VAE makes them (van den Oord
 * et al. 2017, arXiv:1711.00937; Esser et al. 2021, arXiv:2012.09841; Chang et al. 2022, arXiv:2202.04200). All choose their
 * codes by one {@link org.atelier4j.autoregressive.TokenSampler} and are trained by one {@link
 * org.atelier4j.autoregressive.PriorStep}. Transformers are in {@code transformer}, PixelCNNs, of codes and of pixels, in
 * {@code pixel}; {@code pipeline} has what programs use.
 */
@NullMarked
package org.atelier4j.autoregressive;

import org.jspecify.annotations.NullMarked;
