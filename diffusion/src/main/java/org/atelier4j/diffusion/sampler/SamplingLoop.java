package org.atelier4j.diffusion.sampler;

import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.atelier4j.tensor.Expression;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;
import org.jspecify.annotations.Nullable;

/** What all samplers share: steps in order, each unrecorded in memory of its own, and a listener between them. */
final class SamplingLoop {
    private SamplingLoop() {}

    /**
     * Where a sampler stands between two steps.
     *
     * @param x noisy images
     * @param x0 the estimate of the data that led here, null before the first step
     */
    record State(Tensor x, @Nullable Tensor x0) {

        /** Computes the next state in one pass, whatever it is made of. */
        static State of(Expression x, Expression x0) {
            List<Tensor> made = Expression.evaluate(x, x0);
            return new State(made.get(0), made.get(1));
        }
    }

    /** One step; {@code i} counts from 0. The result has an estimate. */
    @FunctionalInterface
    interface Step {
        State from(State state, int i);
    }

    /** Runs the steps from {@code start}, which stays; returns the last x. */
    static Tensor run(int steps, Tensor start, SamplingListener listener, Step step) {
        State state = new State(start, null);
        for (int i = 0; i < steps; i++) {
            State next;
            try (NoGrad off = NoGrad.open();
                    TensorScope scope = TensorScope.open()) {
                next = step.from(state, i);
                scope.keep(next.x());
                scope.keep(estimate(next));
            }
            if (i > 0) {
                discard(state.x(), start, next);
                discard(estimate(state), start, next);
            }
            state = next;
            if (!listener.onStep(new SamplingListener.Progress(i + 1, steps, estimate(next)))) {
                throw new CancellationException("sampling was cancelled after step " + (i + 1) + " of " + steps);
            }
        }
        return state.x();
    }

    /** Returns one time for all images, of x's element type. */
    static Tensor time(double value, Tensor x) {
        return Tensor.full(value, x.dtype(), Shape.of(x.dim(0)));
    }

    private static Tensor estimate(State state) {
        Tensor x0 = state.x0();
        if (x0 == null) {
            throw new IllegalStateException("a sampler's step must leave an estimate");
        }
        return x0;
    }

    /** Frees what a step no longer needs, unless the start or the next state looks at the same memory. */
    private static void discard(Tensor old, Tensor start, State next) {
        boolean shared = Stream.of(start, next.x(), estimate(next)).anyMatch(t -> t.storage() == old.storage());
        if (!shared) {
            TensorScope.discard(old);
        }
    }
}
