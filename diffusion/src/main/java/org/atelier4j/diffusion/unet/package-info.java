/**
 * The U-Net of diffusion models: noisy image, time and condition in, a prediction of the same size out.
 *
 * <p>Read {@link org.atelier4j.diffusion.unet.UNet} first, then {@link org.atelier4j.diffusion.unet.ResidualBlock}. The
 * shape of the network is that of Ho et al. 2020 (arXiv:2006.11239), its conditioning that of Dhariwal, Nichol 2021
 * (arXiv:2105.05233), its cross-attention that of Rombach et al. 2021 (arXiv:2112.10752). Networks know nothing of
 * schedules and samplers.
 */
@NullMarked
package org.atelier4j.diffusion.unet;

import org.jspecify.annotations.NullMarked;
