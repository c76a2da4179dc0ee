/**
 * Pictures as bytes: reading and writing files, grids, animations, and the one place where pixels become numbers.
 *
 * <p>Read {@link org.atelier4j.image.Image} first, then {@link org.atelier4j.image.PixelRange}: an image is uint8,
 * height × width × channels; a tensor of images is FLOAT32 (B, H, W, C) in [−1, 1] or [0, 1]; nothing else converts
 * between the two. {@link org.atelier4j.image.ImageFiles} reads PNG, JPEG, BMP and GIF by the JDK's own codecs,
 * {@link org.atelier4j.image.ImageGrid} and {@link org.atelier4j.image.AnimatedGif} show results. Nothing here needs a
 * display.
 */
@NullMarked
package org.atelier4j.image;

import org.jspecify.annotations.NullMarked;
