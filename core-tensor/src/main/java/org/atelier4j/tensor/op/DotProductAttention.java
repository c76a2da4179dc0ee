package org.atelier4j.tensor.op;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;
import org.atelier4j.tensor.autograd.Node;
import org.atelier4j.tensor.autograd.Op;
import org.atelier4j.tensor.kernel.AttentionKernels;
import org.atelier4j.tensor.kernel.Binary;
import org.atelier4j.tensor.kernel.Epilogue;
import org.atelier4j.tensor.kernel.Kernels;
import org.atelier4j.tensor.kernel.Unary;
import org.jspecify.annotations.Nullable;

/**
 * {@code Y = P·V} with {@code P = softmax(scale·Q·Kᵀ + M)} over the last axis (Vaswani et al. 2017, eq. 1).
 *
 * <p>With {@code dP = dY·Vᵀ} and {@code dS = P ⊙ (dP − Σ dP ⊙ P)}: {@code dV = Pᵀ·dY}, {@code dQ = scale·dS·K},
 * {@code dK = scale·dSᵀ·Q}, {@code dM = dS}.
 *
 * <p>P, of size T·S for each image and head, is whole in memory only where it is at most four times as large as Q. Else
 * images and heads are done a few at a time, small enough for the processor's cache, and the backward pass computes P again
 * rather than keep it, as FlashAttention does (Dao et al. 2022, arXiv:2205.14135). A provider with attention of its own
 * ({@link AttentionKernels}) never writes P. Only second derivatives and the gradient of M need all of it.
 *
 * <p>Inputs: q (B, H, T, D), k (B, H, S, D), v (B, H, S, E), and optionally a finite M that broadcasts to (B, H, T, S).
 *
 * @param scale factor on the products, usually {@code 1/√D}
 */
public record DotProductAttention(double scale) implements Op {
    /**
     * Elements of P that are worked on at a time, unless those of one head are more: few enough to stay in a shared cache,
     * enough that the threads need not meet too often.
     */
    private static final int PORTION = 1 << 21;

    @Override
    public Output forward(Kernels kernels, List<Tensor> inputs) {
        Tensor q = inputs.get(0);
        Tensor k = inputs.get(1);
        Tensor v = inputs.get(2);
        @Nullable Tensor mask = inputs.size() > 3 ? inputs.get(3) : null;
        if (!sameLead(q, k, v)) {
            try (TensorScope scope = TensorScope.open()) {
                return Output.of(scope.keep(weights(q, k, mask).matmul(v)));
            }
        }
        Tensor y = Tensor.empty(q.shape().with(3, v.dim(3)), q.dtype(), q.device());
        @Nullable AttentionKernels fused = fused(kernels, q, k, v, mask);
        if (fused != null) {
            Tensor logSums = Tensor.empty(Shape.of(q.dim(0), q.dim(1), q.dim(2)), DType.FLOAT32, q.device());
            fused.attention(scale, q, k, v, mask, y, logSums);
            return new Output(y, List.of(logSums));
        }
        List<Tensor> kept =
                isSmall(q, k) ? List.of(Tensor.empty(q.shape().with(3, k.dim(2)), q.dtype(), q.device())) : List.of();
        for (Part part : parts(q, k)) {
            try (TensorScope scope = TensorScope.open()) {
                Tensor p = kept.isEmpty() ? part.empty(q, k) : part.of(kept.get(0));
                weights(kernels, part, q, k, mask, p);
                kernels.matmul(p, false, part.of(v), false, Epilogue.NONE, part.of(y));
            }
        }
        return new Output(y, kept);
    }

    @Override
    public List<Tensor> backward(Node node, Tensor dy) {
        Tensor q = node.input(0);
        Tensor k = node.input(1);
        Tensor v = node.input(2);
        boolean masked = node.inputs().size() > 3;
        @Nullable Tensor mask = masked ? node.input(3) : null;
        if (NoGrad.isActive() && sameLead(q, k, v) && !(masked && node.needsGradient(3))) {
            @Nullable AttentionKernels fused = fused(q.device().kernels(), q, k, v, mask);
            if (fused != null) {
                return byOnePass(fused, node, dy, mask);
            }
            @Nullable Tensor kept = isSmall(q, k) ? node.saved(0) : null;
            List<Tensor> gradients = new ArrayList<>(byParts(q, k, v, mask, kept, dy));
            if (masked) {
                gradients.add(null);
            }
            return gradients;
        }
        Tensor p = weights(q, k, mask);
        Tensor dv = p.matmul(dy, true, false);
        Tensor ds = new Softmax(false).backward(p, p, dy.matmul(v, false, true));
        Tensor dq = ds.matmul(k).mul(scale);
        Tensor dk = ds.matmul(q, true, false).mul(scale);
        return masked ? Arrays.asList(dq, dk, dv, ds) : Arrays.asList(dq, dk, dv);
    }

    /** Returns the provider's own attention, where it has one for such tensors. */
    private static @Nullable AttentionKernels fused(
            Kernels kernels, Tensor q, Tensor k, Tensor v, @Nullable Tensor mask) {
        return kernels instanceof AttentionKernels own && own.takesAttention(q, k, v, mask) ? own : null;
    }

    private List<Tensor> byOnePass(AttentionKernels fused, Node node, Tensor dy, @Nullable Tensor mask) {
        List<Tensor> gradients = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            Tensor x = node.input(i);
            gradients.add(Tensor.empty(x.shape(), x.dtype(), x.device()));
        }
        fused.attentionBackward(
                scale,
                node.input(0),
                node.input(1),
                node.input(2),
                mask,
                node.output(),
                node.saved(0),
                dy,
                gradients.get(0),
                gradients.get(1),
                gradients.get(2));
        if (mask != null) {
            gradients.add(null);
        }
        return gradients;
    }

    private List<Tensor> byParts(
            Tensor q, Tensor k, Tensor v, @Nullable Tensor mask, @Nullable Tensor kept, Tensor dy) {
        Kernels kernels = q.device().kernels();
        Epilogue scaled = new Epilogue(null, null, new Unary(Unary.Function.AFFINE, scale, 0));
        Tensor dq = Tensor.empty(q.shape(), q.dtype(), q.device());
        Tensor dk = Tensor.empty(k.shape(), k.dtype(), k.device());
        Tensor dv = Tensor.empty(v.shape(), v.dtype(), v.device());
        for (Part part : parts(q, k)) {
            try (TensorScope scope = TensorScope.open()) {
                Tensor p = kept == null ? part.empty(q, k) : part.of(kept);
                if (kept == null) {
                    weights(kernels, part, q, k, mask, p);
                }
                kernels.matmul(p, true, part.of(dy), false, Epilogue.NONE, part.of(dv));
                Tensor dp = part.empty(q, k);
                kernels.matmul(part.of(dy), false, part.of(v), true, Epilogue.NONE, dp);
                Tensor ds = part.empty(q, k);
                kernels.softmaxBackward(false, p, dp, ds);
                kernels.matmul(ds, false, part.of(k), false, scaled, part.of(dq));
                kernels.matmul(ds, true, part.of(q), false, scaled, part.of(dk));
            }
        }
        return List.of(dq, dk, dv);
    }

    /** Computes P of some images and heads. */
    private void weights(Kernels kernels, Part part, Tensor q, Tensor k, @Nullable Tensor mask, Tensor p) {
        Tensor s = part.empty(q, k);
        Epilogue scaled = new Epilogue(null, null, new Unary(Unary.Function.AFFINE, scale, 0));
        kernels.matmul(part.of(q), false, part.of(k), true, scaled, s);
        if (mask == null) {
            kernels.softmax(false, s, p);
        } else {
            Tensor masked = part.empty(q, k);
            kernels.binary(Binary.ADD, s, part.of(mask), masked);
            kernels.softmax(false, masked, p);
        }
    }

    /** All of P in tensor operations, which can be differentiated. */
    private Tensor weights(Tensor q, Tensor k, @Nullable Tensor mask) {
        Tensor s = MatMul.activated(q, false, k, true, null, new Unary(Unary.Function.AFFINE, scale, 0));
        return (mask == null ? s : s.add(mask)).softmax(-1);
    }

    private static boolean isSmall(Tensor q, Tensor k) {
        return k.dim(2) <= 4 * q.dim(3);
    }

    private static boolean sameLead(Tensor q, Tensor k, Tensor v) {
        return lead(q).equals(lead(k)) && lead(q).equals(lead(v));
    }

    private static Shape lead(Tensor x) {
        return Shape.of(x.dim(0), x.dim(1));
    }

    private static List<Part> parts(Tensor q, Tensor k) {
        int batch = q.dim(0);
        int heads = q.dim(1);
        long head = Math.max(1, (long) q.dim(2) * k.dim(2));
        int atOnce = (int) Math.max(1, Math.min(batch * heads, PORTION / head));
        int imageStep = Math.max(1, atOnce / Math.max(1, heads));
        int headStep = atOnce < heads ? atOnce : heads;
        List<Part> parts = new ArrayList<>();
        for (int b = 0; b < batch; b += imageStep) {
            for (int h = 0; h < heads; h += headStep) {
                parts.add(new Part(b, Math.min(imageStep, batch - b), h, Math.min(headStep, heads - h)));
            }
        }
        return parts;
    }

    /** Some images with all heads, or some heads of one image. */
    private record Part(int firstImage, int images, int firstHead, int heads) {

        /** Returns room for this part of P. */
        Tensor empty(Tensor q, Tensor k) {
            return Tensor.empty(Shape.of(images, heads, q.dim(2), k.dim(2)), q.dtype(), q.device());
        }

        /** Returns this part of x (B or 1, H or 1, …), a view; leading axes of x may be missing. */
        Tensor of(Tensor x) {
            Tensor y = x.detach();
            if (x.rank() >= 4 && x.dim(0) > 1) {
                y = y.slice(0, firstImage, images);
            }
            return x.rank() >= 3 && x.dim(-3) > 1 ? y.slice(-3, firstHead, heads) : y;
        }
    }
}
