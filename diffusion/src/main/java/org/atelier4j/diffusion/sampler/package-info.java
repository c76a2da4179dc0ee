/**
 * Samplers: from noise to images with a denoiser that somebody trained.
 *
 * <p>Read {@link org.atelier4j.diffusion.sampler.Sampler} first, then {@link
 * org.atelier4j.diffusion.sampler.DdimSampler}. Those of discrete time ({@code DdpmSampler}, {@code DdimSampler}, {@code
 * DpmSolverSampler}) take the network as it was trained; {@code EulerSampler} and {@code HeunSampler} take a denoiser
 * D(x; σ) that returns x0 ({@link org.atelier4j.diffusion.EdmPreconditioning#around} or {@link
 * org.atelier4j.diffusion.SigmaDenoiser}); {@code FlowSampler} a velocity field ({@link
 * org.atelier4j.diffusion.RectifiedFlow#around}). Samplers know no network class.
 *
 * <p>Papers: Ho et al. 2020 (arXiv:2006.11239), Song et al. 2020 (arXiv:2010.02502), Karras et al. 2022
 * (arXiv:2206.00364), Lu et al. 2022 (arXiv:2211.01095), Liu et al. 2022 (arXiv:2209.03003).
 */
@NullMarked
package org.atelier4j.diffusion.sampler;

import org.jspecify.annotations.NullMarked;
