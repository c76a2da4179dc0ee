package org.atelier4j.tensor.kernel.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC_1;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_add;
import static org.bytedeco.dnnl.global.dnnl.dnnl_matmul_primitive_desc_create;

import java.util.Arrays;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Epilogue;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.jspecify.annotations.Nullable;

/**
 * Matrix products. Transposed factors are told by strides, so nothing is copied. Factors may be BFLOAT16 where what follows
 * and the result are FLOAT32.
 */
final class Products {
    private static final int MATMUL = 200;

    private Products() {}

    /** Runs {@code out = epilogue(op(a)·op(b))}; returns false where oneDNN has no fast code. */
    static boolean matmul(Tensor a, boolean transposeA, Tensor b, boolean transposeB, Epilogue epilogue, Tensor out) {
        Eltwise activation = epilogue.activation() == null ? null : Eltwise.of(epilogue.activation());
        if (epilogue.activation() != null && activation == null || out.size() == 0 || a.size() == 0) {
            return false;
        }
        long[] da = lengths(a, out.rank());
        long[] db = lengths(b, out.rank());
        long[] dy = lengths(out, out.rank());
        if (b.rank() == 2 && !transposeA && out.rank() > 2) {
            da = new long[] {a.size() / a.dim(-1), a.dim(-1)};
            db = lengths(b, 2);
            dy = new long[] {da[0], out.dim(-1)};
        }
        Key key = Primitives.key(MATMUL)
                .add(a.dtype().ordinal())
                .add(out.dtype().ordinal())
                .add(da)
                .add(transposeA)
                .add(db)
                .add(transposeB)
                .add(dy)
                .add(epilogue.bias() != null)
                .add(epilogue.residual() != null);
        if (activation != null) {
            key.add(activation.algorithm()).add(activation.alpha()).add(activation.beta());
        }
        int factors = OneDnn.type(a.dtype());
        int sums = OneDnn.type(out.dtype());
        long[] fa = da;
        long[] fb = db;
        long[] fy = dy;
        Primitive p = Primitives.find(
                key,
                () -> compile(
                        matrix(factors, fa, transposeA),
                        matrix(factors, fb, transposeB),
                        sums,
                        fy,
                        epilogue,
                        activation));
        if (p == null) {
            return false;
        }
        run(p, a, b, epilogue, out);
        return true;
    }

    private static void run(Primitive p, Tensor a, Tensor b, Epilogue epilogue, Tensor out) {
        Tensor bias = epilogue.bias();
        Tensor residual = epilogue.residual();
        long x = Memory.address(a);
        long w = Memory.address(b);
        long y = Memory.address(out);
        if (bias != null && residual != null) {
            p.run(x, w, Memory.address(bias), y, Memory.address(residual));
        } else if (bias != null) {
            p.run(x, w, Memory.address(bias), y);
        } else if (residual != null) {
            p.run(x, w, y, Memory.address(residual));
        } else {
            p.run(x, w, y);
        }
    }

    private static Primitive compile(
            dnnl_memory_desc a,
            dnnl_memory_desc b,
            int type,
            long[] dims,
            Epilogue epilogue,
            @Nullable Eltwise activation) {
        dnnl_memory_desc y = OneDnn.dense(type, dims);
        OneDnn.Attributes attributes = new OneDnn.Attributes();
        if (epilogue.residual() != null) {
            attributes.binary(dnnl_binary_add, y);
        }
        if (activation != null) {
            attributes.eltwise(activation);
        }
        long[] row = new long[dims.length];
        Arrays.fill(row, 1);
        row[dims.length - 1] = dims[dims.length - 1];
        dnnl_primitive_desc desc = new dnnl_primitive_desc();
        OneDnn.check(
                "matmul",
                dnnl_matmul_primitive_desc_create(
                        desc,
                        OneDnn.ENGINE,
                        a,
                        b,
                        epilogue.bias() == null ? null : OneDnn.dense(type, row),
                        y,
                        attributes.build()));
        int residual = DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE | DNNL_ARG_SRC_1;
        int[] kinds = epilogue.bias() == null
                ? new int[] {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST, residual}
                : new int[] {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_BIAS, DNNL_ARG_DST, residual};
        return new Primitive(desc, epilogue.residual() == null ? Arrays.copyOf(kinds, kinds.length - 1) : kinds);
    }

    /** A stack of matrices as stored; a transposed one is seen with its last two axes exchanged. */
    private static dnnl_memory_desc matrix(int type, long[] stored, boolean transposed) {
        if (!transposed) {
            return OneDnn.dense(type, stored);
        }
        int n = stored.length;
        long[] dims = stored.clone();
        long[] strides = OneDnn.denseStrides(stored);
        dims[n - 1] = stored[n - 2];
        dims[n - 2] = stored[n - 1];
        long step = strides[n - 1];
        strides[n - 1] = strides[n - 2];
        strides[n - 2] = step;
        return OneDnn.layout(type, dims, strides);
    }

    /** Lengths with leading ones up to a rank. */
    private static long[] lengths(Tensor x, int rank) {
        long[] d = new long[rank];
        Arrays.fill(d, 1);
        for (int i = 1; i <= x.rank(); i++) {
            d[rank - i] = x.dim(-i);
        }
        return d;
    }
}
