package org.atelier4j.tensor.kernel.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx512_core_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_get_effective_cpu_isa;

import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.device.Precision;
import org.atelier4j.tensor.device.PrecisionScope;
import org.atelier4j.tensor.kernel.Kernels;

/**
 * What {@link Precision#BF16} makes of FLOAT32 products: factors are rounded to bfloat16 tensors beforehand, oneDNN
 * multiplies these and sums in FLOAT32. Only where the processor has instructions for it (AVX-512 with bfloat16, AMX);
 * elsewhere they would be emulated, and products stay exact instead.
 */
final class Rounding {
    /** Whether the processor multiplies bfloat16 numbers. */
    static final boolean NATIVE =
            (dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx512_core_bf16) == dnnl_cpu_isa_avx512_core_bf16;

    private Rounding() {}

    /** Returns whether products with this factor are to be of rounded ones. */
    static boolean isWanted(Tensor factor) {
        return NATIVE && factor.dtype() == DType.FLOAT32 && PrecisionScope.current() == Precision.BF16;
    }

    /** Returns a factor rounded, in memory of the open scope. */
    static Tensor of(Tensor factor, Kernels kernels) {
        Tensor rounded = Tensor.empty(factor.shape(), DType.BFLOAT16, factor.device());
        kernels.convert(factor, rounded);
        return rounded;
    }
}
