package org.atelier4j.train;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.DoubleSupplier;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.Device;
import org.jspecify.annotations.Nullable;

/**
 * Named numbers of one step, as loss and gradient norm, in a fixed order. Numbers on a card are copied there and read when
 * they are first asked for, so that a step which reports them does not wait.
 */
public final class StepReport {
    private final Map<String, Entry> entries;
    private @Nullable Map<String, Double> scalars;

    private StepReport(Map<String, Entry> entries) {
        this.entries = entries;
    }

    /** A number. */
    private sealed interface Entry {
        double read();

        /** Returns the same number of the present run, if this was recorded and runs again. */
        Entry again();
    }

    private record Known(double read, DoubleSupplier source) implements Entry {
        @Override
        public Entry again() {
            return new Known(source.getAsDouble(), source);
        }
    }

    private record OnCard(Tensor copy) implements Entry {
        static OnCard of(Tensor x) {
            return new OnCard(TensorScope.outside(x::copy));
        }

        @Override
        public double read() {
            return copy.item();
        }

        @Override
        public Entry again() {
            return of(copy);
        }
    }

    /** Returns a report of nothing. */
    public static StepReport empty() {
        return new StepReport(Map.of());
    }

    /** Returns a report of one number. */
    public static StepReport of(String name, double value) {
        return empty().with(name, value);
    }

    /** Returns a report of one number, that of a tensor of one element. */
    public static StepReport of(String name, Tensor value) {
        return empty().with(name, value);
    }

    /** Returns this report with one more number. */
    public StepReport with(String name, double value) {
        return with(name, () -> value);
    }

    /** Returns this report with one more number, asked for now, and again whenever a recorded step is replayed. */
    public StepReport with(String name, DoubleSupplier value) {
        return with(name, new Known(value.getAsDouble(), value));
    }

    /** Returns this report with one more number, that of a tensor of one element. */
    public StepReport with(String name, Tensor value) {
        Check.shape(value.size() == 1, "StepReport: %s must be one number, got shape %s", name, value.shape());
        return value.device() == Device.cpu() ? with(name, value.item()) : with(name, OnCard.of(value.detach()));
    }

    private StepReport with(String name, Entry entry) {
        Map<String, Entry> more = new LinkedHashMap<>(entries);
        more.put(name, entry);
        return new StepReport(more);
    }

    /** Returns the report of the present run of a step that was recorded with this one. */
    StepReport again() {
        Map<String, Entry> now = new LinkedHashMap<>();
        entries.forEach((name, entry) -> now.put(name, entry.again()));
        return new StepReport(now);
    }

    /** Returns all numbers, by name. */
    public synchronized Map<String, Double> scalars() {
        if (scalars == null) {
            Map<String, Double> read = new LinkedHashMap<>();
            entries.forEach((name, entry) -> read.put(name, entry.read()));
            scalars = Collections.unmodifiableMap(read);
        }
        return scalars;
    }
}
