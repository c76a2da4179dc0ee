package org.atelier4j.tensor.autograd;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** One recorded application of an {@link Op}, or a leaf: a tensor whose gradient is asked for. */
public final class Node {
    private static final AtomicLong CREATED = new AtomicLong();

    private final long number = CREATED.incrementAndGet();
    private final @Nullable Op op;
    private final List<Tensor> inputs;
    private final long[] versions;
    private final List<Tensor> saved;
    private @Nullable Tensor output;
    private volatile boolean frozen;

    private Node(@Nullable Op op, List<Tensor> inputs, List<Tensor> saved) {
        this.op = op;
        this.inputs = inputs;
        this.saved = saved;
        this.versions = new long[inputs.size()];
        for (int i = 0; i < versions.length; i++) {
            versions[i] = inputs.get(i).storage().version();
        }
    }

    static Node of(Op op, List<Tensor> inputs, List<Tensor> saved) {
        return new Node(op, inputs, saved);
    }

    /** Returns a node without inputs, at which gradients arrive and end. */
    public static Node leaf() {
        return new Node(null, List.of(), List.of());
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

    /** Lets a leaf take gradients or not; how layers are frozen. */
    public void setFrozen(boolean frozen) {
        Check.state(isLeaf(), "freeze: only leaves can be frozen, got the result of %s", op == null ? "" : op.name());
        this.frozen = frozen;
    }

    /** Returns the recorded op, null for a leaf. */
    public @Nullable Op op() {
        return op;
    }

    /** Returns the inputs of the recorded call. */
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
        Check.state(
                x.storage().version() == versions[i],
                "backward of %s: input %d of shape %s was assigned a new value after it was recorded",
                op == null ? "leaf" : op.name(),
                i,
                x.shape());
        return x;
    }

    /** Returns whether the gradient of an input is asked for. */
    public boolean needsGradient(int i) {
        return inputs.get(i).node() != null;
    }

    /** Returns a tensor that the forward pass saved. */
    public Tensor saved(int i) {
        return saved.get(i);
    }

    /** Returns the result of the recorded call. */
    public Tensor output() {
        if (output == null) {
            throw new IllegalStateException("node: a leaf has no output");
        }
        return output;
    }

    void output(Tensor y) {
        output = y;
    }
}
