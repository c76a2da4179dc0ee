package org.atelier4j.autoregressive.pixel;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Tensor;

/**
 * Pixels of fewer bits: the highest ones of each byte. Level 0 stays black and the last one white on the way back.
 *
 * @param bits of a channel of a pixel, 1 to 8
 */
public record PixelLevels(int bits) {
    private static final int BYTE = 8;
    private static final double HALF_RANGE = 127.5;

    /** Checks the range. */
    public PixelLevels {
        Check.that(bits >= 1 && bits <= BYTE, "PixelLevels: bits must lie in [1, 8], got %d", bits);
    }

    /** Returns 2^bits. */
    public int count() {
        return 1 << bits;
    }

    /** Returns levels INT32 (B, H, W, C) of images in [−1, 1]; what lies outside is limited. */
    public Tensor quantize(Tensor images) {
        Tensor bytes =
                images.detach().clamp(-1, 1).affine(HALF_RANGE, HALF_RANGE).round();
        return bytes.div(1 << (BYTE - bits)).floor().to(DType.INT32);
    }

    /** Returns images FLOAT32 (B, H, W, C) in [−1, 1] of levels. */
    public Tensor toImages(Tensor levels) {
        return levels.to(DType.FLOAT32).affine(2.0 / (count() - 1), -1);
    }
}
