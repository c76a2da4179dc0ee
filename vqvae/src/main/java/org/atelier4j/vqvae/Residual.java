package org.atelier4j.vqvae;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atelier4j.nn.Losses;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.NoGrad;

/**
 * Several codes for each latent, every one for what the ones before it left over: Lee et al. 2022, "Autoregressive Image
 * Generation using Residual Quantization" (arXiv:2203.01941), sec. 3.1:
 * {@code r_0 = z, k_d = Q(r_{d−1}), r_d = r_{d−1} − e(k_d), ẑ = Σ_d e(k_d)}. A codebook of K codes at depth D tells K^D latents
 * apart.
 *
 * <p>A grid of h × w latents is a grid (h, w·depth) of codes, the depths of a latent side by side: read row by row it is the
 * order in which their prior draws them (sec. 3.2.1).
 *
 * <p>Gradients follow the chain as it stands: where each depth passes them straight through, the residual that reaches the
 * next one carries none, and ẑ has the gradient of z once, not D times.
 *
 * <p>Differs from the paper: every depth has vectors of its own (as Zeghidour et al. 2021, arXiv:2107.03312); the commitment
 * to ẑ counts at full depth, the others as each codebook's own terms.
 */
public final class Residual extends Codebook {
    static final String KIND = "residual";

    /**
     * Settings.
     *
     * @param part settings of the codebook at each depth
     * @param depth D, how many codes a latent takes, ≥ 1
     * @param gain factor by which residuals grow from depth to depth before they are quantized, ≥ 1: 1 for codebooks that
     *     learn their vectors; 2 for {@link LookupFree}, whose values are always ±1, gives binary fractions
     * @param commitmentCost weight of {@code ‖z − sg[ẑ]‖²}, ≥ 0
     */
    public record Config(CodebookConfig part, int depth, double gain, double commitmentCost) implements CodebookConfig {

        /** Checks the ranges. */
        public Config {
            Check.that(
                    !(part instanceof Config), "Residual: its codebooks must not be residual themselves, got %s", part);
            Check.that(depth >= 1, "Residual: depth must be >= 1, got %d", depth);
            Check.that(gain >= 1, "Residual: gain must be >= 1, got %s", gain);
            Check.that(commitmentCost >= 0, "Residual: commitment cost must be >= 0, got %s", commitmentCost);
        }

        /** Returns settings for codebooks that learn their vectors: gain 1, β = 0.25. */
        public static Config of(CodebookConfig part, int depth) {
            return new Config(part, depth, 1, 0.25);
        }

        @Override
        public Config annealedOver(long steps) {
            return new Config(part.annealedOver(steps), depth, gain, commitmentCost);
        }

        @Override
        public int size() {
            return part.size();
        }

        @Override
        public int width() {
            return part.width();
        }

        @Override
        public String kind() {
            return KIND;
        }

        @Override
        public Residual make(Rng rng) {
            return new Residual(this, rng);
        }

        @Override
        public Map<String, Object> toTree() {
            Map<String, Object> tree = new LinkedHashMap<>();
            tree.put("kind", KIND);
            tree.put("settings", new Stack(depth, gain, commitmentCost));
            tree.put("part", part.toTree());
            return tree;
        }
    }

    /** What stands in a file beside the part. */
    record Stack(int depth, double gain, double commitmentCost) {
        Config of(CodebookConfig part) {
            return new Config(part, depth, gain, commitmentCost);
        }
    }

    private final Config config;
    private final List<Codebook> layers;

    /** Makes the codebooks of all depths. */
    public Residual(Config config, Rng rng) {
        this.config = config;
        layers = children("layers", config.depth(), d -> config.part().make(rng.split(d)));
    }

    @Override
    public Config config() {
        return config;
    }

    @Override
    public Shape gridShape(int height, int width) {
        return Shape.of(height, width * config.depth());
    }

    @Override
    public Quantization quantize(Tensor latents, long step, Rng rng) {
        check(latents);
        Tensor residual = latents; // r_0
        Tensor sum = Tensor.zerosLike(latents);
        Tensor[] codes = new Tensor[config.depth()];
        List<Quantization.Term> terms = new ArrayList<>();
        for (int d = 0; d < codes.length; d++) {
            Quantization part = layers.get(d).quantize(residual.mul(gain(d)), step, rng.split(d));
            Tensor e = part.quantized().div(gain(d)); // (B, h, w, D)
            residual = residual.sub(e);
            sum = sum.add(e);
            codes[d] = part.codes();
            for (Quantization.Term term : part.terms()) {
                terms.add(new Quantization.Term(term.name() + "." + d, term.weight(), term.value()));
            }
        }
        if (config.commitmentCost() > 0) {
            Tensor distance = Losses.mse(latents, sum.detach());
            terms.add(new Quantization.Term("commitment", config.commitmentCost(), distance));
        }
        return new Quantization(sum, interleave(codes), terms);
    }

    @Override
    public Tensor codes(Tensor latents) {
        check(latents);
        try (NoGrad off = NoGrad.open()) {
            Tensor residual = latents;
            Tensor[] codes = new Tensor[config.depth()];
            for (int d = 0; d < codes.length; d++) {
                codes[d] = layers.get(d).codes(residual.mul(gain(d)));
                residual = residual.sub(vectors(d, codes[d]));
            }
            return interleave(codes);
        }
    }

    @Override
    public Tensor lookup(Tensor codes) {
        Tensor[] parts = separate(codes);
        Tensor sum = vectors(0, parts[0]); // (B, h, w, D)
        for (int d = 1; d < parts.length; d++) {
            sum = sum.add(vectors(d, parts[d]));
        }
        return sum;
    }

    @Override
    public void start(Tensor latents, Rng rng) {
        try (NoGrad off = NoGrad.open()) {
            Tensor residual = latents.detach();
            for (int d = 0; d < config.depth(); d++) {
                Tensor scaled = residual.mul(gain(d));
                layers.get(d).start(scaled, rng.split(d));
                residual = residual.sub(vectors(d, layers.get(d).codes(scaled)));
            }
        }
    }

    @Override
    public void learn(Tensor latents, Quantization chosen, Rng rng) {
        try (NoGrad off = NoGrad.open()) {
            Tensor residual = latents.detach();
            Tensor[] codes = separate(chosen.codes());
            for (int d = 0; d < codes.length; d++) {
                Tensor e = vectors(d, codes[d]); // before this depth learns
                Tensor scaled = residual.mul(gain(d));
                layers.get(d).learn(scaled, new Quantization(e, codes[d], List.of()), rng.split(d));
                residual = residual.sub(e);
            }
        }
    }

    @Override
    protected Map<String, Tensor> identity() {
        Map<String, Tensor> all = new LinkedHashMap<>();
        for (int d = 0; d < config.depth(); d++) {
            String prefix = "layers." + d + ".";
            layers.get(d).identity().forEach((name, tensor) -> all.put(prefix + name, tensor));
        }
        return all;
    }

    private double gain(int depth) {
        return Math.pow(config.gain(), depth);
    }

    private Tensor vectors(int depth, Tensor codes) {
        return layers.get(depth).lookup(codes).div(gain(depth)); // (B, h, w, D)
    }

    private Tensor interleave(Tensor[] codes) {
        Shape grid = codes[0].shape(); // (B, h, w)
        return Tensor.stack(3, codes)
                .reshape(grid.dim(0), grid.dim(1), grid.dim(2) * config.depth()); // (B, h, w·depth)
    }

    private Tensor[] separate(Tensor codes) {
        int depth = config.depth();
        Check.shape(
                codes.rank() == 3 && codes.dim(2) % depth == 0,
                "Residual: codes must be (B, h, w·%d), got %s",
                depth,
                codes.shape());
        Tensor stacked = codes.reshape(codes.dim(0), codes.dim(1), codes.dim(2) / depth, depth); // (B, h, w, depth)
        Tensor[] parts = new Tensor[depth];
        for (int d = 0; d < depth; d++) {
            parts[d] = stacked.select(3, d); // (B, h, w)
        }
        return parts;
    }
}
