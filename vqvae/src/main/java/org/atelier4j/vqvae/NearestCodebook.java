package org.atelier4j.vqvae;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.atelier4j.nn.Losses;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.NoGrad;

/**
 * Each latent becomes the vector nearest to it: {@code q(z) = e_k, k = argmin_j ‖z − e_j‖²} (van den Oord, Vinyals,
 * Kavukcuoglu 2017, "Neural Discrete Representation Learning", arXiv:1711.00937, eq. 1 and 2).
 *
 * <p>The vectors learn by the codebook term of eq. 3, {@code ‖sg[z] − e‖²}, or as moving averages of the latents that chose
 * them (appendix A.1, eq. 6 to 8). The commitment term {@code β‖z − sg[e]‖²} keeps latents near. Both are means over all
 * numbers, not sums over D.
 *
 * <p>What keeps codes alive: a start at the k means of the first latents, and codes that were rarely used of late move to
 * random latents of the batch (the random restarts of Dhariwal et al. 2020, arXiv:2005.00341, section 3.1). The cosine variant compares directions only
 * (Yu et al. 2021, arXiv:2110.04627, section 3.2).
 *
 * <p>Names as in the published VQGAN: {@code embedding.weight} (K, D).
 */
public final class NearestCodebook extends Codebook {
    static final String KIND = "nearest";
    private static final double EPS = 1e-5; // of the counts, as in the authors' code
    private static final int K_MEANS_ROUNDS = 10;

    /** What changes the vectors. */
    public enum Rule {
        /** The gradient of the codebook term. */
        LOSS,
        /** Moving averages of the latents that chose them. */
        EMA
    }

    /** How the vectors start. */
    public enum Start {
        /** Uniform on ±1/K, as published: near 0 all together, so that few are ever chosen. */
        UNIFORM,
        /** At the k means of the first batch's latents. */
        K_MEANS
    }

    /**
     * How the vectors learn.
     *
     * @param rule what changes them
     * @param decay γ of the moving averages of vectors and of uses, in [0, 1)
     * @param start how they start
     * @param deadBelow a code with fewer uses per batch than this, on average, restarts; 0 for never
     */
    public record Learning(Rule rule, double decay, Start start, double deadBelow) {
        /** Checks the ranges. */
        public Learning {
            Check.that(decay >= 0 && decay < 1, "NearestCodebook: decay must lie in [0, 1), got %s", decay);
            Check.that(deadBelow >= 0, "NearestCodebook: deadBelow must be >= 0, got %s", deadBelow);
        }

        /** Returns the paper's way: by loss, from a uniform start, no restarts. */
        public static Learning paper() {
            return new Learning(Rule.LOSS, 0.99, Start.UNIFORM, 0);
        }

        /** Returns what keeps all codes in use: moving averages from k means, rare codes restart. */
        public static Learning lively() {
            return new Learning(Rule.EMA, 0.99, Start.K_MEANS, 0.1);
        }
    }

    /**
     * Settings.
     *
     * @param size K, ≥ 1
     * @param width D, ≥ 1
     * @param commitmentCost β of eq. 3, ≥ 0
     * @param learning how the vectors learn
     * @param cosine whether latents and vectors have length 1
     * @param estimator how gradients pass
     */
    public record Config(
            int size, int width, double commitmentCost, Learning learning, boolean cosine, Estimator estimator)
            implements CodebookConfig {

        /** Checks the ranges. */
        public Config {
            Check.that(
                    size >= 1 && width >= 1,
                    "NearestCodebook: size and width must be >= 1, got %d and %d",
                    size,
                    width);
            Check.that(commitmentCost >= 0, "NearestCodebook: commitment cost must be >= 0, got %s", commitmentCost);
        }

        /** Returns the paper's settings: vectors learn by loss from a uniform start, β = 0.25. */
        public static Config paper(int size, int width) {
            return new Config(size, width, 0.25, Learning.paper(), false, Estimator.STRAIGHT_THROUGH);
        }

        /** Returns settings that keep all codes in use. */
        public static Config lively(int size, int width) {
            return paper(size, width).withLearning(Learning.lively());
        }

        /** Returns the same with vectors that learn otherwise. */
        public Config withLearning(Learning how) {
            return new Config(size, width, commitmentCost, how, cosine, estimator);
        }

        /** Returns the same with another β. */
        public Config withCommitmentCost(double beta) {
            return new Config(size, width, beta, learning, cosine, estimator);
        }

        /** Returns the same with vectors of length 1. */
        public Config withCosine() {
            return new Config(size, width, commitmentCost, learning, true, estimator);
        }

        /** Returns the same with another way for gradients. */
        public Config withEstimator(Estimator way) {
            return new Config(size, width, commitmentCost, learning, cosine, way);
        }

        @Override
        public String kind() {
            return KIND;
        }

        @Override
        public NearestCodebook make(Rng rng) {
            return new NearestCodebook(this, rng);
        }
    }

    private final Config config;
    private final Learning learning;
    private final CodeTable embedding;

    /** Makes a codebook with random vectors. */
    public NearestCodebook(Config config, Rng rng) {
        this.config = config;
        this.learning = config.learning();
        Shape shape = Shape.of(config.size(), config.width());
        Tensor uniform = rng.uniform(shape).affine(2.0 / config.size(), -1.0 / config.size()); // (K, D)
        embedding = child("embedding", new CodeTable(unit(uniform), learning.rule() == Rule.LOSS));
    }

    @Override
    public Config config() {
        return config;
    }

    @Override
    public Quantization quantize(Tensor latents, long step, Rng rng) {
        check(latents);
        Tensor z = unit(latents); // (B, h, w, D)
        Tensor codes = nearest(z); // (B, h, w)
        Tensor e = lookup(codes); // (B, h, w, D)
        List<Quantization.Term> terms = new ArrayList<>();
        if (learning.rule() == Rule.LOSS) {
            terms.add(new Quantization.Term("codebook", 1, Losses.mse(e, z.detach()))); // ‖sg[z] − e‖²
        }
        terms.add(new Quantization.Term("commitment", config.commitmentCost(), Losses.mse(z, e.detach())));
        return new Quantization(config.estimator().pass(z, e), codes, terms);
    }

    @Override
    public Tensor codes(Tensor latents) {
        check(latents);
        return nearest(unit(latents));
    }

    @Override
    public Tensor lookup(Tensor codes) {
        return unit(embedding.weight).gatherRows(codes); // (B, h, w, D)
    }

    @Override
    public void start(Tensor latents, Rng rng) {
        if (learning.start() == Start.K_MEANS) {
            try (NoGrad off = NoGrad.open()) {
                embedding.fill(unit(KMeans.fit(rows(unit(latents)), config.size(), K_MEANS_ROUNDS, rng)));
            }
        }
    }

    @Override
    public void learn(Tensor latents, Quantization chosen, Rng rng) {
        try (NoGrad off = NoGrad.open()) {
            Tensor z = rows(unit(latents.detach())); // (N, D)
            Tensor codes = chosen.codes().reshape(z.dim(0)); // (N)
            average(embedding.clusterSize, CodeCounts.uses(codes, config.size())); // eq. 6
            if (learning.rule() == Rule.EMA) {
                average(embedding.embedAvg, z.scatterAddRows(codes, config.size())); // eq. 7
                embedding.weight.assign(unit(means())); // eq. 8
            }
            if (learning.deadBelow() > 0) {
                restart(z, rng);
            }
        }
    }

    @Override
    protected Map<String, Tensor> identity() {
        return Map.of("embedding.weight", embedding.weight);
    }

    private Tensor nearest(Tensor latents) {
        try (NoGrad off = NoGrad.open()) {
            Tensor e = unit(embedding.weight.detach()).to(DType.FLOAT32); // (K, D)
            return latents.to(DType.FLOAT32).nearestRow(e); // (B, h, w)
        }
    }

    /** Returns m/N with counts smoothed so that a code that nobody uses divides by no 0 (Laplace). */
    private Tensor means() {
        Tensor n = embedding.clusterSize; // (K)
        Tensor total = n.sum();
        Tensor smooth = n.add(EPS).mul(total.div(total.add(config.size() * EPS))); // (K)
        return embedding.embedAvg.div(smooth.unsqueeze(1)); // (K, D)
    }

    private void average(Tensor running, Tensor batch) {
        running.assign(running.mul(learning.decay()).add(batch.mul(1 - learning.decay())));
    }

    /** Moves codes that are used too rarely to latents of the batch, each as if it had been used just often enough. */
    private void restart(Tensor z, Rng rng) {
        Tensor dead = embedding.clusterSize.less(learning.deadBelow()); // (K)
        Tensor column = dead.unsqueeze(1); // (K, 1)
        Tensor fresh = z.gatherRows(rng.integers(z.dim(0), Shape.of(config.size()))); // (K, D)
        Tensor uses = Tensor.full(learning.deadBelow(), DType.FLOAT32, Shape.of(1));
        embedding.weight.assign(Tensor.where(column, fresh, embedding.weight.detach()));
        embedding.clusterSize.assign(Tensor.where(dead, uses, embedding.clusterSize));
        if (learning.rule() == Rule.EMA) {
            embedding.embedAvg.assign(Tensor.where(column, fresh.mul(learning.deadBelow()), embedding.embedAvg));
        }
    }

    /** Returns rows of length 1 if only directions count, else x itself. */
    private Tensor unit(Tensor x) {
        return config.cosine() ? x.div(x.square().sum(-1).add(1e-12).sqrt()) : x;
    }

    private Tensor rows(Tensor x) {
        return x.reshape((int) (x.size() / config.width()), config.width()); // (N, D)
    }
}
