package org.atelier4j.tensor.kernel;

import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.kernel.onednn.OneDnnKernels;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;

/** The fast provider keeps the contract; its functions are polynomials, so they may be off by some more roundings. */
class OneDnnKernelsTest extends KernelsContract {
    private static Kernels fast;

    @BeforeAll
    static void load() {
        try {
            fast = new OneDnnKernels();
        } catch (LinkageError e) {
            Assumptions.abort("skipped the contract of OneDnnKernels: oneDNN has no library for this platform: " + e);
        }
    }

    @Override
    protected Kernels provider() {
        return fast;
    }

    @Override
    protected double tolerance(DType dtype) {
        return switch (dtype) {
            case FLOAT64 -> 1e-12;
            case FLOAT32 -> 1e-5;
            default -> 0x1p-7;
        };
    }

    /** oneDNN's exponential of NaN is infinite, which a training loop notices as well. */
    @Override
    public boolean keepsNaN(Unary.Function f) {
        return f != Unary.Function.EXP;
    }
}
