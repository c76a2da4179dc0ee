package org.atelier4j.tensor.device.cuda;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.atelier4j.tensor.Check;

/**
 * A step, recorded once and launched as a whole: the card runs its kernels without the host's help, so that launch times,
 * which dominate small models, vanish.
 *
 * <p>A replay reads and writes the very addresses of the recording: change inputs with
 * {@link org.atelier4j.tensor.Tensor#assign}, keep inputs and results alive as long as the graph, and read results before
 * the next replay. Numbers that the host passed to kernels are those of the recording, but for two kinds: those that were said
 * to go on, as rules of optimizers ({@link CudaDevice#renew}), and positions of random streams, which can be changed between
 * replays ({@link #draw}). {@code org.atelier4j.train.CapturedStep} makes a whole training step of it.
 */
public final class CudaGraph implements AutoCloseable {
    private final CudaDevice device;
    private final CudaArena.Pool pool;
    private final List<PinnedBuffer> uploads;
    private final List<Numbered<?>> numbered;
    private final List<Renewal<?>> renewals;
    private final long graph; // whose nodes the executable is changed by: they live as long as it does
    private final long executable;
    private boolean replayed;
    private boolean closed;

    CudaGraph(
            CudaDevice device,
            CudaArena.Pool pool,
            List<PinnedBuffer> uploads,
            List<Numbered<?>> numbered,
            List<Renewal<?>> renewals,
            long graph) {
        this.device = device;
        this.pool = pool;
        this.uploads = uploads;
        this.numbered = new ArrayList<>(numbered);
        this.renewals = List.copyOf(renewals);
        this.graph = graph;
        try {
            executable = Driver.value("cuGraphInstantiate", out -> Driver.cuGraphInstantiateWithFlags(out, graph, 0));
        } catch (CudaException e) {
            release();
            throw e;
        }
    }

    /** A recorded launch of one row of blocks. */
    record Node(long handle, long blocks, int threads) {}

    /**
     * A recorded launch that depends on a value.
     *
     * @param recorded the value of the recording
     * @param present the value of the last replay
     * @param again begins the launch for another value
     */
    record Numbered<V>(V recorded, V present, Function<V, Launch> again, Node node) {
        Numbered<V> with(V next, long executable) {
            if (next.equals(present)) {
                return this;
            }
            again.apply(next).replace(node, executable);
            return new Numbered<>(recorded, next, again, node);
        }
    }

    /** A value of the recording that is another one in each replay. */
    record Renewal<V>(V recorded, Supplier<V> next) {}

    /**
     * Where a recorded draw of random numbers stands.
     *
     * @param key of the stream
     * @param position first block
     */
    public record Draw(long key, long position) {}

    /**
     * Replaces the place from which each recorded draw takes its numbers, from the next replay on.
     *
     * @param now the new place of a draw, for that of the recording
     */
    public void draw(UnaryOperator<Draw> now) {
        requireOpen("changed");
        device.enter();
        numbered.replaceAll(n -> n.recorded() instanceof Draw draw ? with(n, now.apply(draw)) : n);
    }

    /** Queues one run of the step. */
    public void replay() {
        requireOpen("replayed");
        Driver.check("cuGraphLaunch", device.ask(() -> {
            if (replayed) {
                renewals.forEach(this::renew);
            }
            replayed = true;
            return Driver.cuGraphLaunch(executable, device.stream());
        }));
    }

    private void renew(Renewal<?> renewal) {
        Object next = renewal.next().get();
        numbered.replaceAll(n -> n.recorded() == renewal.recorded() ? with(n, next) : n);
    }

    @SuppressWarnings("unchecked") // a value is followed by others of its type
    private <V> Numbered<V> with(Numbered<V> n, Object next) {
        return n.with((V) next, executable);
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
            release();
        }
    }

    private void release() {
        Driver.check("cuGraphDestroy", Driver.cuGraphDestroy(graph));
        device.arena().closePool(pool);
        uploads.forEach(PinnedBuffer::close);
    }
}
