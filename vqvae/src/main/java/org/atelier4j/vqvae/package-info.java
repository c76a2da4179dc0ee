/**
 * Images as grids of codes, and as small continuous latents. Read {@link org.atelier4j.vqvae.VqVae} first, then
 * {@link org.atelier4j.vqvae.Codebook} and its kinds: {@link org.atelier4j.vqvae.NearestCodebook},
 * {@link org.atelier4j.vqvae.GumbelCodebook}, {@link org.atelier4j.vqvae.FiniteScalar},
 * {@link org.atelier4j.vqvae.LookupFree}, {@link org.atelier4j.vqvae.Residual}.
 *
 * <p>Papers: van den Oord et al. 2017 (VQ-VAE, arXiv:1711.00937), Jang et al. 2017 (Gumbel-softmax, arXiv:1611.01144), Esser
 * et al. 2020 (VQGAN, arXiv:2012.09841), Rombach et al. 2021 (latent diffusion's autoencoder, arXiv:2112.10752).
 */
@NullMarked
package org.atelier4j.vqvae;

import org.jspecify.annotations.NullMarked;
