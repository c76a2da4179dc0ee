/**
 * Numbers that compare one image with another, pixel by pixel or window by window: {@link
 * org.atelier4j.metrics.image.Psnr}, {@link org.atelier4j.metrics.image.Ssim}, {@link
 * org.atelier4j.metrics.image.MsSsim}, label maps ({@link org.atelier4j.metrics.image.MeanIou}) and landmarks ({@link
 * org.atelier4j.metrics.image.LandmarkDistance}). Read {@code Ssim} first. Those of images are written in tensor operations,
 * so gradients pass through them and they serve as losses.
 *
 * <p>Papers: Wang et al. 2004 (SSIM), Wang, Simoncelli, Bovik 2003 (MS-SSIM), Long, Shelhamer, Darrell 2015 (the four numbers
 * of label maps).
 */
@NullMarked
package org.atelier4j.metrics.image;

import org.jspecify.annotations.NullMarked;
