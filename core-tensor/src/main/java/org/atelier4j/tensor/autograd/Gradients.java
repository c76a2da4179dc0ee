package org.atelier4j.tensor.autograd;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;

/**
 * The gradients of one scalar with respect to the tensors it depends on, as a value: nothing is stored in the tensors,
 * nothing needs zeroing, and two optimizers over one graph cannot disturb each other. A graph can be differentiated as
 * often as wanted while its memory lives.
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
     * Returns the gradients of {@code loss} for {@code targets}, recorded themselves so that they can be differentiated
     * again: for gradient penalties.
     */
    public static Gradients withGraph(Tensor loss, Tensor... targets) {
        return of(loss, List.of(targets), true);
    }

    /**
     * Returns the gradients of {@code loss} for {@code targets}: leaves, or results of operations inside the graph. What
     * leads to none of them is not computed. Without targets it returns those for all leaves.
     *
     * @param createGraph whether the gradients are recorded so that they can be differentiated again
     * @throws IllegalArgumentException if {@code loss} has more than one element or does not depend on a target
     */
    public static Gradients of(Tensor loss, List<Tensor> targets, boolean createGraph) {
        Check.shape(loss.size() == 1, "backward: loss must have one element, got shape %s", loss.shape());
        return ofProduct(loss, Tensor.onesLike(loss), targets, createGraph);
    }

    /** Returns the vector-Jacobian product {@code dyᵀ ∂y/∂·} for {@code targets}, without any for all leaves. */
    public static Gradients ofProduct(Tensor y, Tensor dy, List<Tensor> targets, boolean createGraph) {
        Check.shape(y.shape().equals(dy.shape()), "backward: dy must have shape %s, got %s", y.shape(), dy.shape());
        Check.dtype("backward: dy", y.dtype(), dy);
        if (targets.isEmpty()) {
            return new Gradients(Engine.toLeaves(y, dy, createGraph));
        }
        Set<Node> nodes = new HashSet<>();
        for (int i = 0; i < targets.size(); i++) {
            Node node = targets.get(i).node();
            if (node == null) {
                throw new IllegalArgumentException("backward: target " + i + " of shape "
                        + targets.get(i).shape()
                        + " takes no gradient: it is no leaf (requireGradient), nothing recorded it, or it is frozen");
            }
            nodes.add(node);
        }
        Map<Node, Tensor> found = Engine.to(nodes, Set.of(), y, dy, createGraph);
        for (int i = 0; i < targets.size(); i++) {
            Check.that(
                    found.containsKey(targets.get(i).node()),
                    "backward: the value must depend on target %d of shape %s, but does not",
                    i,
                    targets.get(i).shape());
        }
        return new Gradients(found);
    }

    /** Returns given gradients by the leaf they belong to, as sums over micro-batches or processes. */
    public static Gradients given(Map<Tensor, Tensor> byLeaf) {
        Map<Node, Tensor> found = new HashMap<>();
        byLeaf.forEach((leaf, g) -> {
            Node node = leaf.node();
            Check.that(node != null && node.isLeaf(), "gradients: tensor of shape %s must be a leaf", leaf.shape());
            Check.shape(
                    g.shape().equals(leaf.shape()),
                    "gradients: gradient must have shape %s, got %s",
                    leaf.shape(),
                    g.shape());
            found.put(node, g);
        });
        return new Gradients(found);
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
            throw new IllegalArgumentException("gradients: no gradient arrived at the tensor of shape " + tensor.shape()
                    + "; it must be a leaf or a named target that the loss depends on");
        }
        return g;
    }
}
