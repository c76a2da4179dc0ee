package org.atelier4j.nn;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.NamedTensors;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.device.DeviceScope;

/**
 * A part of a network: parameters, buffers and child layers, each with a name. A model is a layer made of layers; once
 * constructed it is complete, countable and saveable.
 *
 * <p>The path of a parameter is the names on the way to it joined by dots, as {@code down.0.conv.weight}; paths are file
 * format. Shapes are PyTorch's: linear (out, in), convolution (out, in, kH, kW).
 */
public abstract class Layer {
    private final Map<String, Layer> children = new LinkedHashMap<>();
    private final Map<String, Tensor> parameters = new LinkedHashMap<>();
    private final Map<String, Tensor> buffers = new LinkedHashMap<>();
    private final Map<String, Rng> streams = new LinkedHashMap<>();
    private final List<ModeScope> modes = new ArrayList<>(); // open scopes, the latest last
    private volatile boolean training = true;

    /** Starts a layer without parameters and children. */
    protected Layer() {}

    /** Registers a child under the name of its field. */
    protected final <L extends Layer> L child(String name, L layer) {
        claim(name);
        children.put(name, layer);
        return layer;
    }

    /** Registers {@code count} children {@code name.0}, {@code name.1}, …. */
    protected final <L extends Layer> List<L> children(String name, int count, IntFunction<L> make) {
        List<L> layers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            layers.add(child(name + "." + i, make.apply(i)));
        }
        return List.copyOf(layers);
    }

    /** Registers a trained tensor and returns it as a leaf whose memory lives as long as the layer. */
    protected final Tensor parameter(String name, Tensor initial) {
        claim(name);
        Tensor p = lasting(initial).requireGradient();
        parameters.put(name, p);
        return p;
    }

    /** Registers a tensor that is saved but not trained, as running statistics. */
    protected final Tensor buffer(String name, Tensor initial) {
        claim(name);
        Tensor b = lasting(initial);
        buffers.put(name, b);
        return b;
    }

    /**
     * Returns a parameter in the element type of the input it meets, so that a BFLOAT16 input runs the layer in BFLOAT16;
     * gradients arrive in the parameter's own type.
     *
     * @throws IllegalArgumentException if x is not floating
     */
    protected static Tensor cast(Tensor parameter, Tensor x) {
        Check.that(x.dtype().isFloating(), "layer: input must be floating, got %s for shape %s", x.dtype(), x.shape());
        return parameter.to(x.dtype());
    }

    /** Registers a stream of random numbers that the layer draws from while training, as dropout does. */
    protected final Rng stream(String name, Rng rng) {
        claim(name);
        streams.put(name, rng);
        return rng;
    }

    /** Returns all parameters of this layer and its children by path, in order of registration. */
    public final Map<String, Tensor> parameters() {
        Map<String, Tensor> all = new LinkedHashMap<>();
        collect("", all, false);
        return all;
    }

    /** Returns all parameters and buffers by path: what a checkpoint holds. */
    public final Map<String, Tensor> state() {
        Map<String, Tensor> all = new LinkedHashMap<>();
        collect("", all, true);
        return all;
    }

    /**
     * Assigns the values of {@code state} to the parameters and buffers of the same paths.
     *
     * @throws IllegalArgumentException naming everything missing, unexpected or of another shape; nothing is assigned then
     */
    public final void load(Map<String, Tensor> state) {
        NamedTensors.assign(getClass().getSimpleName() + ".load", state(), state);
    }

    /**
     * Returns how far each random stream of this layer and its children was read, by path, as INT64 scalars: what a
     * checkpoint of a training run holds beside {@link #state}, so that a resumed run draws the same masks.
     */
    public final Map<String, Tensor> positions() {
        Map<String, Tensor> all = new LinkedHashMap<>();
        collectStreams("")
                .forEach((path, rng) ->
                        all.put(path, Tensor.of(new long[] {rng.position()}, 1).reshape(Shape.scalar())));
        return all;
    }

    /**
     * Moves the random streams to the positions saved by {@link #positions}.
     *
     * @throws IllegalArgumentException if the paths are not the same
     */
    public final void seek(Map<String, Tensor> positions) {
        Map<String, Rng> own = collectStreams("");
        Check.that(
                own.keySet().equals(positions.keySet()),
                "%s.seek: streams must be %s, got %s",
                getClass().getSimpleName(),
                own.keySet(),
                positions.keySet());
        positions.forEach((path, position) -> {
            Rng rng = own.get(path);
            if (rng != null) {
                rng.seek((long) position.item());
            }
        });
    }

    /**
     * Returns what {@code body} returns, computed where this layer's parameters are: tensors that are made inside are made
     * there, whichever device is the thread's current one. A layer without parameters is wherever it is used.
     */
    public final <T> T there(Supplier<T> body) {
        try (DeviceScope there = DeviceScope.open(
                parameters().values().stream().findFirst().map(Tensor::device).orElseGet(Device::current))) {
            return body.get();
        }
    }

    /** Returns the number of trained values. */
    public final long parameterCount() {
        return parameters().values().stream().mapToLong(Tensor::size).sum();
    }

    /** Returns whether the layer is in training mode, as it is at first. */
    public final boolean isTraining() {
        return training;
    }

    /** A time in a mode; it ends with {@link #close}. */
    public interface Mode extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Puts this layer and its children into evaluation mode until the returned scope closes. Of several open scopes the
     * latest counts, in whatever order they close: threads that evaluate one model at the same time do not disturb each
     * other.
     */
    public final Mode evaluating() {
        return mode(false);
    }

    /** Puts this layer and its children into training mode until the returned scope closes, as {@link #evaluating}. */
    public final Mode training() {
        return mode(true);
    }

    private static final class ModeScope {
        private final boolean training;

        ModeScope(boolean training) {
            this.training = training;
        }
    }

    private Mode mode(boolean wanted) {
        ModeScope scope = new ModeScope(wanted);
        visit(layer -> layer.enter(scope));
        return () -> visit(layer -> layer.leave(scope));
    }

    private void enter(ModeScope scope) {
        synchronized (modes) {
            modes.add(scope);
            training = scope.training;
        }
    }

    private void leave(ModeScope scope) {
        synchronized (modes) {
            modes.remove(scope);
            training = modes.isEmpty() || modes.get(modes.size() - 1).training;
        }
    }

    /** Stops or resumes gradients to all parameters of this layer and its children. */
    public final void setFrozen(boolean frozen) {
        parameters().values().forEach(p -> p.setFrozen(frozen));
    }

    /** Returns a table with path, shape and number of values of each parameter, frozen ones marked, and the total. */
    public final String summary() {
        List<String[]> rows = new ArrayList<>();
        rows.add(new String[] {"parameter", "shape", "values"});
        parameters()
                .forEach((path, p) -> rows.add(
                        new String[] {path, p.shape().toString(), count(p.size()) + (p.node() == null ? " frozen" : "")
                        }));
        rows.add(new String[] {"total", "", count(parameterCount())});
        int first = rows.stream().mapToInt(r -> r[0].length()).max().orElse(0);
        int second = rows.stream().mapToInt(r -> r[1].length()).max().orElse(0);
        int digits = rows.get(rows.size() - 1)[2].length();
        StringBuilder table = new StringBuilder();
        for (String[] row : rows) {
            int end = row[2].indexOf(' ') < 0 ? row[2].length() : row[2].indexOf(' ');
            String values = " ".repeat(Math.max(0, digits - end)) + row[2];
            table.append(
                    String.format(Locale.ROOT, "%-" + first + "s  %-" + second + "s  %s%n", row[0], row[1], values));
        }
        return table.toString();
    }

    private static String count(long n) {
        return String.format(Locale.ROOT, "%,d", n);
    }

    private void visit(Consumer<Layer> visitor) {
        visitor.accept(this);
        children.values().forEach(c -> c.visit(visitor));
    }

    private void collect(String prefix, Map<String, Tensor> into, boolean withBuffers) {
        parameters.forEach((name, p) -> into.put(prefix + name, p));
        if (withBuffers) {
            buffers.forEach((name, b) -> into.put(prefix + name, b));
        }
        children.forEach((name, c) -> c.collect(prefix + name + ".", into, withBuffers));
    }

    private Map<String, Rng> collectStreams(String prefix) {
        Map<String, Rng> all = new LinkedHashMap<>();
        streams.forEach((name, rng) -> all.put(prefix + name, rng));
        children.forEach((name, c) -> all.putAll(c.collectStreams(prefix + name + ".")));
        return all;
    }

    private void claim(String name) {
        boolean free = !children.containsKey(name) && !parameters.containsKey(name);
        Check.that(
                free && !buffers.containsKey(name) && !streams.containsKey(name),
                "%s: name %s must be used once",
                getClass().getSimpleName(),
                name);
    }

    private static Tensor lasting(Tensor initial) {
        return TensorScope.outside(() -> {
            Tensor t = Tensor.empty(initial.shape(), initial.dtype(), initial.device());
            t.assign(initial);
            return t;
        });
    }
}
