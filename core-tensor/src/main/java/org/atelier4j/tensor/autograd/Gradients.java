package org.atelier4j.tensor.autograd;

import java.util.List;
import java.util.Map;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;

/**
 * The gradients of one scalar with respect to the tensors it depends on, as a value: nothing is stored in the tensors,
 * nothing needs zeroing, and two optimizers over one graph cannot disturb each other.
 */
public final class Gradients {
    private final Map<Node, Tensor> byNode;

    private Gradients(Map<Node, Tensor> byNode) {
        this.byNode = byNode;
    }

    /**
     * Returns the gradients of {@code loss} for all leaves ({@link Tensor#requireGradient()}).
     *
     * @throws IllegalArgumentException if {@code loss} has more than one element or depends on no leaf
     */
    public static Gradients of(Tensor loss) {
        return of(loss, List.of(), false);
    }

    /**
     * Returns the gradients of {@code loss} for all leaves and for {@code targets}, recorded themselves so that they can
     * be differentiated again: for gradient penalties.
     */
    public static Gradients withGraph(Tensor loss, Tensor... targets) {
        return of(loss, List.of(targets), true);
    }

    /** Returns the gradients of {@code loss} for all leaves and for {@code targets} inside the graph. */
    public static Gradients of(Tensor loss, List<Tensor> targets, boolean createGraph) {
        Check.shape(loss.shape().size() == 1, "backward: loss must have one element, got shape %s", loss.shape());
        return ofProduct(loss, Tensor.full(1, loss.dtype(), loss.shape()).to(loss.device()), targets, createGraph);
    }

    /** Returns the vector-Jacobian product {@code dyᵀ ∂y/∂·} for all leaves and for {@code targets}. */
    public static Gradients ofProduct(Tensor y, Tensor dy, List<Tensor> targets, boolean createGraph) {
        Check.that(y.node() != null, "backward: the value depends on no tensor that requires a gradient");
        Check.shape(y.shape().equals(dy.shape()), "backward: dy must have shape %s, got %s", y.shape(), dy.shape());
        return new Gradients(Engine.backward(y, dy, targets.stream().map(Tensor::node).toList(), createGraph));
    }

    /** Returns whether a gradient arrived at {@code tensor}. */
    public boolean has(Tensor tensor) {
        return tensor.node() != null && byNode.containsKey(tensor.node());
    }

    /**
     * Returns the gradient of {@code tensor}, of its shape.
     *
     * @throws IllegalArgumentException if none arrived
     */
    public Tensor get(Tensor tensor) {
        Tensor g = tensor.node() == null ? null : byNode.get(tensor.node());
        if (g == null) {
            throw new IllegalArgumentException(
                    "gradients: no gradient arrived at the tensor of shape " + tensor.shape()
                            + "; it must be a leaf or a named target that the loss depends on");
        }
        return g;
    }
}
