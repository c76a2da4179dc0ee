package org.atelier4j.tensor.autograd;

import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.ShapeException;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.Storage;
import org.jspecify.annotations.Nullable;

/**
 * Reverse-mode differentiation over the recorded graph.
 *
 * <p>Nodes are visited by falling creation number with a heap, so there is no recursion and no separate topological
 * sort: whoever consumed a value was created after it.
 */
final class Engine {
    private final boolean createGraph;
    private final long firstSerial = Storage.lastSerial();
    private final Map<Node, Tensor> pending = new HashMap<>();
    private final Map<Storage, Integer> uses = new IdentityHashMap<>();
    private final PriorityQueue<Node> queue =
            new PriorityQueue<>((a, b) -> Long.compare(b.number(), a.number()));

    private Engine(boolean createGraph) {
        this.createGraph = createGraph;
    }

    static Tensor apply(Op op, List<Tensor> inputs) {
        boolean record = false;
        if (!NoGrad.isActive()) {
            for (Tensor x : inputs) {
                record |= x.node() != null;
            }
        }
        Op.Output out;
        try (NoGrad off = NoGrad.open()) {
            out = op.forward(inputs.get(0).device().kernels(), inputs);
        }
        Tensor y = out.value();
        if (!record || !y.dtype().isFloating()) {
            return y;
        }
        Node node = Node.of(op, inputs, out.saved());
        Tensor recorded = y.withNode(node);
        node.output(recorded);
        return recorded;
    }

    /** Returns the gradient of {@code Σ y ⊙ dy} for every leaf that y depends on, and for {@code extra} nodes. */
    static Map<Node, Tensor> backward(Tensor y, Tensor dy, List<Node> extra, boolean createGraph) {
        Engine engine = new Engine(createGraph);
        Node root = y.node();
        if (root == null) {
            return Map.of();
        }
        Map<Node, Tensor> results = new HashMap<>();
        try (NoGrad off = createGraph ? NoGrad.lifted() : NoGrad.open()) {
            engine.arrive(root, dy);
            while (!engine.queue.isEmpty()) {
                Node node = engine.queue.poll();
                Tensor arrived = engine.pending.remove(node);
                boolean wanted = node.isLeaf() || extra.contains(node);
                if (wanted) {
                    results.put(node, arrived);
                }
                if (!node.isLeaf()) {
                    engine.visit(node, arrived);
                }
                if (!wanted) {
                    engine.drop(arrived);
                }
            }
        }
        return results;
    }

    private void visit(Node node, Tensor dy) {
        Op op = node.op();
        if (createGraph) {
            distribute(node, op.backward(node, dy));
            return;
        }
        try (TensorScope scope = TensorScope.open()) {
            List<Tensor> gradients = op.backward(node, dy);
            distribute(node, gradients);
            for (Node n : targets(node)) {
                Tensor g = pending.get(n);
                if (g != null) {
                    scope.keep(g);
                }
            }
        }
    }

    private static List<Node> targets(Node node) {
        return node.inputs().stream().map(Tensor::node).filter(n -> n != null).toList();
    }

    private void distribute(Node node, List<Tensor> gradients) {
        for (int i = 0; i < gradients.size(); i++) {
            Node target = node.inputs().get(i).node();
            Tensor g = gradients.get(i);
            if (target != null && g != null) {
                arrive(target, unbroadcast(node, g, node.inputs().get(i).shape()));
            }
        }
    }

    private void arrive(Node target, Tensor gradient) {
        Tensor before = pending.get(target);
        if (before == null) {
            queue.add(target);
            hold(gradient);
            pending.put(target, gradient);
            return;
        }
        Tensor sum = before.add(gradient);
        hold(sum);
        pending.put(target, sum);
        drop(before);
    }

    /** Broadcasting copies an input; the gradient of a copy is a sum. */
    private static Tensor unbroadcast(Node node, Tensor gradient, Shape shape) {
        if (gradient.shape().equals(shape)) {
            return gradient;
        }
        try {
            return gradient.sumTo(shape);
        } catch (ShapeException e) {
            throw new ShapeException("backward of " + node.op() + ": gradient must have the input's shape " + shape
                    + " or one it broadcasts to, got " + gradient.shape());
        }
    }

    private void hold(Tensor t) {
        uses.merge(t.storage(), 1, Integer::sum);
    }

    /** Frees a gradient at once when this pass made it and nothing else looks at it: peak memory stays low. */
    private void drop(@Nullable Tensor t) {
        if (t == null) {
            return;
        }
        Storage storage = t.storage();
        boolean last = uses.merge(storage, -1, Integer::sum) == 0;
        if (last && !createGraph && storage.serial() > firstSerial) {
            storage.release();
        }
    }
}
