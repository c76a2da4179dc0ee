package org.atelier4j.tensor.op;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.NoGrad;
import org.atelier4j.tensor.autograd.Node;
import org.atelier4j.tensor.autograd.Op;
import org.atelier4j.tensor.kernel.Kernels;
import org.atelier4j.tensor.kernel.Norm;
import org.jspecify.annotations.Nullable;

/**
 * {@code y = act(x̂ ⊙ γ + β)}, {@code x̂ = (x − μ)/√(σ² + ε)} with mean and variance over groups of channels and all
 * positions. Group norm is the general case; on a reshaped x it is layer norm (1 group, 1 position), instance norm (C
 * groups) and batch norm (C groups, the batch as positions).
 *
 * <p>With {@code g = dy ⊙ act' ⊙ γ} and means over the group, {@code dx = rstd·(g − mean(g) − x̂·mean(g ⊙ x̂))};
 * {@code dγ = Σ dy ⊙ act' ⊙ x̂}, {@code dβ = Σ dy ⊙ act'}. Without centering the term {@code mean(g)} is absent.
 *
 * <p>Inputs: x (B, N, C), and either nothing or γ, or γ and β; these are (C), or (B, C) with a row for each image, as
 * adaptive norms make them (AdaGN, AdaIN).
 */
public record Normalize(Norm norm) implements Op {

    @Override
    public Output forward(Kernels kernels, List<Tensor> inputs) {
        Tensor x = inputs.get(0);
        Check.rank("normalize", 3, "(B, N, C)", x);
        int groups = norm.groups();
        Check.shape(
                groups > 0 && x.dim(2) % groups == 0,
                "normalize: groups must divide the %d channels, got %d",
                x.dim(2),
                groups);
        for (int i = 1; i < inputs.size(); i++) {
            Shape affine = inputs.get(i).shape();
            Check.shape(
                    affine.equals(Shape.of(x.dim(2))) || affine.equals(Shape.of(x.dim(0), x.dim(2))),
                    "normalize: gamma and beta must be (C) = [%d] or (B, C) = [%d, %d], got %s for shape %s",
                    x.dim(2),
                    x.dim(0),
                    x.dim(2),
                    affine,
                    x.shape());
            Check.dtype("normalize: gamma and beta", x.dtype(), inputs.get(i));
            Check.shape(
                    affine.equals(inputs.get(1).shape()),
                    "normalize: gamma and beta must have one shape, got %s and %s",
                    inputs.get(1).shape(),
                    affine);
        }
        DType statistics = x.dtype() == DType.FLOAT64 ? DType.FLOAT64 : DType.FLOAT32;
        Tensor y = Tensor.empty(x.shape(), x.dtype(), x.device());
        Tensor mean = Tensor.empty(Shape.of(x.dim(0), groups), statistics, x.device());
        Tensor rstd = Tensor.empty(Shape.of(x.dim(0), groups), statistics, x.device());
        kernels.norm(norm, x, optional(inputs, 1), optional(inputs, 2), y, mean, rstd);
        return new Output(y, List.of(mean, rstd));
    }

    @Override
    public List<Tensor> backward(Node node, Tensor dy) {
        if (!NoGrad.isActive()) {
            return composite(node, dy);
        }
        Tensor x = node.input(0);
        int n = node.inputs().size();
        @Nullable Tensor[] d = new Tensor[n];
        for (int i = 0; i < n; i++) {
            Tensor input = node.input(i);
            d[i] = Tensor.empty(input.shape(), input.dtype(), input.device());
        }
        x.device()
                .kernels()
                .normBackward(
                        norm,
                        x,
                        optional(node.inputs(), 1),
                        optional(node.inputs(), 2),
                        node.saved(0),
                        node.saved(1),
                        dy,
                        d[0],
                        n > 1 ? d[1] : null,
                        n > 2 ? d[2] : null);
        return Arrays.asList(d);
    }

    /** The same in tensor operations, statistics recomputed from x so that they are differentiated too. */
    private List<Tensor> composite(Node node, Tensor dy) {
        Tensor x = node.input(0);
        int batch = x.dim(0);
        int channels = x.dim(2);
        int groups = norm.groups();
        int[] grouped = {batch, x.dim(1), groups, channels / groups};
        Tensor xg = x.reshape(grouped); // (B, N, G, C/G)
        Tensor centered = norm.centered() ? xg.sub(xg.mean(1, 3)) : xg;
        Tensor rstd = centered.square().mean(1, 3).add(norm.eps()).rsqrt(); // (B, 1, G, 1)
        Tensor hat = centered.mul(rstd);
        Tensor flat = hat.reshape(x.shape());
        @Nullable Tensor gamma = affine(node.inputs(), 1);
        @Nullable Tensor beta = affine(node.inputs(), 2);
        Tensor g = dy;
        if (norm.silu()) {
            Tensor affine = gamma == null ? flat : flat.mul(gamma);
            Tensor before = beta == null ? affine : affine.add(beta);
            Tensor s = before.sigmoid();
            g = dy.mul(s.mul(before.mul(s.neg().add(1)).add(1)));
        }
        List<Tensor> gradients = new ArrayList<>();
        Tensor gx = (gamma == null ? g : g.mul(gamma)).reshape(grouped);
        Tensor inner = gx.sub(hat.mul(gx.mul(hat).mean(1, 3)));
        gradients.add(
                (norm.centered() ? inner.sub(gx.mean(1, 3)) : inner).mul(rstd).reshape(x.shape()));
        if (gamma != null) {
            gradients.add(g.mul(flat).sumTo(gamma.shape()).reshape(node.input(1).shape()));
        }
        if (beta != null) {
            gradients.add(g.sumTo(beta.shape()).reshape(node.input(2).shape()));
        }
        return gradients;
    }

    /** Returns γ or β in a shape that broadcasts over the positions of x, or null. */
    private static @Nullable Tensor affine(List<Tensor> inputs, int i) {
        @Nullable Tensor a = optional(inputs, i);
        return a != null && a.rank() == 2 ? a.unsqueeze(1) : a; // (C) or (B, 1, C)
    }

    private static @Nullable Tensor optional(List<Tensor> inputs, int i) {
        return i < inputs.size() ? inputs.get(i) : null;
    }
}
