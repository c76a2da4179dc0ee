package org.atelier4j.train;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.atelier4j.optim.Optimizer;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.device.cuda.CudaDevice;
import org.atelier4j.tensor.device.cuda.CudaGraph;
import org.atelier4j.tensor.kernel.UpdateRule;
import org.jspecify.annotations.Nullable;

/**
 * A whole training step on a card, from random numbers to the optimizer, replayed as one graph: the numbers are those of the
 * same step run kernel by kernel, and the host's part is a single launch.
 *
 * <pre>{@code
 * Tensor images = …, loss = Tensor.zeros();              // live as long as the step
 * Rng noise = Rng.of(7);
 * try (CapturedStep step = new CapturedStep(card, List.of(adam), List.of(noise), () -> {
 *     try (TensorScope scope = TensorScope.open()) {
 *         Tensor l = loss(model, images, noise);
 *         adam.step(l.backward());
 *         loss.assign(l);
 *     }
 * })) {
 *     for (Tensor batch : batches) {
 *         images.assign(batch);
 *         step.run();
 *     }
 * }
 * }</pre>
 *
 * <p>The first run is an ordinary one, for which kernels are compiled; the second is recorded. What changes from run to run
 * must be known to the recording: batches come by {@code assign}; streams go on where they stood, so draw from streams that
 * were made outside the step and do not split them by its number; optimizers take their next rate and bias corrections.
 * Whatever else the host computes, as sizes and branches, is that of the second run, and results must not be read inside:
 * neither {@code item()} nor clipping, which looks at the norm.
 */
public final class CapturedStep implements AutoCloseable {
    private final CudaDevice card;
    private final List<Optimizer> optimizers;
    private final List<Rng> streams;
    private final Runnable step;
    private final Map<Rng, Long> blocks = new IdentityHashMap<>();
    private boolean warm;
    private @Nullable CudaGraph graph;

    /**
     * Prepares a step; nothing is run yet.
     *
     * @param optimizers that the step steps, each once and in this order
     * @param streams made outside of the step, from which it draws; all of them, with different keys
     */
    public CapturedStep(CudaDevice card, List<? extends Optimizer> optimizers, List<Rng> streams, Runnable step) {
        Check.that(
                streams.stream().map(Rng::key).distinct().count() == streams.size(),
                "CapturedStep: streams must have different keys, got %s",
                streams.stream().map(Rng::key).toList());
        this.card = card;
        this.optimizers = List.copyOf(optimizers);
        this.streams = List.copyOf(streams);
        this.step = step;
    }

    /** Trains one step further. */
    public void run() {
        if (!warm) {
            step.run();
            warm = true;
        } else if (graph == null) {
            graph = record();
            graph.replay();
        } else {
            goOn(graph);
            graph.replay();
        }
    }

    private CudaGraph record() {
        Map<Rng, Long> before = new IdentityHashMap<>();
        streams.forEach(rng -> before.put(rng, rng.position()));
        List<Long> steps = optimizers.stream().map(Optimizer::steps).toList();
        CudaGraph recorded = card.capture(step);
        before.forEach((rng, position) -> blocks.put(rng, rng.position() - position));
        for (int i = 0; i < steps.size(); i++) {
            long done = optimizers.get(i).steps() - steps.get(i);
            if (done != 1) {
                recorded.close();
                throw new IllegalStateException(
                        "CapturedStep: the step must step every optimizer of the list once, got " + done
                                + " steps of number " + i);
            }
        }
        return recorded;
    }

    /** Moves streams and optimizers by one step and tells the recording. */
    private void goOn(CudaGraph recorded) {
        Map<Long, Long> byKey = new HashMap<>();
        blocks.forEach((rng, count) -> {
            rng.seek(rng.position() + count);
            byKey.put(rng.key(), count);
        });
        recorded.draw(draw -> {
            Check.state(
                    byKey.containsKey(draw.key()),
                    "CapturedStep: the list must name every stream that the step draws from, got a draw of key %d",
                    draw.key());
            return new CudaGraph.Draw(draw.key(), draw.position() + byKey.get(draw.key()));
        });
        List<UpdateRule> rules = new ArrayList<>();
        optimizers.forEach(optimizer -> rules.add(optimizer.countStep()));
        Rules told = new Rules(rules);
        recorded.update(told);
        Check.state(
                told.at == rules.size() - 1,
                "CapturedStep: each of the %d optimizers of the list must have parameters to step, got %d that have",
                rules.size(),
                told.at + 1);
    }

    /** Gives the recorded launches, which stand in the order of the optimizers, their rules; equal ones belong together. */
    private static final class Rules implements UnaryOperator<UpdateRule> {
        private final List<UpdateRule> next;
        private int at = -1;
        private @Nullable UpdateRule last;

        Rules(List<UpdateRule> next) {
            this.next = next;
        }

        @Override
        public UpdateRule apply(UpdateRule recorded) {
            if (recorded != last) { // the same object: one step of one optimizer, in several launches
                last = recorded;
                at++;
            }
            Check.state(
                    at < next.size(),
                    "CapturedStep: the list must name all %d optimizers of the step, got %d",
                    at + 1,
                    next.size());
            return next.get(at);
        }
    }

    /** Frees the recording. The optimizers stand where the last run left them; training can go on without it. */
    @Override
    public void close() {
        if (graph != null) {
            graph.close();
        }
    }
}
