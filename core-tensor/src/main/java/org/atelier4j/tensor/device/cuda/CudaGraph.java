package org.atelier4j.tensor.device.cuda;

import java.util.List;

/**
 * A step, recorded once and launched as a whole: the card runs its kernels without the host's help, so that launch times,
 * which dominate small models, vanish.
 *
 * <p>A replay reads and writes the very addresses of the recording: change inputs with
 * {@link org.atelier4j.tensor.Tensor#assign}, keep inputs and results alive as long as the graph, and read results before
 * the next replay. Numbers that the host passed to kernels, as learning rates and positions of random streams, are those
 * of the recording.
 */
public final class CudaGraph implements AutoCloseable {
    private final CudaDevice device;
    private final CudaArena.Pool pool;
    private final List<PinnedBuffer> uploads;
    private final long executable;
    private boolean closed;

    CudaGraph(CudaDevice device, CudaArena.Pool pool, List<PinnedBuffer> uploads, long graph) {
        this.device = device;
        this.pool = pool;
        this.uploads = uploads;
        try {
            this.executable =
                    Driver.value("cuGraphInstantiate", out -> Driver.cuGraphInstantiateWithFlags(out, graph, 0));
        } finally {
            Driver.cuGraphDestroy(graph);
        }
    }

    /** Queues one run of the step. */
    public void replay() {
        if (closed) {
            throw new IllegalStateException("CudaGraph: must be open to be replayed, got a closed one");
        }
        device.enter();
        Driver.check("cuGraphLaunch", Driver.cuGraphLaunch(executable, device.stream()));
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
