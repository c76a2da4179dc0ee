package org.atelier4j.tensor;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.atelier4j.tensor.device.cuda.CudaGraph.Draw;
import org.jspecify.annotations.Nullable;

/**
 * The random streams of a step that is run again and again: from two runs that it watched, it knows those of every later one,
 * which a recording that is replayed must be told.
 *
 * <p>A stream that outlives the step goes on from run to run. A stream that the step makes is that of a later run, with the
 * step's number wherever the two runs differed by their numbers: {@code rng.split(step).split("noise")}.
 */
public final class StepStreams {
    private @Nullable Run first;
    private @Nullable Run second;
    private final Map<Long, Stream> byKey = new HashMap<>();

    /** A watched run with the streams it drew from, in the order of their first draws. */
    private record Run(long number, List<Use> uses) {}

    /** What a run drew from a stream: {@code blocks} from {@code start} on. */
    private record Use(Rng stream, long start, long blocks) {}

    /** How a stream goes from the second run to later ones. */
    private sealed interface Stream {
        /** Returns where a draw of the second run stands in the present one. */
        Draw now(Draw recorded, long number);
    }

    /** A stream that goes on. */
    private record Lasting(Use use) implements Stream {
        void advance() {
            use.stream().seek(use.stream().position() + use.blocks());
        }

        @Override
        public Draw now(Draw recorded, long number) {
            long run = use.stream().position() - use.blocks() - use.start();
            return new Draw(recorded.key(), recorded.position() + run);
        }
    }

    /** A stream that each run makes anew. */
    private record Made(Rng first, long firstNumber, Rng second, long secondNumber) implements Stream {
        @Override
        public Draw now(Draw recorded, long number) {
            return new Draw(of(first, second, number).key(), recorded.position());
        }

        private Rng of(Rng a, Rng b, long number) {
            @Nullable Rng parentOfA = a.parent();
            @Nullable Rng parentOfB = b.parent();
            if (a == b || parentOfA == null || parentOfB == null) {
                requireAlike(a.key() == b.key(), a, b);
                return b;
            }
            Rng parent = of(parentOfA, parentOfB, number);
            Object name = Objects.requireNonNull(b.name());
            if (!name.equals(a.name())) {
                requireAlike(Objects.equals(a.name(), firstNumber) && name.equals(secondNumber), a, b);
                name = number;
            }
            return name instanceof String text ? parent.split(text) : parent.split((Long) name);
        }

        private static void requireAlike(boolean alike, Rng a, Rng b) {
            Check.state(
                    alike,
                    "StepStreams: what differs between the streams of two runs must be the step's number, got keys %d and %d",
                    a.key(),
                    b.key());
        }
    }

    /** Runs the step and watches it: the first and the second run. */
    public <T> T watch(long number, Supplier<T> step) {
        Check.state(second == null, "StepStreams: two runs are watched, got a third");
        Map<Rng, Long> starts = new LinkedHashMap<>();
        T result = Rng.watched(starts, step);
        List<Use> uses = new ArrayList<>();
        starts.forEach((rng, start) -> uses.add(new Use(rng, start, rng.position() - start)));
        Run run = new Run(number, uses);
        if (first == null) {
            first = run;
        } else {
            second = run;
            understand(first, second);
        }
        return result;
    }

    private void understand(Run a, Run b) {
        Check.state(
                a.uses().size() == b.uses().size(),
                "StepStreams: each run must draw from as many streams, got %d and %d",
                a.uses().size(),
                b.uses().size());
        for (int i = 0; i < b.uses().size(); i++) {
            Use before = a.uses().get(i);
            Use use = b.uses().get(i);
            Stream stream = before.stream() == use.stream()
                    ? new Lasting(use)
                    : new Made(before.stream(), a.number(), use.stream(), b.number());
            Draw start = new Draw(use.stream().key(), use.start());
            Stream other = byKey.putIfAbsent(use.stream().key(), stream);
            Check.state(
                    other == null
                            || stream instanceof Made
                                    && other instanceof Made
                                    && stream.now(start, b.number() + 1).equals(other.now(start, b.number() + 1)),
                    "StepStreams: different streams must have different keys, got %d twice",
                    use.stream().key());
            stream.now(start, b.number() + 1); // refuses what it does not understand
        }
    }

    /** Moves the streams that go on as a run of the step would. */
    public void advance() {
        byKey.values().forEach(stream -> {
            if (stream instanceof Lasting lasting) {
                lasting.advance();
            }
        });
    }

    /**
     * Returns where a draw of the second run stands in the run to which the streams were last advanced.
     *
     * @param number of that run
     */
    public Draw now(Draw recorded, long number) {
        Stream stream = byKey.get(recorded.key());
        Check.state(
                stream != null, "StepStreams: the draw must be of the second run, got one of key %d", recorded.key());
        return Objects.requireNonNull(stream).now(recorded, number);
    }
}
