package org.atelier4j.vqvae;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.atelier4j.nn.Conv2d;
import org.atelier4j.nn.Embedding;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.NoGrad;
import org.atelier4j.train.StepNumber;

/**
 * Latents become logits over the codes, a 1×1 convolution away, and the code is drawn from them by {@link GumbelSoftmax}:
 * the discrete VAE of Ramesh et al. 2021, "Zero-Shot Text-to-Image Generation" (arXiv:2102.12092), sec. 2.1, and the Gumbel
 * variant of VQGAN (Esser et al. 2021, arXiv:2012.09841).
 *
 * <p>Since every code has a probability for every latent, every code gets a gradient in every step: none can die as
 * nearest-neighbor codes do. The term {@code KL(q(k|z) ‖ uniform)} keeps the choice open while it is learned.
 * Evaluation takes the likeliest code.
 *
 * <p>Names as in the published VQGAN: {@code proj.weight} (K, D, 1, 1), {@code proj.bias} (K), {@code embed.weight} (K, D).
 */
public final class GumbelCodebook extends Codebook {
    static final String KIND = "gumbel";

    /** What the decoder sees while training. */
    public enum Sample {
        /** The mean of all vectors under the relaxed sample (DALL-E). */
        SOFT,
        /** One vector; gradients as if it were the mean (VQGAN). */
        HARD
    }

    /**
     * Settings.
     *
     * @param size K, ≥ 1
     * @param width D, ≥ 1
     * @param temperature τ of each step
     * @param noise factor on the Gumbel noise of each step: at 1, as in the papers, codes are drawn by their probabilities;
     *     near 0 the likeliest is taken, as in evaluation
     * @param sample what the decoder sees
     * @param divergenceCost weight of the divergence from the uniform law, in nats per latent, ≥ 0
     * @param diversityCost weight of the divergence of the mean law of a batch from the uniform law, in nats, ≥ 0
     */
    public record Config(
            int size,
            int width,
            Annealing temperature,
            Annealing noise,
            Sample sample,
            double divergenceCost,
            double diversityCost)
            implements CodebookConfig {

        /** Checks the ranges. */
        public Config {
            Check.that(
                    size >= 1 && width >= 1, "GumbelCodebook: size and width must be >= 1, got %d and %d", size, width);
            Check.that(
                    divergenceCost >= 0 && diversityCost >= 0,
                    "GumbelCodebook: costs of divergence and diversity must be >= 0, got %s and %s",
                    divergenceCost,
                    diversityCost);
        }

        /** Returns VQGAN's settings for a run of the given length: hard samples, weight 5e-4, τ from 1 to 1/16, all noise. */
        public static Config standard(int size, int width, long steps) {
            return new Config(size, width, Annealing.cosine(steps), Annealing.constant(1), Sample.HARD, 5e-4, 0);
        }

        /**
         * Returns settings that keep nearly all codes in use, which VQGAN's do not in short runs, and lose little by chance: hard
         * samples, τ from 1 to 1/4, noise from 1 to 1/20, no divergence from the uniform law for each latent but, with weight
         * 0.1, for the mean of a batch.
         *
         * <p>Where the noise stays, the decoder learns until the end from codes that evaluation would not take.
         */
        public static Config lively(int size, int width, long steps) {
            Annealing temperature = new Annealing(Annealing.Curve.COSINE, 1, 0.25, steps);
            Annealing noise = new Annealing(Annealing.Curve.COSINE, 1, 0.05, steps);
            return new Config(size, width, temperature, noise, Sample.HARD, 0, 0.1);
        }

        /** Returns the same with another sample. */
        public Config withSample(Sample other) {
            return new Config(size, width, temperature, noise, other, divergenceCost, diversityCost);
        }

        /** Returns the same with another temperature. */
        public Config withTemperature(Annealing other) {
            return new Config(size, width, other, noise, sample, divergenceCost, diversityCost);
        }

        /** Returns the same with temperature and noise that fall in the same way over another number of steps. */
        @Override
        public Config annealedOver(long steps) {
            return withTemperature(temperature.over(steps)).withNoise(noise.over(steps));
        }

        /** Returns the same with another factor on the noise. */
        public Config withNoise(Annealing other) {
            return new Config(size, width, temperature, other, sample, divergenceCost, diversityCost);
        }

        /** Returns the same with another weight of the divergence. */
        public Config withDivergenceCost(double cost) {
            return new Config(size, width, temperature, noise, sample, cost, diversityCost);
        }

        /** Returns the same with another weight of the diversity. */
        public Config withDiversityCost(double cost) {
            return new Config(size, width, temperature, noise, sample, divergenceCost, cost);
        }

        @Override
        public String kind() {
            return KIND;
        }

        @Override
        public GumbelCodebook make(Rng rng) {
            return new GumbelCodebook(this, rng);
        }
    }

    private final Config config;
    private final Conv2d proj;
    private final Embedding embed;

    /** Makes a codebook. */
    public GumbelCodebook(Config config, Rng rng) {
        this.config = config;
        proj = child("proj", new Conv2d(config.width(), config.size(), 1, 1, 0, rng.split("proj")));
        embed = child("embed", new Embedding(config.size(), config.width(), rng.split("embed")));
    }

    @Override
    public Config config() {
        return config;
    }

    @Override
    public Quantization quantize(Tensor latents, long step, Rng rng) {
        Tensor logits = logits(latents); // (B, h, w, K)
        Annealing noise = config.noise();
        // softmax((l + s·g)/τ) is softmax((l/s + g)/(τ/s))
        Tensor sharp = noise.equals(Annealing.constant(1))
                ? logits
                : logits.mul(StepNumber.of(step, n -> 1 / noise.at(n)).to(logits.dtype())); // (B, h, w, K)
        Tensor heat = StepNumber.of(step, n -> config.temperature().at(n) / noise.at(n));
        Rng.Choice drawn = rng.gumbelSoftmax(sharp, heat); // (B, h, w, K) and (B, h, w)
        Tensor table = embed.weight().to(logits.dtype()); // (K, D)
        Tensor vectors = config.sample() == Sample.HARD
                ? GumbelSoftmax.hardLookup(drawn, table)
                : GumbelSoftmax.softLookup(drawn, table); // (B, h, w, D)
        return new Quantization(vectors, drawn.largest(), terms(logits));
    }

    /** The divergence is told in any case, as it says how sure the choices are, but differentiated only if it counts. */
    private List<Quantization.Term> terms(Tensor logits) {
        List<Quantization.Term> terms = new ArrayList<>();
        Tensor each = config.divergenceCost() > 0 ? logits : logits.detach();
        terms.add(new Quantization.Term(
                "divergence", config.divergenceCost(), GumbelSoftmax.divergenceFromUniform(each)));
        if (config.diversityCost() > 0) {
            terms.add(new Quantization.Term("imbalance", config.diversityCost(), GumbelSoftmax.imbalance(logits)));
        }
        return terms;
    }

    @Override
    public Tensor codes(Tensor latents) {
        try (NoGrad off = NoGrad.open()) {
            return logits(latents).argMax(-1).reshape(latents.shape().drop(-1)); // (B, h, w)
        }
    }

    @Override
    public Tensor lookup(Tensor codes) {
        return embed.forward(codes); // (B, h, w, D)
    }

    @Override
    protected Map<String, Tensor> identity() {
        return Map.of("embed.weight", embed.weight());
    }

    /** Returns log π of every code up to a constant, (B, h, w, K), for latents (B, h, w, D). */
    public Tensor logits(Tensor latents) {
        check(latents);
        return proj.forward(latents);
    }
}
