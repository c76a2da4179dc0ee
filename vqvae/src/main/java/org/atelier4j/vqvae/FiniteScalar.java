package org.atelier4j.vqvae;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;

/**
 * Finite scalar quantization: Mentzer et al. 2023, "Finite Scalar Quantization: VQ-VAE Made Simple" (arXiv:2309.15505),
 * sec. 3. Every channel of a latent is limited to L_i values and rounded, {@code ẑ = round(f(z))}; a code is the tuple of
 * its roundings. There is nothing to learn, so nothing to collapse, and no term in the loss.
 *
 * <p>Decoders see values in about [−1, 1]: the whole numbers divided by {@code ⌊L/2⌋}. The number of a code is
 * {@code Σ_i digit_i Π_{j<i} L_j}, the first channel fastest.
 *
 * <p>Differs from the paper: the shift of even L is {@code artanh(½/h)} where its listing prints {@code tan}, so that z = 0
 * stays exactly 0.
 */
public final class FiniteScalar extends Codebook {
    static final String KIND = "finite-scalar";
    private static final double EPS = 1e-3; // the last level is reached at finite z

    /**
     * Settings.
     *
     * @param levels L_i of each channel, each ≥ 2; their product is K ≤ 2³⁰
     */
    public record Config(List<Integer> levels) implements CodebookConfig {

        /** Checks the range. */
        public Config {
            levels = List.copyOf(levels);
            Check.that(
                    !levels.isEmpty() && levels.stream().allMatch(l -> l >= 2),
                    "FiniteScalar: every channel must have >= 2 levels, got %s",
                    levels);
            double product = levels.stream().mapToDouble(l -> l).reduce(1, (a, b) -> a * b);
            Check.that(product <= 1 << 30, "FiniteScalar: there must be <= 2^30 codes, got %s", levels);
        }

        /**
         * Returns the levels that the paper recommends (tab. 1) for about {@code size} codes.
         *
         * @param size 2⁸, 2¹⁰, 2¹², 2¹⁴ or 2¹⁶
         */
        public static Config paper(int size) {
            return switch (size) {
                case 1 << 8 -> new Config(List.of(8, 6, 5));
                case 1 << 10 -> new Config(List.of(8, 5, 5, 5));
                case 1 << 12 -> new Config(List.of(7, 5, 5, 5, 5));
                case 1 << 14 -> new Config(List.of(8, 8, 8, 6, 5));
                case 1 << 16 -> new Config(List.of(8, 8, 8, 5, 5, 5));
                default ->
                    throw new IllegalArgumentException(
                            "FiniteScalar: size must be 256, 1024, 4096, 16384 or 65536, got " + size);
            };
        }

        @Override
        public int size() {
            return levels.stream().mapToInt(l -> l).reduce(1, (a, b) -> a * b);
        }

        @Override
        public int width() {
            return levels.size();
        }

        @Override
        public String kind() {
            return KIND;
        }

        @Override
        public FiniteScalar make(Rng rng) {
            return new FiniteScalar(this);
        }
    }

    private final Config config;
    private final Tensor reach; // h = (L − 1)(1 + ε)/2
    private final Tensor offset; // ½ for even L, else 0
    private final Tensor shift; // artanh(offset/h)
    private final Tensor half; // ⌊L/2⌋
    private final Tensor levels; // L, INT32
    private final Tensor strides; // Π L of the channels before, INT32

    /** Makes a codebook; there is nothing random in it. */
    public FiniteScalar(Config config) {
        this.config = config;
        reach = perLevel(FiniteScalar::reach);
        offset = perLevel(FiniteScalar::offset);
        shift = perLevel(l -> artanh(offset(l) / reach(l)));
        half = perLevel(l -> l / 2);
        levels = whole(config.levels().stream().mapToInt(l -> l).toArray());
        int[] products = new int[config.width()];
        Arrays.setAll(
                products, i -> i == 0 ? 1 : products[i - 1] * config.levels().get(i - 1));
        strides = whole(products);
    }

    @Override
    public Config config() {
        return config;
    }

    @Override
    public Quantization quantize(Tensor latents, long step, Rng rng) {
        Tensor limited = limit(latents); // (B, h, w, D)
        Tensor rounded = limited.detach().round();
        Tensor passed = Estimator.STRAIGHT_THROUGH.pass(limited, rounded); // round has gradient 1
        return new Quantization(passed.div(half.to(latents.dtype())), numbers(rounded), List.of());
    }

    @Override
    public Tensor codes(Tensor latents) {
        try (NoGrad off = NoGrad.open()) {
            return numbers(limit(latents).round());
        }
    }

    @Override
    public Tensor lookup(Tensor codes) {
        Tensor places = codes.unsqueeze(-1).div(strides); // (B, h, w, D)
        Tensor digits = places.sub(places.div(levels).mul(levels)); // whole numbers: the rest is the digit
        return digits.to(DType.FLOAT32).sub(half).div(half); // (B, h, w, D)
    }

    /** Returns f(z) of eq. 1 (B, h, w, D): {@code h·tanh(z + shift) − offset}, which rounds to L values. */
    Tensor limit(Tensor latents) {
        check(latents);
        DType dtype = latents.dtype();
        return latents.add(shift.to(dtype)).tanh().mul(reach.to(dtype)).sub(offset.to(dtype));
    }

    /** Returns the number of each code, INT32 (B, h, w), for roundings (B, h, w, D). */
    private Tensor numbers(Tensor rounded) {
        Tensor digits = rounded.add(half.to(rounded.dtype())).to(DType.INT32); // (B, h, w, D)
        return digits.mul(strides).sum(-1).reshape(rounded.shape().drop(-1));
    }

    private Tensor perLevel(IntToDoubleFunction f) {
        double[] values = config.levels().stream().mapToDouble(f::applyAsDouble).toArray();
        return TensorScope.outside(() -> Tensor.of(values, values.length).to(DType.FLOAT32)); // (D)
    }

    private static Tensor whole(int[] values) {
        return TensorScope.outside(() -> Tensor.of(values, values.length)); // (D)
    }

    private static double reach(int levels) {
        return (levels - 1) * (1 + EPS) / 2;
    }

    private static double offset(int levels) {
        return levels % 2 == 0 ? 0.5 : 0;
    }

    private static double artanh(double x) {
        return Math.log((1 + x) / (1 - x)) / 2;
    }
}
