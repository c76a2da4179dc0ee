package org.atelier4j.tensor.op;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.atelier4j.tensor.Check;
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
 * <p>If causal, query i of T sees keys {@code j ≤ i + S − T} of S: queries and keys end together, so that the last query sees
 * all keys and queries may be the tail of a longer sequence whose keys are kept. For S = T that is the usual triangle;
 * PyTorch's {@code is_causal} lets the first query see the first key only, whatever S is. What a query does not see has no
 * part in its result, nor it in the gradients of that.
 *
 * <p>P, of size T·S for each image and head, is whole in memory only where it is at most four times as large as Q. Else
 * images and heads are done a few at a time, small enough for the processor's cache, and the backward pass computes P again
 * rather than keep it, as FlashAttention does (Dao et al. 2022, arXiv:2205.14135). Long causal sequences are done in blocks of
 * queries, each with the keys that it sees ({@link AttentionPart}). A provider with attention of its own
 * ({@link AttentionKernels}) never writes P. Only second derivatives and the gradient of M need all of it.
 *
 * <p>Inputs: q (B, H, T, D), k (B, H, S, D), v (B, H, S, E), and optionally a finite M that broadcasts to (B, H, T, S).
 *
 * @param scale factor on the products, usually {@code 1/√D}
 * @param causal whether queries see only what stands before them, and themselves; there must be at least as many keys then
 */
public record DotProductAttention(double scale, boolean causal) implements Op {

    @Override
    public Output forward(Kernels kernels, List<Tensor> inputs) {
        Tensor q = inputs.get(0);
        Tensor k = inputs.get(1);
        Tensor v = inputs.get(2);
        @Nullable Tensor mask = inputs.size() > 3 ? inputs.get(3) : null;
        Check.shape(
                !causal || k.dim(2) >= q.dim(2),
                "attention: causal queries must not outnumber keys, got T = %d and S = %d",
                q.dim(2),
                k.dim(2));
        if (!sameLead(q, k, v)) {
            try (TensorScope scope = TensorScope.open()) {
                return Output.of(scope.keep(weights(q, k, mask).matmul(v)));
            }
        }
        Tensor y = Tensor.empty(q.shape().with(3, v.dim(3)), q.dtype(), q.device());
        @Nullable AttentionKernels fused = fused(kernels, q, k, v, mask);
        if (fused != null) {
            Tensor logSums = Tensor.empty(Shape.of(q.dim(0), q.dim(1), q.dim(2)), DType.FLOAT32, q.device());
            fused.attention(scale, causal, q, k, v, mask, y, logSums);
            return new Output(y, List.of(logSums));
        }
        List<Tensor> kept = new ArrayList<>();
        for (AttentionPart part : AttentionPart.of(q, k, causal)) {
            if (isSmall(q, k)) {
                kept.add(part.empty(q));
            }
            try (TensorScope scope = TensorScope.open()) {
                Tensor p = isSmall(q, k) ? kept.get(kept.size() - 1) : part.empty(q);
                weights(kernels, part, q, k, mask, p);
                toQueries(kernels, part, p, v, Epilogue.NONE, y);
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
            List<Tensor> gradients =
                    new ArrayList<>(fused == null ? byParts(node, mask, dy) : byOnePass(fused, node, mask, dy));
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

    private List<Tensor> byOnePass(AttentionKernels fused, Node node, @Nullable Tensor mask, Tensor dy) {
        List<Tensor> gradients = emptyLike(node);
        fused.attentionBackward(
                scale,
                causal,
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
        return gradients;
    }

    private List<Tensor> byParts(Node node, @Nullable Tensor mask, Tensor dy) {
        Tensor q = node.input(0);
        Tensor k = node.input(1);
        Tensor v = node.input(2);
        Kernels kernels = q.device().kernels();
        List<Tensor> gradients = emptyLike(node);
        int number = 0;
        for (AttentionPart part : AttentionPart.of(q, k, causal)) {
            try (TensorScope scope = TensorScope.open()) {
                Tensor p = isSmall(q, k) ? node.saved(number) : part.empty(q);
                if (!isSmall(q, k)) {
                    weights(kernels, part, q, k, mask, p);
                }
                Tensor slope = part.queries(dy);
                toKeys(kernels, part, p, slope, 1, gradients.get(2));
                Tensor dp = part.empty(q);
                kernels.matmul(slope, false, part.keys(v), true, Epilogue.NONE, dp);
                Tensor ds = part.empty(q);
                kernels.softmaxBackward(false, p, dp, ds);
                toQueries(kernels, part, ds, k, times(scale), gradients.get(0));
                toKeys(kernels, part, ds, part.queries(q), scale, gradients.get(1));
            }
            number++;
        }
        return gradients;
    }

    private static List<Tensor> emptyLike(Node node) {
        List<Tensor> gradients = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            Tensor x = node.input(i);
            gradients.add(Tensor.empty(x.shape(), x.dtype(), x.device()));
        }
        return gradients;
    }

    /** Computes {@code out = w·x} for the part's queries; w (…, queries, keys), x (B, H, S, …), out (B, H, T, …). */
    private static void toQueries(
            Kernels kernels, AttentionPart part, Tensor w, Tensor x, Epilogue epilogue, Tensor out) {
        Tensor all = part.heads(out);
        if (part.queries() == out.dim(2)) {
            kernels.matmul(w, false, part.keys(x), false, epilogue, all);
        } else {
            Tensor y = Tensor.empty(all.shape().with(2, part.queries()), out.dtype(), out.device());
            kernels.matmul(w, false, part.keys(x), false, epilogue, y);
            all.assignSlice(2, part.firstQuery(), y);
        }
    }

    /** Computes {@code out += factor·wᵀ·x} for the keys that the part's queries see; who sees all keys comes first and sets. */
    private static void toKeys(Kernels kernels, AttentionPart part, Tensor w, Tensor x, double factor, Tensor out) {
        Tensor all = part.heads(out);
        if (part.keys() == out.dim(2)) {
            kernels.matmul(w, true, x, false, times(factor), all);
        } else {
            Tensor former = all.slice(2, 0, part.keys());
            Tensor sum = Tensor.empty(former.shape(), out.dtype(), out.device());
            kernels.matmul(w, true, factor == 1 ? x : x.mul(factor), false, new Epilogue(null, former, null), sum);
            all.assignSlice(2, 0, sum);
        }
    }

    private static Epilogue times(double factor) {
        return factor == 1 ? Epilogue.NONE : new Epilogue(null, null, new Unary(Unary.Function.AFFINE, factor, 0));
    }

    /** Computes a part of P. */
    private void weights(Kernels kernels, AttentionPart part, Tensor q, Tensor k, @Nullable Tensor mask, Tensor p) {
        Tensor s = part.empty(q);
        kernels.matmul(part.queries(q), false, part.keys(k), true, times(scale), s);
        @Nullable Tensor added = added(mask == null ? null : part.mask(mask), part.queries(), part.keys(), q);
        if (added == null) {
            kernels.softmax(false, s, p);
        } else {
            Tensor masked = part.empty(q);
            kernels.binary(Binary.ADD, s, added, masked);
            kernels.softmax(false, masked, p);
        }
    }

    /** All of P in tensor operations, which can be differentiated. */
    private Tensor weights(Tensor q, Tensor k, @Nullable Tensor mask) {
        Tensor s = MatMul.activated(q, false, k, true, null, new Unary(Unary.Function.AFFINE, scale, 0));
        @Nullable Tensor added = added(mask, q.dim(2), k.dim(2), q);
        return (added == null ? s : s.add(added)).softmax(-1);
    }

    /** Returns what is added to the logits of queries that see these keys, the last of them all: a mask, −∞ for the future. */
    private @Nullable Tensor added(@Nullable Tensor mask, int queries, int keys, Tensor like) {
        if (!causal || queries <= 1) {
            return mask;
        }
        Tensor last = Tensor.arange(queries).add(Tensor.full(keys - queries, DType.INT32, Shape.scalar()));
        Tensor seen = Tensor.arange(keys).lessEqual(last.reshape(queries, 1)); // (T, S)
        Tensor zero = Tensor.full(0, like.dtype(), Shape.scalar());
        Tensor hidden = Tensor.full(Double.NEGATIVE_INFINITY, like.dtype(), Shape.scalar());
        Tensor future = Tensor.where(seen, zero, hidden).to(like.device());
        return mask == null ? future : mask.add(future);
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
}
