package org.atelier4j.tensor.kernel;

/** How resizing finds values between pixels. */
public enum Interpolation {
    /** The pixel in which the target's center falls. */
    NEAREST,
    /** Weighted mean of the four pixels around the target's center; no anti-aliasing. */
    BILINEAR
}
