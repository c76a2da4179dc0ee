package org.atelier4j.nn;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Tensor;

/**
 * Numbers as vectors of sines and cosines: Vaswani et al. 2017, "Attention Is All You Need" (arXiv:1706.03762), sec. 3.5.
 * A position t becomes {@code sin(ω_i t)} and {@code cos(ω_i t)} for L = width/2 angular frequencies
 * {@code ω_i = period^(−i/(L − shift))}, i from 0 to L − 1.
 *
 * <p>Differs from the paper: all sines stand before all cosines (or behind them) instead of alternating, as in all
 * diffusion models. {@code shift} and {@code cosineFirst} are what the diffusers library calls
 * {@code downscale_freq_shift} and {@code flip_sin_to_cos}.
 *
 * @param width length of the vectors, even, ≥ 4
 * @param period longest wavelength over 2π, &gt; 1
 * @param shift 1 if the slowest frequency is exactly {@code 1/period} (Ho et al. 2020), 0 if it is one step faster
 * @param cosineFirst whether cosines stand before sines
 */
public record SinusoidalEmbedding(int width, double period, int shift, boolean cosineFirst) {

    /** Checks the ranges. */
    public SinusoidalEmbedding {
        Check.that(width >= 4 && width % 2 == 0, "SinusoidalEmbedding: width must be even and >= 4, got %d", width);
        Check.that(period > 1, "SinusoidalEmbedding: period must be > 1, got %s", period);
        Check.that(shift == 0 || shift == 1, "SinusoidalEmbedding: shift must be 0 or 1, got %d", shift);
    }

    /** Returns the embedding of Ho et al. 2020 (arXiv:2006.11239): sines first, shift 1, period 10,000. */
    public static SinusoidalEmbedding ddpm(int width) {
        return new SinusoidalEmbedding(width, 10_000, 1, false);
    }

    /** Returns that of Dhariwal, Nichol 2021 (arXiv:2105.05233), Stable Diffusion and DiT: cosines first, shift 0. */
    public static SinusoidalEmbedding guidedDiffusion(int width) {
        return new SinusoidalEmbedding(width, 10_000, 0, true);
    }

    /** Returns the vectors (B, width) of the positions t (B), any numeric type, as FLOAT32. */
    public Tensor of(Tensor t) {
        Check.rank("SinusoidalEmbedding", 1, "(B)", t);
        int half = width / 2;
        float[] frequencies = new float[half];
        for (int i = 0; i < half; i++) {
            frequencies[i] = (float) Math.pow(period, -(double) i / (half - shift));
        }
        Tensor angles = t.to(DType.FLOAT32)
                .reshape(-1, 1)
                .mul(Tensor.of(frequencies, 1, half).to(t.device())); // (B, L)
        return cosineFirst ? angles.cos().concat(angles.sin(), 1) : angles.sin().concat(angles.cos(), 1);
    }

    /**
     * Returns vectors of the cells of a grid in rows, (rows·columns, width): the first half of each tells the
     * column, the second the row, as in MAE (He et al. 2021, arXiv:2111.06377) and DiT.
     */
    public Tensor grid(int rows, int columns) {
        Check.that(width % 4 == 0, "SinusoidalEmbedding: width must be a multiple of 4 for a grid, got %d", width);
        SinusoidalEmbedding half = new SinusoidalEmbedding(width / 2, period, shift, cosineFirst);
        float[] x = new float[rows * columns];
        float[] y = new float[rows * columns];
        for (int i = 0; i < x.length; i++) {
            x[i] = i % columns;
            y[i] = i / columns;
        }
        return half.of(Tensor.of(x, x.length)).concat(half.of(Tensor.of(y, y.length)), 1);
    }
}
