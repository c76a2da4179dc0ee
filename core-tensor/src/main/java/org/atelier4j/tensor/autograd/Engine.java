package org.atelier4j.tensor.autograd;

import java.lang.ref.Reference;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.ShapeException;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.device.Storage;
import org.jspecify.annotations.Nullable;

/**
 * Reverse-mode differentiation over the recorded graph.
 *
 * <p>Nodes are visited by falling creation number with a heap, so there is no recursion and no separate topological
 * sort: whoever consumed a value was created after it.
 *
 * <p>An unrecorded pass frees as it goes. What a backward rule makes lies in a scope of its own that keeps only the
 * gradients still on their way; a gradient that was passed on is released when this pass made its memory and no other
 * gradient shares it. Values of the forward pass are older than the backward pass and never released, so a graph can be
 * differentiated again.
 */
final class Engine {
    private final boolean createGraph;
    private final Set<Node> targets;
    private final @Nullable Map<Node, boolean[]> routes;
    private final long firstSerial = Storage.lastSerial();
    private final Map<Node, Tensor> pending = new HashMap<>();
    private final Map<Storage, Integer> uses = new IdentityHashMap<>();
    private final PriorityQueue<Node> queue =
            new PriorityQueue<>(Comparator.comparingLong(Node::number).reversed());

    private Engine(boolean createGraph, Set<Node> targets, @Nullable Map<Node, boolean[]> routes) {
        this.createGraph = createGraph;
        this.targets = targets;
        this.routes = routes;
    }

    /** Runs the forward function and records it if a gradient may be asked for. */
    static Tensor apply(Op op, List<Tensor> inputs) {
        check(op, inputs);
        boolean off = NoGrad.isActive();
        long before = Storage.lastSerial();
        Op.Output out = off ? forward(op, inputs) : unrecorded(op, inputs);
        Tensor y = out.value();
        if (!off && y.dtype().isFloating() && needGradient(inputs)) {
            return Node.record(op, inputs, out.saved(), y);
        }
        forget(out, before);
        return y.detach();
    }

    private static void check(Op op, List<Tensor> inputs) {
        if (inputs.isEmpty()) {
            throw new IllegalArgumentException(op.name() + ": there must be an input, got none");
        }
        Device device = inputs.get(0).device();
        for (Tensor x : inputs) {
            if (x.device() != device) {
                throw new IllegalArgumentException(op.name() + ": inputs must be on one device, got " + device.name()
                        + " and " + x.device().name());
            }
        }
    }

    private static Op.Output unrecorded(Op op, List<Tensor> inputs) {
        try (NoGrad off = NoGrad.open()) {
            return forward(op, inputs);
        }
    }

    /** Runs the kernels; they know the inputs' memory by address, so nothing of it may be collected before they end. */
    private static Op.Output forward(Op op, List<Tensor> inputs) {
        try {
            return op.forward(inputs.get(0).device().kernels(), inputs);
        } finally {
            Reference.reachabilityFence(inputs);
        }
    }

    private static boolean needGradient(List<Tensor> inputs) {
        for (int i = 0; i < inputs.size(); i++) { // an iterator would be garbage of every op
            if (inputs.get(i).node() != null) {
                return true;
            }
        }
        return false;
    }

    /** Frees what was saved for a backward pass that will not come. */
    private static void forget(Op.Output out, long before) {
        for (Tensor saved : out.saved()) {
            Storage storage = saved.storage();
            if (storage.serial() > before && storage != out.value().storage()) {
                storage.release();
            }
        }
    }

    /** Returns the gradients of {@code Σ y ⊙ dy} for all leaves on which y depends. */
    static Map<Node, Tensor> toLeaves(Tensor y, Tensor dy, boolean createGraph) {
        return new Engine(createGraph, Set.of(), null).run(place(y), dy);
    }

    /**
     * Returns the gradients for some nodes only; branches of the graph that lead to none of them are not visited.
     *
     * @param border nodes behind which nothing is visited
     */
    static Map<Node, Tensor> to(Set<Node> targets, Set<Node> border, Tensor y, Tensor dy, boolean createGraph) {
        Node root = place(y);
        return new Engine(createGraph, targets, Routes.to(targets, root, border)).run(root, dy);
    }

    private static Node place(Tensor y) {
        Node node = y.node();
        if (node == null) {
            throw new IllegalArgumentException(
                    "backward: the value depends on no tensor that requires a gradient, shape " + y.shape());
        }
        return node;
    }

    private Map<Node, Tensor> run(Node root, Tensor dy) {
        Map<Node, Tensor> results = new HashMap<>();
        try (NoGrad mode = createGraph ? NoGrad.lifted() : NoGrad.open()) {
            arrive(root, dy);
            while (!queue.isEmpty()) {
                Node node = queue.poll();
                Tensor arrived = pending.remove(node);
                boolean result = routes == null ? node.isLeaf() : targets.contains(node);
                if (result) {
                    results.put(node, arrived);
                }
                visit(node, arrived);
                if (!result) {
                    drop(arrived);
                }
            }
        }
        return results;
    }

    private void visit(Node node, Tensor dy) {
        boolean @Nullable [] leads = routes == null ? null : routes.get(node);
        Op op = node.op();
        if (op == null || routes != null && leads == null) {
            return;
        }
        Node seen = leads == null ? node : node.wanting(leads);
        if (createGraph) {
            distribute(seen, op, op.backward(seen, dy));
            return;
        }
        long before = Storage.lastSerial();
        try (TensorScope scope = TensorScope.open()) {
            distribute(seen, op, op.backward(seen, dy));
            for (int i = 0; i < node.inputs().size(); i++) {
                Node target = node.inputs().get(i).node();
                Tensor underway = target == null ? null : pending.get(target);
                if (underway != null && underway.storage().serial() > before) { // else it is of an outer scope
                    scope.keep(underway);
                }
            }
        }
    }

    private void distribute(Node node, Op op, List<Tensor> gradients) {
        List<Tensor> inputs = node.inputs();
        if (gradients.size() != inputs.size()) {
            throw new IllegalStateException(
                    "backward of %s: there must be one gradient (or null) for each of the %d inputs, got %d"
                            .formatted(op.name(), inputs.size(), gradients.size()));
        }
        for (int i = 0; i < inputs.size(); i++) {
            Tensor x = inputs.get(i);
            Node target = x.node();
            Tensor g = gradients.get(i);
            if (g != null && target != null && node.needsGradient(i)) {
                if (g.dtype() != x.dtype()) {
                    throw new IllegalStateException("backward of %s: gradient %d must have the input's dtype %s, got %s"
                            .formatted(op.name(), i, x.dtype(), g.dtype()));
                }
                arrive(target, unbroadcast(op, g, x.shape()));
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
    private static Tensor unbroadcast(Op op, Tensor gradient, Shape shape) {
        if (gradient.shape().equals(shape)) {
            return gradient;
        }
        try {
            return gradient.sumTo(shape);
        } catch (ShapeException e) {
            throw new ShapeException("backward of " + op.name() + ": gradient must have the input's shape " + shape
                    + " or one it broadcasts to, got " + gradient.shape());
        }
    }

    private void hold(Tensor t) {
        uses.merge(t.storage(), 1, Integer::sum);
    }

    /** Frees a gradient at once when this pass made it and nothing else looks at it: peak memory stays low. */
    private void drop(Tensor t) {
        Storage storage = t.storage();
        Integer left = uses.merge(storage, -1, (a, b) -> a + b == 0 ? null : a + b);
        if (left == null && !createGraph && storage.serial() > firstSerial) {
            storage.release();
        }
    }
}
