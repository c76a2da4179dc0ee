package org.atelier4j.tensor.kernel;

import org.atelier4j.tensor.kernel.nd4j.Nd4jKernels;
import org.atelier4j.tensor.kernel.onednn.OneDnnKernels;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chooses the host's kernel provider once: oneDNN where its library loads, else the portable one. The system property
 * {@value #PROPERTY} ({@code onednn} or {@code nd4j}) overrides the choice.
 */
public final class CpuKernels {
    /** Names the provider by hand. */
    public static final String PROPERTY = "atelier.kernels";

    private static final Logger LOG = LoggerFactory.getLogger(CpuKernels.class);

    private CpuKernels() {}

    /** Returns the chosen provider. */
    public static Kernels active() {
        return Holder.ACTIVE;
    }

    /** Returns in words why the active provider was chosen. */
    public static String reason() {
        active();
        return Holder.reason;
    }

    private static final class Holder {
        private static String reason = "";
        private static final Kernels ACTIVE = choose(System.getProperty(PROPERTY, "auto"));

        private static Kernels choose(String wanted) {
            Kernels kernels = switch (wanted) {
                case "nd4j" -> named("-D" + PROPERTY + "=nd4j", new Nd4jKernels());
                case "onednn" -> named("-D" + PROPERTY + "=onednn", new OneDnnKernels());
                case "auto" -> probe();
                default ->
                    throw new IllegalArgumentException(PROPERTY + ": must be onednn, nd4j or auto, got " + wanted);
            };
            LOG.info("CPU kernels: {} ({})", kernels.name(), reason);
            return kernels;
        }

        private static Kernels probe() {
            try {
                return named("its native library loaded", new OneDnnKernels());
            } catch (LinkageError e) {
                return named("oneDNN's native library did not load: " + e, new Nd4jKernels());
            }
        }

        private static Kernels named(String why, Kernels kernels) {
            reason = why;
            return kernels;
        }
    }
}
