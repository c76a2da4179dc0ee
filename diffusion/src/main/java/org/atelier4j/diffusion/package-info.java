/**
 * Denoising diffusion: the mathematics that training and sampling share.
 *
 * <p>Five things that meet only in a function {@link org.atelier4j.diffusion.Denoiser}: a {@linkplain
 * org.atelier4j.diffusion.NoiseSchedule schedule} says how much noise there is, a {@linkplain
 * org.atelier4j.diffusion.Prediction prediction} what the network is asked for, a {@linkplain
 * org.atelier4j.diffusion.DiffusionLoss loss} how it learns, a {@linkplain org.atelier4j.diffusion.sampler.Sampler
 * sampler} how images come out, and the network is any layer that fits. Read {@link
 * org.atelier4j.diffusion.GaussianDiffusion} first, with Ho et al. 2020 (arXiv:2006.11239) beside it; then {@link
 * org.atelier4j.diffusion.DenoisingLoss} and {@link org.atelier4j.diffusion.sampler.DdimSampler}.
 *
 * <p>Three families of processes live here: discrete time ({@code GaussianDiffusion}), continuous σ ({@code
 * EdmPreconditioning}, Karras et al. 2022, arXiv:2206.00364), and straight paths ({@code RectifiedFlow}, Liu et al.
 * 2022, arXiv:2209.03003).
 *
 * <p>Notation: {@code x0} data, {@code eps} standard normal noise, {@code xt = √ᾱ_t x0 + √(1 − ᾱ_t) eps}. Discrete t
 * counts from 0, the first noising step; the papers count from 1.
 */
@NullMarked
package org.atelier4j.diffusion;

import org.jspecify.annotations.NullMarked;
