package org.atelier4j.optim;

import org.atelier4j.tensor.Check;

/**
 * The learning rate η as a pure function of the number of updates done before: the first update uses {@code at(0)}.
 *
 * <pre>{@code
 * LearningRate rate = LearningRate.cosine(2e-4, 1e-6, 10_000).warmUp(500);
 * }</pre>
 *
 * <p>The schedules here are records, so that a configuration prints and compares; any function will do.
 */
@FunctionalInterface
public interface LearningRate {

    /** Returns η for update {@code step}, counted from 0. */
    double at(long step);

    /** Returns the same rate for all steps. */
    static LearningRate constant(double rate) {
        return new Constant(rate);
    }

    /**
     * Returns half a cosine from {@code high} down to {@code low}, which then stays (Loshchilov, Hutter 2016, eq. 5, without
     * restarts): {@code low + (high − low)(1 + cos(π·step/steps))/2}.
     *
     * @param steps length of the fall, ≥ 1
     */
    static LearningRate cosine(double high, double low, long steps) {
        return new Cosine(high, low, steps);
    }

    /** Returns a line from {@code high} at step 0 to {@code low} at {@code steps}, which then stays. */
    static LearningRate linear(double high, double low, long steps) {
        return new Linear(high, low, steps);
    }

    /** Returns {@code rate·factor^⌊step/every⌋}. */
    static LearningRate stepped(double rate, double factor, long every) {
        return new Stepped(rate, factor, every);
    }

    /** Returns {@code rate·√(from/max(step + 1, from))}: constant up to step {@code from}, then falling as 1/√step. */
    static LearningRate inverseSquareRoot(double rate, long from) {
        return new InverseSquareRoot(rate, from);
    }

    /** Returns this rate times {@code min(1, (step + 1)/steps)}: a linear rise during the first updates. */
    default LearningRate warmUp(long steps) {
        return new WarmUp(this, steps);
    }

    /** Returns this rate for the first {@code steps} updates, and then {@code next}, which counts from 0 again. */
    default LearningRate then(long steps, LearningRate next) {
        return new Then(this, steps, next);
    }

    /** Returns this rate times a factor. */
    default LearningRate times(double factor) {
        return new Times(this, factor);
    }

    /** See {@link LearningRate#constant}. */
    record Constant(double rate) implements LearningRate {
        /** Checks the rate. */
        public Constant {
            Check.that(rate >= 0, "LearningRate: rate must be >= 0, got %s", rate);
        }

        @Override
        public double at(long step) {
            return rate;
        }
    }

    /** See {@link LearningRate#cosine}. */
    record Cosine(double high, double low, long steps) implements LearningRate {
        /** Checks the length. */
        public Cosine {
            Check.that(steps >= 1, "LearningRate.cosine: steps must be >= 1, got %d", steps);
        }

        @Override
        public double at(long step) {
            double part = Math.min(1, (double) step / steps);
            return low + (high - low) * (1 + Math.cos(Math.PI * part)) / 2;
        }
    }

    /** See {@link LearningRate#linear}. */
    record Linear(double high, double low, long steps) implements LearningRate {
        /** Checks the length. */
        public Linear {
            Check.that(steps >= 1, "LearningRate.linear: steps must be >= 1, got %d", steps);
        }

        @Override
        public double at(long step) {
            return high + (low - high) * Math.min(1, (double) step / steps);
        }
    }

    /** See {@link LearningRate#stepped}. */
    record Stepped(double rate, double factor, long every) implements LearningRate {
        /** Checks the length. */
        public Stepped {
            Check.that(every >= 1, "LearningRate.stepped: every must be >= 1, got %d", every);
        }

        @Override
        public double at(long step) {
            return rate * Math.pow(factor, step / every);
        }
    }

    /** See {@link LearningRate#inverseSquareRoot}. */
    record InverseSquareRoot(double rate, long from) implements LearningRate {
        /** Checks the start. */
        public InverseSquareRoot {
            Check.that(from >= 1, "LearningRate.inverseSquareRoot: from must be >= 1, got %d", from);
        }

        @Override
        public double at(long step) {
            return rate * Math.sqrt((double) from / Math.max(step + 1, from));
        }
    }

    /** See {@link LearningRate#warmUp}. */
    record WarmUp(LearningRate after, long steps) implements LearningRate {
        /** Checks the length. */
        public WarmUp {
            Check.that(steps >= 1, "LearningRate.warmUp: steps must be >= 1, got %d", steps);
        }

        @Override
        public double at(long step) {
            return after.at(step) * Math.min(1, (step + 1.0) / steps);
        }
    }

    /** See {@link LearningRate#then}. */
    record Then(LearningRate first, long steps, LearningRate next) implements LearningRate {
        @Override
        public double at(long step) {
            return step < steps ? first.at(step) : next.at(step - steps);
        }
    }

    /** See {@link LearningRate#times}. */
    record Times(LearningRate rate, double factor) implements LearningRate {
        @Override
        public double at(long step) {
            return factor * rate.at(step);
        }
    }
}
