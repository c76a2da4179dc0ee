package org.atelier4j.train;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.atelier4j.data.Batch;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.StepStreams;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.device.cuda.CudaDevice;
import org.atelier4j.tensor.device.cuda.CudaGraph;
import org.jspecify.annotations.Nullable;

/**
 * A training step that a card runs as one graph, from random numbers to optimizer and moving average. Losses, parameters and
 * averages are those of the step run kernel by kernel, bit for bit, and the host's part is a few launches. On the host, outside
 * of a {@link org.atelier4j.tensor.device.DeviceScope}, it is the step itself.
 *
 * <pre>{@code
 * try (DeviceScope there = DeviceScope.open(Device.cuda(0));
 *         var step = CapturedStep.of(new DiffusionStep(unet::forward, loss, adam, ema, settings))) {
 *     new TrainingLoop<>(batches::next, Batch::size, step, listeners, stop).run(progress);
 * }
 * }</pre>
 *
 * <p>The first run is an ordinary one, for which kernels are compiled; the second is recorded, and so are the second ones of
 * later phases ({@link TrainStep#phase}). What changes from run to run must be known to the recording, and is: batches, which
 * must all be of one size; the rates and bias corrections of optimizers and the weights of averages; random streams that go
 * on, or are split by the number of the step ({@link StepStreams}); numbers made by {@link StepNumber}; the numbers of the
 * report. Whatever else the host computes, as other numbers and branches, is that of the recorded run. Results must not be read
 * inside; a {@link StepReport} takes them as tensors.
 *
 * @param <B> type of a batch
 */
public final class CapturedStep<B> implements TrainStep<B>, AutoCloseable {
    private final TrainStep<B> step;
    private final Function<B, List<Tensor>> parts;
    private final Function<List<Tensor>, B> whole;
    private StepStreams streams = new StepStreams();
    private @Nullable Long last;
    private long phase;
    private boolean warm;
    private boolean closed;
    private @Nullable Recording recording;

    /** A graph, the batch it reads, and the report that it writes. */
    private record Recording(CudaGraph graph, List<Tensor> batch, StepReport report) {}

    /**
     * Prepares a step; nothing is run yet.
     *
     * @param parts returns all tensors of a batch
     * @param whole makes a batch of such tensors
     */
    public CapturedStep(TrainStep<B> step, Function<B, List<Tensor>> parts, Function<List<Tensor>, B> whole) {
        this.step = step;
        this.parts = parts;
        this.whole = whole;
    }

    /** Prepares a step over labelled images. */
    public static CapturedStep<Batch> of(TrainStep<Batch> step) {
        return new CapturedStep<>(step, b -> List.of(b.images(), b.labels()), t -> new Batch(t.get(0), t.get(1)));
    }

    /**
     * Trains on one batch.
     *
     * @param number of the step, one more than that of the last run
     * @throws IllegalStateException if the step does what cannot be recorded
     */
    @Override
    public StepReport run(B batch, long number) {
        if (!(Device.current() instanceof CudaDevice card)) {
            return step.run(batch, number);
        }
        Check.state(!closed, "CapturedStep: must be open to be run, was closed");
        requireNext(number);
        if (step.phase(number) != phase) {
            forget();
            phase = step.phase(number);
        }
        if (!warm) {
            warm = true;
            return streams.watch(number, () -> runOn(card, parts.apply(batch), number));
        }
        @Nullable Recording former = recording;
        Recording recorded = former != null ? former : record(card, parts.apply(batch), number);
        recording = recorded;
        give(parts.apply(batch), recorded.batch());
        if (former != null) {
            streams.advance();
            recorded.graph().draw(draw -> streams.now(draw, number));
        }
        recorded.graph().replay();
        return recorded.report().again();
    }

    private void requireNext(long number) {
        @Nullable Long before = last;
        Check.state(
                before == null || number == before + 1,
                "CapturedStep: step %d must follow step %d, got %d",
                before == null ? number : before + 1,
                before,
                number);
        last = number;
    }

    /** Runs the step kernel by kernel, or records it. */
    private StepReport runOn(CudaDevice card, List<Tensor> batch, long number) {
        try (TensorScope scope = TensorScope.open()) {
            return step.run(whole.apply(batch.stream().map(t -> t.to(card)).toList()), number);
        }
    }

    private Recording record(CudaDevice card, List<Tensor> batch, long number) {
        List<Tensor> own = TensorScope.outside(() -> batch.stream()
                .map(t -> Tensor.empty(t.shape(), t.dtype(), card))
                .toList());
        List<StepReport> report = new ArrayList<>();
        CudaGraph graph = card.capture(() -> report.add(streams.watch(number, () -> runOn(card, own, number))));
        return new Recording(graph, own, report.get(0));
    }

    private static void give(List<Tensor> batch, List<Tensor> places) {
        List<Shape> given = batch.stream().map(Tensor::shape).toList();
        List<Shape> recorded = places.stream().map(Tensor::shape).toList();
        Check.shape(
                given.equals(recorded),
                "CapturedStep: batches must have the shapes of the recorded one, %s, got %s",
                recorded,
                given);
        for (int i = 0; i < places.size(); i++) {
            places.get(i).assign(batch.get(i));
        }
    }

    /** Frees the recording. Optimizers and streams stand where the last run left them; training can go on without it. */
    @Override
    public void close() {
        forget();
        closed = true;
    }

    private void forget() {
        if (recording != null) {
            recording.graph().close();
            recording.batch().forEach(TensorScope::discard);
            recording = null;
        }
        streams = new StepStreams();
        warm = false;
    }
}
