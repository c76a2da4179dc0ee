package org.atelier4j.autoregressive.transformer;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;

/**
 * Rotary positions of a grid: pairs of numbers of each query and key are turned by an angle that grows with the row, in the
 * first half of a head, or the column, in the second (Su et al. 2021, "RoFormer", arXiv:2104.09864, eq. 15; along two axes as
 * Heo et al. 2024, arXiv:2403.13298, sec. 3.2). The product of a query and a key then depends on how far apart they are, not
 * on where: {@code ⟨R_p q, R_s k⟩ = ⟨q, R_(s−p) k⟩}.
 *
 * <p>Pair i of an axis with m = d/4 pairs turns by {@code position · 100^(−i/m)} and consists of elements i and m + i of the
 * axis' half.
 */
public final class RotaryPositions {
    private static final double BASE = 100; // Heo et al., sec. 3.2: grids are short, texts are not

    private final int pairs;
    private final Tensor cos;
    private final Tensor sin;

    /**
     * Makes the angles of a grid whose places are numbered row by row.
     *
     * @param headWidth d, a multiple of 4
     */
    public RotaryPositions(int height, int width, int headWidth) {
        Check.that(
                headWidth >= 4 && headWidth % 4 == 0,
                "RotaryPositions: headWidth must be a multiple of 4, got %d",
                headWidth);
        pairs = headWidth / 4;
        float[] c = new float[height * width * headWidth];
        float[] s = new float[c.length];
        for (int at = 0; at < c.length; at++) {
            int place = at / headWidth;
            int element = at % headWidth;
            int position = element < 2 * pairs ? place / width : place % width;
            double angle = position * Math.pow(BASE, -(element % pairs) / (double) pairs);
            boolean first = element / pairs % 2 == 0; // of a pair: (a, b) → (a cos − b sin, b cos + a sin)
            c[at] = (float) Math.cos(angle);
            s[at] = (float) (first ? -Math.sin(angle) : Math.sin(angle));
        }
        cos = TensorScope.outside(() -> Tensor.of(c, height * width, headWidth));
        sin = TensorScope.outside(() -> Tensor.of(s, height * width, headWidth));
    }

    /** Returns x (B, H, T, d) turned as tokens at places {@code first} to {@code first + T − 1}. */
    public Tensor rotated(Tensor x, int first) {
        Tensor c = cos.slice(0, first, x.dim(2)).to(x.dtype()); // (T, d)
        Tensor s = sin.slice(0, first, x.dim(2)).to(x.dtype()); // (T, d)
        Tensor partners = x.reshape(-1, 2, 2, pairs).flip(2).reshape(x.shape()); // the other one of each pair
        return x.mul(c).add(partners.mul(s));
    }
}
