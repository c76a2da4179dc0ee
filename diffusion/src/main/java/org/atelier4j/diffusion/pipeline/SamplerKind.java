package org.atelier4j.diffusion.pipeline;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.atelier4j.tensor.Check;

/** The samplers by name, for requests and command lines. */
public enum SamplerKind {
    /** Ancestral sampling: many steps, most variety. Discrete models only. */
    DDPM,
    /** Deterministic DDIM. Discrete models only. */
    DDIM,
    /** Euler's method: of the probability flow, or of a rectified flow's velocity. */
    EULER,
    /** Heun's method, two calls of the network per step. */
    HEUN,
    /** DPM-Solver++ 2M: the best images in 10 to 20 steps. Discrete models only. */
    DPM_SOLVER,
    /** SDE-DPM-Solver++ 2M: the same with fresh noise in each step. Discrete models only. */
    SDE_DPM_SOLVER;

    /** Returns the name users type, as {@code dpm-solver}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * Returns the sampler of the given name.
     *
     * @throws IllegalArgumentException listing all names if there is none
     */
    public static SamplerKind of(String label) {
        for (SamplerKind kind : values()) {
            if (kind.label().equals(label.toLowerCase(Locale.ROOT))) {
                return kind;
            }
        }
        String all = Arrays.stream(values()).map(SamplerKind::label).collect(Collectors.joining(", "));
        Check.that(false, "SamplerKind: name must be one of %s, got %s", all, label);
        throw new AssertionError();
    }
}
