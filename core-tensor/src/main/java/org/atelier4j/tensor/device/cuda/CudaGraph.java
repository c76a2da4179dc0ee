package org.atelier4j.tensor.device.cuda;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.kernel.UpdateRule;

/**
 * A step, recorded once and launched as a whole: the card runs its kernels without the host's help, so that launch times,
 * which dominate small models, vanish.
 *
 * <p>A replay reads and writes the very addresses of the recording: change inputs with
 * {@link org.atelier4j.tensor.Tensor#assign}, keep inputs and results alive as long as the graph, and read results before
 * the next replay. Numbers that the host passed to kernels are those of the recording, but for two kinds that can be
 * changed between replays: positions of random streams ({@link #draw}) and the rules of optimizers ({@link #update}).
 * {@code org.atelier4j.train.CapturedStep} does both for a whole training step.
 */
public final class CudaGraph implements AutoCloseable {
    private final CudaDevice device;
    private final CudaArena.Pool pool;
    private final List<PinnedBuffer> uploads;
    private final List<Numbered<?>> numbered;
    private final long executable;
    private boolean closed;

    CudaGraph(
            CudaDevice device,
            CudaArena.Pool pool,
            List<PinnedBuffer> uploads,
            List<Numbered<?>> numbered,
            long graph) {
        this.device = device;
        this.pool = pool;
        this.uploads = uploads;
        this.numbered = new ArrayList<>(numbered);
        try {
            this.executable =
                    Driver.value("cuGraphInstantiate", out -> Driver.cuGraphInstantiateWithFlags(out, graph, 0));
        } finally {
            Driver.cuGraphDestroy(graph);
        }
    }

    /** A recorded launch of one row of blocks. */
    record Node(long handle, long blocks, int threads) {}

    /** A recorded launch that depends on a value, and how to begin it for another. */
    record Numbered<V>(V value, Function<V, Launch> again, Node node) {
        Numbered<V> with(V other, long executable) {
            again.apply(other).replace(node, executable);
            return new Numbered<>(other, again, node);
        }
    }

    /**
     * Where a recorded draw of random numbers stands.
     *
     * @param key of the stream
     * @param position first block
     */
    public record Draw(long key, long position) {}

    /** Replaces the place in its stream from which each recorded draw takes its numbers, from the next replay on. */
    public void draw(UnaryOperator<Draw> next) {
        change(Draw.class, next);
    }

    /** Replaces each rule by which recorded optimizer steps change parameters, from the next replay on. */
    public void update(UnaryOperator<UpdateRule> next) {
        change(UpdateRule.class, next);
    }

    private <V> void change(Class<V> kind, UnaryOperator<V> next) {
        requireOpen("changed");
        device.enter();
        numbered.replaceAll(n -> kind.isInstance(n.value) ? changed(n, kind, next) : n);
    }

    @SuppressWarnings("unchecked") // its value is a V, so its function takes one
    private <V> Numbered<?> changed(Numbered<?> n, Class<V> kind, UnaryOperator<V> next) {
        V before = kind.cast(n.value);
        V after = next.apply(before);
        return after.equals(before) ? n : ((Numbered<V>) n).with(after, executable);
    }

    /** Queues one run of the step. */
    public void replay() {
        requireOpen("replayed");
        device.enter();
        Driver.check("cuGraphLaunch", Driver.cuGraphLaunch(executable, device.stream()));
    }

    private void requireOpen(String what) {
        Check.state(!closed, "CudaGraph: must be open to be " + what + ", got a closed one");
    }

    /** Frees the recording and gives its memory back to the device. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            device.synchronize();
            Driver.check("cuGraphExecDestroy", Driver.cuGraphExecDestroy(executable));
            device.arena().closePool(pool);
            uploads.forEach(PinnedBuffer::close);
        }
    }
}
