package org.atelier4j.optim;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.atelier4j.nn.Layer;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.NamedTensors;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.kernel.HostNumber;

/**
 * Exponential moving average of a model's parameters, which samples better than the parameters themselves. Its memory is
 * measured in images, so that it means the same for any batch size: what was seen a half-life ago has half of the weight,
 * {@code shadow ← shadow + (1 − 0.5^(batch/halfLife))·(parameter − shadow)} (Karras et al. 2022, arXiv:2206.00364,
 * app. F). Buffers, as running statistics, are copied.
 *
 * <pre>{@code
 * ema.update(batch.size(), imagesSeen);              // after each optimizer step
 * try (Ema.Scope scope = ema.applied()) { sample(model); }
 * }</pre>
 */
public final class Ema {

    /**
     * Settings.
     *
     * @param halfLife in images, &gt; 0
     * @param rampUp largest half-life as a part of the images seen so far, so that the random start is forgotten quickly;
     *     infinity for none
     */
    public record Config(double halfLife, double rampUp) {

        /** Checks the ranges. */
        public Config {
            Check.that(
                    halfLife > 0 && rampUp > 0,
                    "Ema: halfLife and rampUp must be > 0, got %s and %s",
                    halfLife,
                    rampUp);
        }

        /** Returns a constant half-life. */
        public static Config of(double halfLife) {
            return new Config(halfLife, Double.POSITIVE_INFINITY);
        }

        /** Returns the settings of EDM for CIFAR-10: half a million images, at most 0.05 of those seen. */
        public static Config edm() {
            return new Config(500_000, 0.05);
        }

        /** Returns the part of the shadow that stays after a batch: {@code 0.5^(batch/min(halfLife, rampUp·images))}. */
        public double decay(int batch, long images) {
            double life = Double.isInfinite(rampUp) ? halfLife : Math.min(halfLife, rampUp * images);
            return Math.pow(0.5, batch / Math.max(life, 1e-8));
        }
    }

    /** A value of the model and its average. */
    private record Pair(Tensor value, Tensor average) {}

    private final Config config;
    private final Map<String, Pair> pairs = new LinkedHashMap<>();
    private final List<Tensor> trained = new ArrayList<>();
    private final List<Tensor> averages = new ArrayList<>();
    private final List<Pair> buffers = new ArrayList<>();
    private boolean applied;

    /** Starts with the model's present values. */
    public Ema(Layer model, Config config) {
        this.config = config;
        Map<String, Tensor> parameters = model.parameters();
        model.state().forEach((path, value) -> {
            Pair pair = new Pair(value, TensorScope.outside(value::copy));
            pairs.put(path, pair);
            if (parameters.containsKey(path)) {
                trained.add(value);
                averages.add(pair.average());
            } else {
                buffers.add(pair);
            }
        });
    }

    /**
     * Moves the shadow towards the model.
     *
     * @param batch number of images of the step
     * @param images number of images seen before it, in all
     */
    public void update(int batch, long images) {
        requireNotApplied("update");
        if (!averages.isEmpty()) {
            averages.forEach(average -> average.storage().touch());
            Device device = averages.get(0).device();
            HostNumber weight = new HostNumber(1 - config.decay(batch, images));
            long[] seen = {images};
            device.renew(weight, () -> new HostNumber(1 - config.decay(batch, seen[0] += batch)));
            device.kernels().lerp(averages, trained, weight);
        }
        buffers.forEach(pair -> pair.average().assign(pair.value()));
    }

    /** A time in which the model has the averaged values; closing gives it its own ones back. */
    public interface Scope extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Exchanges the model's values for the averaged ones until the returned scope closes; no other thread may use the model
     * at these two moments.
     */
    public Scope applied() {
        requireNotApplied("applied");
        exchange();
        applied = true;
        AtomicBoolean open = new AtomicBoolean(true);
        return () -> {
            if (open.getAndSet(false)) {
                applied = false;
                exchange();
            }
        };
    }

    /** Returns the averages by the model's paths: {@code otherModel.load(ema.state())} makes an averaged model. */
    public Map<String, Tensor> state() {
        requireNotApplied("state");
        return averagesByPath();
    }

    /**
     * Takes saved averages.
     *
     * @throws IllegalArgumentException naming everything missing, unexpected or of another shape; nothing is assigned then
     */
    public void load(Map<String, Tensor> saved) {
        requireNotApplied("load");
        NamedTensors.assign("Ema.load", averagesByPath(), saved);
    }

    private Map<String, Tensor> averagesByPath() {
        Map<String, Tensor> all = new LinkedHashMap<>();
        pairs.forEach((path, pair) -> all.put(path, pair.average()));
        return all;
    }

    private void exchange() {
        for (Pair pair : pairs.values()) {
            try (TensorScope scope = TensorScope.open()) {
                Tensor own = pair.value().copy();
                pair.value().assign(pair.average());
                pair.average().assign(own);
            }
        }
    }

    private void requireNotApplied(String call) {
        Check.state(!applied, "Ema.%s: the scope of applied() must be closed first", call);
    }
}
