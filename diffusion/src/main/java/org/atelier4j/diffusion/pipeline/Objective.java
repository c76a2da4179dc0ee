package org.atelier4j.diffusion.pipeline;

import java.util.LinkedHashMap;
import java.util.Map;
import org.atelier4j.diffusion.Denoiser;
import org.atelier4j.diffusion.DenoisingLoss;
import org.atelier4j.diffusion.DiffusionLoss;
import org.atelier4j.diffusion.EdmPreconditioning;
import org.atelier4j.diffusion.EdmSchedule;
import org.atelier4j.diffusion.GaussianDiffusion;
import org.atelier4j.diffusion.LossWeighting;
import org.atelier4j.diffusion.NoiseSchedule;
import org.atelier4j.diffusion.Prediction;
import org.atelier4j.diffusion.RectifiedFlow;
import org.atelier4j.diffusion.SigmaDenoiser;
import org.atelier4j.diffusion.Spacing;
import org.atelier4j.diffusion.sampler.DdimSampler;
import org.atelier4j.diffusion.sampler.DdpmSampler;
import org.atelier4j.diffusion.sampler.DpmSolverSampler;
import org.atelier4j.diffusion.sampler.EulerSampler;
import org.atelier4j.diffusion.sampler.FlowSampler;
import org.atelier4j.diffusion.sampler.HeunSampler;
import org.atelier4j.diffusion.sampler.Sampler;
import org.atelier4j.diffusion.sampler.SdeDpmSolverSampler;
import org.atelier4j.diffusion.sampler.X0Limit;
import org.atelier4j.io.Json;
import org.atelier4j.tensor.Check;
import org.jspecify.annotations.Nullable;

/** What a network was or will be trained for, as data: it makes the loss, and it knows which samplers fit. */
public sealed interface Objective {

    /** Returns the loss to train on. */
    DiffusionLoss loss();

    /**
     * Returns how to sample from a network that was trained for this.
     *
     * @param network the network, possibly guided
     * @param steps number of sampling steps
     * @throws IllegalArgumentException if the sampler does not fit this objective
     */
    Plan plan(Denoiser network, SamplerKind kind, int steps);

    /** Returns the sampler that is best in few steps. */
    SamplerKind sampler();

    /**
     * A sampler and what it samples from.
     *
     * @param sampler the sampler
     * @param denoiser the network in the form that the sampler asks for
     */
    record Plan(Sampler sampler, Denoiser denoiser) {}

    /**
     * Discrete time (Ho et al. 2020).
     *
     * @param schedule kind of noise schedule
     * @param steps T, length of the schedule
     * @param zeroTerminalSnr whether the schedule is rescaled so that the last step is pure noise
     * @param prediction what the network says
     * @param minSnrGamma γ of min-SNR weighting; 0 for equal weights
     */
    record Discrete(
            NoiseSchedule.Kind schedule, int steps, boolean zeroTerminalSnr, Prediction prediction, double minSnrGamma)
            implements Objective {
        /** Checks that all parts fit together. */
        public Discrete {
            Check.that(minSnrGamma >= 0, "Discrete: minSnrGamma must be >= 0, got %s", minSnrGamma);
            diffusion(schedule, steps, zeroTerminalSnr, prediction);
        }

        /** Returns what small image models are trained for here: cosine schedule, 1000 steps, v, min-SNR with γ = 5. */
        public static Discrete standard() {
            return new Discrete(NoiseSchedule.Kind.COSINE, 1000, false, Prediction.V, 5);
        }

        /** Returns the process. */
        public GaussianDiffusion diffusion() {
            return diffusion(schedule, steps, zeroTerminalSnr, prediction);
        }

        private static GaussianDiffusion diffusion(
                NoiseSchedule.Kind kind, int steps, boolean zeroTerminalSnr, Prediction prediction) {
            NoiseSchedule table = kind.of(steps);
            return new GaussianDiffusion(zeroTerminalSnr ? table.zeroTerminalSnr() : table, prediction);
        }

        @Override
        public DiffusionLoss loss() {
            LossWeighting weighting = minSnrGamma == 0 ? LossWeighting.simple() : new LossWeighting.MinSnr(minSnrGamma);
            return new DenoisingLoss(diffusion(), weighting);
        }

        @Override
        public Plan plan(Denoiser network, SamplerKind kind, int count) {
            GaussianDiffusion process = diffusion();
            return switch (kind) {
                case DDPM -> new Plan(new DdpmSampler(process.spaced(Spacing.TRAILING, count)), network);
                case DDIM -> new Plan(new DdimSampler(process.spaced(Spacing.TRAILING, count), 0), network);
                case DPM_SOLVER -> new Plan(new DpmSolverSampler(process.spaced(Spacing.TRAILING, count)), network);
                case SDE_DPM_SOLVER ->
                    new Plan(new SdeDpmSolverSampler(process.spaced(Spacing.TRAILING, count)), network);
                case EULER -> new Plan(new EulerSampler(EdmSchedule.within(process.schedule(), count)), clean(network));
                case HEUN -> new Plan(new HeunSampler(EdmSchedule.within(process.schedule(), count)), clean(network));
            };
        }

        @Override
        public SamplerKind sampler() {
            return SamplerKind.DPM_SOLVER;
        }

        private Denoiser clean(Denoiser network) {
            return X0Limit.clip().around(new SigmaDenoiser(diffusion(), network));
        }
    }

    /**
     * Continuous σ (Karras et al. 2022).
     *
     * @param sigmaData standard deviation of the data
     * @param logSigmaMean P_mean
     * @param logSigmaStd P_std
     */
    record Edm(double sigmaData, double logSigmaMean, double logSigmaStd) implements Objective {
        /** Checks the ranges. */
        public Edm {
            new EdmPreconditioning(sigmaData, logSigmaMean, logSigmaStd);
        }

        /** Returns the paper's numbers. */
        public static Edm paper() {
            EdmPreconditioning p = EdmPreconditioning.paper();
            return new Edm(p.sigmaData(), p.logSigmaMean(), p.logSigmaStd());
        }

        @Override
        public EdmPreconditioning loss() {
            return new EdmPreconditioning(sigmaData, logSigmaMean, logSigmaStd);
        }

        @Override
        public Plan plan(Denoiser network, SamplerKind kind, int steps) {
            requireOde("Edm", kind);
            EdmSchedule sigmas = EdmSchedule.of(steps);
            Sampler sampler = kind == SamplerKind.EULER ? new EulerSampler(sigmas) : new HeunSampler(sigmas);
            return new Plan(sampler, loss().around(network));
        }

        @Override
        public SamplerKind sampler() {
            return SamplerKind.HEUN;
        }
    }

    /**
     * Straight paths (Liu et al. 2022).
     *
     * @param logitMean mean of the logit of t in training
     * @param logitStd its standard deviation; 0 draws t uniformly instead
     */
    record Flow(double logitMean, double logitStd) implements Objective {
        /** Checks the range. */
        public Flow {
            Check.that(logitStd >= 0, "Flow: logitStd must be >= 0, got %s", logitStd);
        }

        @Override
        public RectifiedFlow loss() {
            return logitStd == 0
                    ? new RectifiedFlow()
                    : new RectifiedFlow(new RectifiedFlow.Times.LogitNormal(logitMean, logitStd));
        }

        @Override
        public Plan plan(Denoiser network, SamplerKind kind, int steps) {
            requireOde("Flow", kind);
            FlowSampler.Method method = kind == SamplerKind.EULER ? FlowSampler.Method.EULER : FlowSampler.Method.HEUN;
            return new Plan(new FlowSampler(steps, method), loss().around(network));
        }

        @Override
        public SamplerKind sampler() {
            return SamplerKind.HEUN;
        }
    }

    /** Returns this as a tree for {@link Json}. */
    default Map<String, Object> toTree() {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("kind", getClass().getSimpleName());
        tree.put("settings", this);
        return tree;
    }

    /**
     * Returns the objective that {@link #toTree} wrote.
     *
     * @throws IllegalArgumentException if it is none
     */
    static Objective ofTree(Map<String, @Nullable Object> tree) {
        Object kind = tree.get("kind");
        Object settings = tree.get("settings");
        if ("Discrete".equals(kind)) {
            return Json.record(Discrete.class, settings);
        } else if ("Edm".equals(kind)) {
            return Json.record(Edm.class, settings);
        }
        Check.that("Flow".equals(kind), "Objective: kind must be Discrete, Edm or Flow, got %s", kind);
        return Json.record(Flow.class, settings);
    }

    private static void requireOde(String objective, SamplerKind kind) {
        Check.that(
                kind == SamplerKind.EULER || kind == SamplerKind.HEUN,
                "%s: sampler must be euler or heun, got %s",
                objective,
                kind.label());
    }
}
