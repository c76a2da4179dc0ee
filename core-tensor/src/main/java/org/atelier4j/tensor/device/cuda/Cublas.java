package org.atelier4j.tensor.device.cuda;

import com.sun.jna.Library;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import java.util.function.Consumer;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.device.Precision;
import org.jspecify.annotations.Nullable;

/**
 * NVIDIA's matrix products, where its library is installed: an option for large plain ones, never needed. It is looked for
 * when the first such product is asked for, beside the places where NVRTC may lie.
 */
public final class Cublas {
    /** Path of the library, or {@code off}. */
    static final String PROPERTY = "atelier.cuda.cublas";

    private static final int DEFAULT_ALGORITHM = -1;
    private static final int SUMS_KEEP_THEIR_PRECISION = 16; // CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION
    private static final long WORKSPACE_BYTES = 32L << 20; // what NVIDIA recommends for Hopper

    private final Api api;
    private final CudaDevice device;
    private final long handle;
    private final Memory factors = new Memory(16);

    /** cuBLAS' functions under their own names. */
    interface Api extends Library {
        int cublasCreate_v2(LongByReference handle);

        int cublasSetStream_v2(long handle, long stream);

        int cublasSetWorkspace_v2(long handle, long workspace, long bytes);

        int cublasSetMathMode(long handle, int mode);

        int cublasGetVersion_v2(long handle, IntByReference version);

        int cublasGemmStridedBatchedEx(
                long handle,
                int transposeA,
                int transposeB,
                int m,
                int n,
                int k,
                long alpha,
                long a,
                int typeA,
                int leadA,
                long strideA,
                long b,
                int typeB,
                int leadB,
                long strideB,
                long beta,
                long c,
                int typeC,
                int leadC,
                long strideC,
                int count,
                int compute,
                int algorithm);
    }

    private Cublas(Api api, CudaDevice device, String path, Consumer<String> log) {
        this.api = api;
        this.device = device;
        LongByReference out = new LongByReference();
        check("cublasCreate", api.cublasCreate_v2(out));
        this.handle = out.getValue();
        check("cublasSetStream", api.cublasSetStream_v2(handle, device.stream()));
        long workspace = Driver.value("cuMemAlloc", to -> Driver.cuMemAlloc_v2(to, WORKSPACE_BYTES));
        check("cublasSetWorkspace", api.cublasSetWorkspace_v2(handle, workspace, WORKSPACE_BYTES));
        check("cublasSetMathMode", api.cublasSetMathMode(handle, SUMS_KEEP_THEIR_PRECISION));
        IntByReference version = new IntByReference();
        check("cublasGetVersion", api.cublasGetVersion_v2(handle, version));
        log.accept(device + ": large plain matrix products go by cuBLAS " + version.getValue() + " at " + path);
    }

    /** Returns the library for a device and its driver, or null where there is none; the log hears which and why. */
    static @Nullable Cublas open(CudaDevice device, int driverVersion, Consumer<String> log) {
        String named = System.getProperty(PROPERTY);
        String path = named == null ? Libraries.findCublas(driverVersion) : named;
        String absence = path == null ? "it was not found" : "it is switched off by -D" + PROPERTY;
        if (path != null && !path.equals("off")) {
            try {
                return new Cublas(Native.load(path, Api.class), device, path, log);
            } catch (UnsatisfiedLinkError e) {
                absence = "it cannot be opened: "
                        + String.valueOf(e.getMessage()).lines().findFirst().orElse(path);
            }
        }
        log.accept(device + ": without cuBLAS (" + absence + "), large matrix products go by our own kernels");
        return null;
    }

    /**
     * Operands of row-major products: {@code op(a) (m × k) · op(b) (k × n) = c (m × n)}, {@code count} of them.
     *
     * @param a address of the first a
     * @param strideA elements from one a to the next, 0 for the same again
     */
    public record Product(
            boolean transposeA,
            boolean transposeB,
            int m,
            int n,
            int k,
            long a,
            long strideA,
            long b,
            long strideB,
            long c,
            int count) {}

    /** Queues products of a floating element type. */
    public synchronized void multiply(Product p, DType dtype, Precision precision) {
        factors.clear(); // α, then β = 0
        if (dtype == DType.FLOAT64) {
            factors.setDouble(0, 1);
        } else {
            factors.setFloat(0, 1);
        }
        int type = type(dtype);
        // cuBLAS reads matrices by columns: what it takes for b·a is a·b to us.
        check(
                "cublasGemmStridedBatchedEx",
                device.ask(() -> api.cublasGemmStridedBatchedEx(
                        handle,
                        p.transposeB ? 1 : 0,
                        p.transposeA ? 1 : 0,
                        p.n,
                        p.m,
                        p.k,
                        Driver.address(factors),
                        p.b,
                        type,
                        p.transposeB ? p.k : p.n,
                        p.strideB,
                        p.a,
                        type,
                        p.transposeA ? p.m : p.k,
                        p.strideA,
                        Driver.address(factors) + 8,
                        p.c,
                        type,
                        p.n,
                        (long) p.m * p.n,
                        p.count,
                        compute(dtype, precision),
                        DEFAULT_ALGORITHM)));
    }

    /** Returns the number of {@code cudaDataType}. */
    private static int type(DType dtype) {
        return switch (dtype) {
            case FLOAT32 -> 0;
            case FLOAT64 -> 1;
            case BFLOAT16 -> 14;
            default -> throw new IllegalArgumentException("cuBLAS: dtype must be floating, got " + dtype);
        };
    }

    /** Returns the number of {@code cublasComputeType_t}. */
    private static int compute(DType dtype, Precision precision) {
        if (dtype == DType.FLOAT64) {
            return 70; // CUBLAS_COMPUTE_64F
        }
        if (dtype == DType.BFLOAT16) {
            return 68; // CUBLAS_COMPUTE_32F
        }
        return switch (precision) {
            case FLOAT32 -> 68;
            case TF32 -> 77; // CUBLAS_COMPUTE_32F_FAST_TF32
            case BF16 -> 75; // CUBLAS_COMPUTE_32F_FAST_16BF
        };
    }

    private static void check(String function, int status) {
        if (status != 0) {
            throw new CudaException(status, function + ": cuBLAS status " + status);
        }
    }
}
