package org.atelier4j.train;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;

/**
 * The list of all that a run must remember: weights, optimizer state, averages, and the positions of data and random
 * streams. What is listed here is what a checkpoint holds.
 *
 * <pre>{@code
 * TrainingState state = new TrainingState()
 *         .tensors("model", model::state, model::load)
 *         .tensors("optim", optimizer::state, optimizer::load)
 *         .position("data", batches::position, batches::seek);
 * }</pre>
 */
public final class TrainingState {
    private record Tensors(Supplier<Map<String, Tensor>> save, Consumer<Map<String, Tensor>> load) {}

    private record Position(LongSupplier save, LongConsumer load) {}

    private final Map<String, Tensors> tensors = new LinkedHashMap<>();
    private final Map<String, Position> positions = new LinkedHashMap<>();

    /**
     * Adds named tensors.
     *
     * @param prefix their paths begin with it and a dot
     * @param save returns the present values
     * @param load takes them back, under the same names
     */
    public TrainingState tensors(
            String prefix, Supplier<Map<String, Tensor>> save, Consumer<Map<String, Tensor>> load) {
        claim(prefix);
        tensors.put(prefix, new Tensors(save, load));
        return this;
    }

    /** Adds a whole number, as how much was read of a stream. */
    public TrainingState position(String name, LongSupplier save, LongConsumer load) {
        claim(name);
        positions.put(name, new Position(save, load));
        return this;
    }

    /** Returns all tensors by path, {@code prefix.name}. */
    public Map<String, Tensor> tensors() {
        Map<String, Tensor> all = new LinkedHashMap<>();
        tensors.forEach((prefix, part) -> part.save().get().forEach((name, t) -> all.put(prefix + "." + name, t)));
        return all;
    }

    /** Returns all positions by name. */
    public Map<String, Long> positions() {
        Map<String, Long> all = new LinkedHashMap<>();
        positions.forEach((name, part) -> all.put(name, part.save().getAsLong()));
        return all;
    }

    /**
     * Brings all parts back to a saved state.
     *
     * @throws IllegalArgumentException if a part is missing or one is there that this run does not have
     */
    public void restore(Map<String, Tensor> savedTensors, Map<String, Long> savedPositions) {
        Check.that(
                savedPositions.keySet().equals(positions.keySet()),
                "TrainingState: positions must be %s, got %s",
                positions.keySet(),
                savedPositions.keySet());
        Map<String, Map<String, Tensor>> parts = new LinkedHashMap<>();
        tensors.keySet().forEach(prefix -> parts.put(prefix, new LinkedHashMap<>()));
        savedTensors.forEach((path, t) -> {
            int dot = path.indexOf('.');
            String prefix = dot < 0 ? path : path.substring(0, dot);
            Map<String, Tensor> part = parts.get(prefix);
            Check.that(part != null, "TrainingState: tensors must belong to %s, got %s", tensors.keySet(), path);
            part.put(path.substring(dot + 1), t);
        });
        tensors.forEach((prefix, part) -> part.load().accept(parts.get(prefix)));
        positions.forEach((name, part) -> part.load().accept(Objects.requireNonNull(savedPositions.get(name))));
    }

    private void claim(String name) {
        Check.that(
                !name.contains(".") && !tensors.containsKey(name) && !positions.containsKey(name),
                "TrainingState: a name must have no dot and be used once, got %s",
                name);
    }
}
