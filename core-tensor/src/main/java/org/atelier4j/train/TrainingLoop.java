package org.atelier4j.train;

import java.util.List;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import org.atelier4j.tensor.TensorScope;

/**
 * The order of training and nothing else: next batch → {@link TrainStep#run} → listeners → stop?
 *
 * <p>It knows no model, loss or optimizer, therefore GANs (two optimizers), diffusion and radiance fields share it. Each
 * step runs inside a {@link TensorScope}: whatever the batch and the step made returns to the pool after the listeners
 * have seen the report.
 *
 * <pre>{@code
 * var loop = new TrainingLoop<>(batches::next, Batch::size, step, List.of(log, checkpoints), new StopSignal());
 * loop.run(TrainingProgress.start(TrainingLength.steps(2000)));
 * }</pre>
 *
 * @param <B> type of a batch
 */
public final class TrainingLoop<B> {
    private final Supplier<B> batches;
    private final ToIntFunction<B> size;
    private final TrainStep<B> step;
    private final List<StepListener> listeners;
    private final StopSignal stop;

    /**
     * Makes a loop.
     *
     * @param batches gives the next batch, without end
     * @param size returns the number of images of a batch
     * @param step what to do with it
     * @param listeners called in this order; put {@link DivergenceStop} before {@link Checkpoints}, so that numbers gone
     *     bad are not saved
     * @param stop asked after each step
     */
    public TrainingLoop(
            Supplier<B> batches,
            ToIntFunction<B> size,
            TrainStep<B> step,
            List<? extends StepListener> listeners,
            StopSignal stop) {
        this.batches = batches;
        this.size = size;
        this.step = step;
        this.listeners = List.copyOf(listeners);
        this.stop = stop;
    }

    /**
     * Trains from {@code from} to its length or until the stop signal, and returns how far it came.
     *
     * @param from {@link TrainingProgress#start} or what {@link Checkpoints#resume} returned
     */
    public TrainingProgress run(TrainingProgress from) {
        TrainingProgress progress = from;
        try (Closing closing = this::close) {
            for (StepListener listener : listeners) {
                listener.started(progress);
            }
            while (!progress.isComplete() && !stop.isRequested()) {
                progress = step(progress);
            }
            for (StepListener listener : listeners) {
                listener.finished(progress);
            }
        }
        return progress;
    }

    private TrainingProgress step(TrainingProgress before) {
        long start = System.nanoTime();
        try (TensorScope scope = TensorScope.open()) {
            B batch = batches.get();
            StepReport report = step.run(batch, before.step());
            TrainingProgress after = before.plus(size.applyAsInt(batch), (System.nanoTime() - start) * 1e-9);
            for (StepListener listener : listeners) {
                listener.stepped(after, report);
            }
            return after;
        }
    }

    /** Closes every listener even where one of them fails. */
    private void close() {
        RuntimeException first = null;
        for (StepListener listener : listeners) {
            try {
                listener.close();
            } catch (RuntimeException e) {
                if (first == null) {
                    first = e;
                } else {
                    first.addSuppressed(e);
                }
            }
        }
        if (first != null) {
            throw first;
        }
    }

    private interface Closing extends AutoCloseable {
        @Override
        void close();
    }
}
