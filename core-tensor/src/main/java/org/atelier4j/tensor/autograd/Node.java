package org.atelier4j.tensor.autograd;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * One recorded application of an {@link Op}, or a leaf: a tensor whose gradient is asked for.
 *
 * <p>A node holds what its op's backward rule may read: inputs, output and saved tensors, each with the version that its
 * memory had. A tensor that was assigned a new value since is refused, never silently used.
 */
public final class Node {
    private static final AtomicLong CREATED = new AtomicLong();
    private static final long[] NONE = {};

    private final long number;
    private final @Nullable Op op;
    private final List<Tensor> inputs;
    private final List<Tensor> saved;
    private final long[] inputVersions;
    private final long[] savedVersions;
    private final boolean @Nullable [] wanted;
    private @Nullable Tensor output;
    private long outputVersion;
    private volatile boolean frozen;

    private Node(@Nullable Op op, List<Tensor> inputs, List<Tensor> saved) {
        this.number = CREATED.incrementAndGet();
        this.op = op;
        this.inputs = inputs;
        this.saved = saved;
        this.inputVersions = versions(inputs);
        this.savedVersions = versions(saved);
        this.wanted = null;
    }

    private Node(Node original, boolean[] wanted) {
        this.number = original.number;
        this.op = original.op;
        this.inputs = original.inputs;
        this.saved = original.saved;
        this.inputVersions = original.inputVersions;
        this.savedVersions = original.savedVersions;
        this.output = original.output;
        this.outputVersion = original.outputVersion;
        this.wanted = wanted;
    }

    /** Returns {@code y}, the result of {@code op}, as a tensor with a place in the graph. */
    static Tensor record(Op op, List<Tensor> inputs, List<Tensor> saved, Tensor y) {
        Node node = new Node(op, inputs, saved);
        Tensor recorded = y.withNode(node);
        node.output = recorded;
        node.outputVersion = y.storage().version();
        return recorded;
    }

    /** Returns a node without inputs, at which gradients arrive and end. */
    public static Node leaf() {
        return new Node(null, List.of(), List.of());
    }

    /** Returns the number of the node created last in this process. */
    static long lastNumber() {
        return CREATED.get();
    }

    /** Returns this node as a backward rule sees it when only some of its inputs' gradients are wanted. */
    Node wanting(boolean[] inputsWanted) {
        return new Node(this, inputsWanted);
    }

    /** Returns the number of this node in order of creation: inputs always have smaller ones. */
    public long number() {
        return number;
    }

    /** Returns whether gradients end here. */
    public boolean isLeaf() {
        return op == null;
    }

    /** Returns whether this leaf takes no gradient at present, so that nothing is recorded for it. */
    public boolean isFrozen() {
        return frozen;
    }

    /** Lets a leaf take gradients or not; how layers are frozen. Both recording and backward passes look at it. */
    public void setFrozen(boolean frozen) {
        Check.state(isLeaf(), "freeze: only leaves can be frozen, got the result of %s", op == null ? "" : op.name());
        this.frozen = frozen;
    }

    /** Returns the recorded op, null for a leaf. */
    public @Nullable Op op() {
        return op;
    }

    /** Returns the inputs of the recorded call, for their shapes and places; read values through {@link #input}. */
    public List<Tensor> inputs() {
        return inputs;
    }

    /**
     * Returns an input of the recorded call.
     *
     * @throws IllegalStateException if its value was assigned since
     */
    public Tensor input(int i) {
        Tensor x = inputs.get(i);
        if (x.storage().version() != inputVersions[i]) {
            throw assigned("input " + i, x);
        }
        return x;
    }

    /** Returns whether the gradient of an input is asked for. */
    public boolean needsGradient(int i) {
        return wanted == null ? inputs.get(i).node() != null : wanted[i];
    }

    /**
     * Returns a tensor that the forward pass saved.
     *
     * @throws IllegalStateException if its value was assigned since
     */
    public Tensor saved(int i) {
        Tensor x = saved.get(i);
        if (x.storage().version() != savedVersions[i]) {
            throw assigned("saved tensor " + i, x);
        }
        return x;
    }

    /**
     * Returns the result of the recorded call.
     *
     * @throws IllegalStateException if its value was assigned since, or if this is a leaf
     */
    public Tensor output() {
        if (output == null) {
            throw new IllegalStateException("node: a leaf has no output");
        }
        if (output.storage().version() != outputVersion) {
            throw assigned("the output", output);
        }
        return output;
    }

    private IllegalStateException assigned(String what, Tensor x) {
        return new IllegalStateException("backward of %s: %s of shape %s was assigned a new value after it was recorded"
                .formatted(op == null ? "leaf" : op.name(), what, x.shape()));
    }

    private static long[] versions(List<Tensor> tensors) {
        if (tensors.isEmpty()) {
            return NONE;
        }
        long[] versions = new long[tensors.size()];
        for (int i = 0; i < versions.length; i++) {
            versions[i] = tensors.get(i).storage().version();
        }
        return versions;
    }

    /** Returns the op with its parameters and this node's number; inputs are not followed. */
    @Override
    public String toString() {
        return (op == null ? "leaf" : op.toString()) + " #" + number;
    }
}
