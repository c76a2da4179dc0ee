package org.atelier4j.vqvae;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.atelier4j.nn.Losses;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;

/**
 * Lookup-free quantization: Yu et al. 2023, "Language Model Beats Diffusion – Tokenizer is Key to Visual Generation"
 * (arXiv:2310.05737), sec. 3.1. Each of D channels becomes its sign, −1 or 1, and the signs are the bits of the code,
 * {@code k = Σ_i 2^i [z_i > 0]}: {@code K = 2^D} codes without a table.
 *
 * <p>The entropy term (eq. 5) {@code E[H(p(k|z))] − γ·H(E[p(k|z)])} makes each choice sure and all together even, where
 * {@code p(k|z) ∝ exp(−‖z − c_k‖²/T)}. The bits are independent given z, {@code p(bit i) = σ(4z_i/T)}, so the first entropy is
 * a sum over bits; the second is computed over all K codes.
 */
public final class LookupFree extends Codebook {
    static final String KIND = "lookup-free";
    private static final int MOST_BITS = 16; // the law over all codes is computed for every latent

    /**
     * Settings.
     *
     * @param width D = log₂ K, in [1, 16]
     * @param commitmentCost weight of {@code ‖z − sg[ẑ]‖²}, ≥ 0
     * @param entropyCost weight of the entropy term, ≥ 0
     * @param diversity γ ≥ 0
     * @param temperature T &gt; 0 of the law over codes
     */
    public record Config(int width, double commitmentCost, double entropyCost, double diversity, double temperature)
            implements CodebookConfig {

        /** Checks the ranges. */
        public Config {
            Check.that(
                    width >= 1 && width <= MOST_BITS,
                    "LookupFree: width must lie in [1, %d], got %d",
                    MOST_BITS,
                    width);
            Check.that(
                    commitmentCost >= 0 && entropyCost >= 0 && diversity >= 0,
                    "LookupFree: costs and diversity must be >= 0, got %s, %s and %s",
                    commitmentCost,
                    entropyCost,
                    diversity);
            Check.that(temperature > 0, "LookupFree: temperature must be > 0, got %s", temperature);
        }

        /** Returns usual settings: commitment 0.25, entropy 0.1, γ = 1, T = 1. */
        public static Config standard(int width) {
            return new Config(width, 0.25, 0.1, 1, 1);
        }

        @Override
        public int size() {
            return 1 << width;
        }

        @Override
        public String kind() {
            return KIND;
        }

        @Override
        public LookupFree make(Rng rng) {
            return new LookupFree(this);
        }
    }

    private final Config config;
    private final Tensor signs; // c (K, D)
    private final Tensor powers; // 2^d (D)

    /** Makes a codebook; there is nothing random in it. */
    public LookupFree(Config config) {
        this.config = config;
        signs = TensorScope.outside(() -> signs(config));
        int[] places = new int[config.width()];
        Arrays.setAll(places, d -> 1 << d);
        powers = TensorScope.outside(() -> Tensor.of(places, places.length));
    }

    @Override
    public Config config() {
        return config;
    }

    @Override
    public Quantization quantize(Tensor latents, long step, Rng rng) {
        Tensor codes = codes(latents);
        Tensor chosen = lookup(codes).to(latents.dtype()); // (B, h, w, D)
        List<Quantization.Term> terms = new ArrayList<>();
        terms.add(new Quantization.Term("commitment", config.commitmentCost(), Losses.mse(latents, chosen)));
        if (config.entropyCost() > 0) {
            Tensor entropy = choiceEntropy(latents).sub(usageEntropy(latents).mul(config.diversity())); // eq. 5
            terms.add(new Quantization.Term("entropy", config.entropyCost(), entropy));
        }
        return new Quantization(Estimator.STRAIGHT_THROUGH.pass(latents, chosen), codes, terms);
    }

    @Override
    public Tensor codes(Tensor latents) {
        check(latents);
        try (NoGrad off = NoGrad.open()) {
            Tensor bits = latents.greater(0).to(DType.INT32).mul(powers); // (B, h, w, D)
            return bits.sum(-1).reshape(latents.shape().drop(-1)); // (B, h, w)
        }
    }

    @Override
    public Tensor lookup(Tensor codes) {
        return signs.gatherRows(codes); // (B, h, w, D)
    }

    /** Returns {@code E[H(p(k|z))]} in nats: how unsure the choices are. */
    Tensor choiceEntropy(Tensor latents) {
        Tensor x = latents.mul(4 / config.temperature()); // (B, h, w, D)
        Tensor p = x.sigmoid();
        Tensor bits = x.softplus().sub(p.mul(x)); // H of σ(x) is log(1 + eˣ) − x·σ(x)
        return bits.sum(-1).mean();
    }

    /** Returns {@code H(E[p(k|z)])} in nats: how evenly codes are used. */
    Tensor usageEntropy(Tensor latents) {
        Tensor z = latents.reshape(-1, config.width()); // (N, D)
        Tensor agreement = z.matmul(signs.to(z.dtype()), false, true); // (N, K): ‖z − c‖² is const − 2zc
        Tensor p = agreement.mul(2 / config.temperature()).softmax(-1).mean(0); // (1, K)
        Tensor tiny = Tensor.full(Float.MIN_NORMAL, p.dtype(), Shape.scalar());
        return p.mul(p.max(tiny).log()).sum().neg(); // 0·log 0 is 0
    }

    private static Tensor signs(Config config) {
        int width = config.width();
        float[] values = new float[config.size() * width];
        for (int i = 0; i < values.length; i++) {
            values[i] = (i / width >> i % width & 1) * 2 - 1;
        }
        return Tensor.of(values, config.size(), width);
    }
}
