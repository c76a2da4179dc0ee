package org.atelier4j.tensor.device;

/**
 * How exactly a device multiplies FLOAT32 numbers in matrix products and convolutions, forward and backward. Everything
 * else, and every sum, is computed in the precision of the elements. {@link PrecisionScope} chooses; {@link
 * org.atelier4j.tensor.kernel.Kernels#multiplies} tells what a device follows, and what it does not follow it multiplies as
 * {@link #FLOAT32} says. Errors are those of a whole result: its difference from the exact one over the exact one, both as
 * Euclidean norms. A single number errs by the roundings of its two factors at most, 2⁻¹⁰ or 2⁻⁷ of the sum of its products'
 * magnitudes.
 *
 * <p>FLOAT64 tensors are never rounded. BFLOAT16 tensors are multiplied exactly and summed in FLOAT32 whatever is chosen.
 */
public enum Precision {
    /** Nothing is rounded but to 24 bits: results are within 1e-5 of exact ones. */
    FLOAT32,

    /** Factors are rounded to 11 bits (TensorFloat-32), on tensor cores of cards only: results are within about 3e-4. */
    TF32,

    /**
     * Factors are rounded to 8 bits (bfloat16), on tensor cores of cards and on processors that multiply such numbers: results
     * are within 1e-2.
     */
    BF16
}
