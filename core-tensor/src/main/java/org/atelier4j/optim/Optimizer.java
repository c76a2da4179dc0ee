package org.atelier4j.optim;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.NamedTensors;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.Gradients;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.kernel.UpdateRule;
import org.jspecify.annotations.Nullable;

/**
 * Changes a set of parameters by their gradients, all in one pass. What a step does to one number stands in the
 * {@link UpdateRule} of each optimizer; this class keeps the state and the order.
 *
 * <p>Sets with different settings, as no weight decay for biases, are different optimizers.
 */
public abstract class Optimizer {
    private final Map<String, Tensor> parameters;
    private final List<String> slots;
    private final List<List<Tensor>> state = new ArrayList<>();
    private final LearningRate rate;
    private long steps;

    /**
     * Starts with all state at 0.
     *
     * @param parameters by path, as {@link org.atelier4j.nn.Layer#parameters()} gives them
     * @param rate η of each step
     * @param slots names of the numbers that the rule remembers for each parameter, as PyTorch calls them
     */
    protected Optimizer(Map<String, Tensor> parameters, LearningRate rate, List<String> slots) {
        Check.that(
                !parameters.isEmpty(),
                "%s: there must be parameters, got none",
                getClass().getSimpleName());
        Map<Tensor, String> paths = new IdentityHashMap<>();
        parameters.forEach((path, p) -> {
            String first = paths.put(p, path);
            Check.that(
                    first == null,
                    "%s: a parameter must be listed once, got %s and %s for the same",
                    getClass().getSimpleName(),
                    first,
                    path);
        });
        this.parameters = new LinkedHashMap<>(parameters);
        this.rate = rate;
        this.slots = List.copyOf(slots);
        for (String slot : slots) {
            state.add(TensorScope.outside(
                    () -> parameters.values().stream().map(Tensor::zerosLike).toList()));
        }
    }

    /**
     * Returns the arithmetic of one step.
     *
     * @param rate η of this step
     * @param step number of this step, counted from 1
     */
    protected abstract UpdateRule rule(double rate, long step);

    /**
     * Changes every parameter that is not frozen by its gradient.
     *
     * @throws IllegalArgumentException naming every parameter without gradient; nothing is changed then
     */
    public final void step(Gradients gradients) {
        apply(active(gradients), gradients, null);
    }

    /**
     * Does the same with clipped gradients and returns their norm before clipping, a FLOAT64 scalar. Where the norm is not
     * finite neither parameters nor state change, so that they survive and the caller can stop; the step counts.
     */
    public final Tensor step(Gradients gradients, GradientClip clip) {
        List<Integer> active = active(gradients);
        List<Tensor> all = values();
        Tensor norm = GradientClip.norm(
                active.stream().map(i -> gradients.get(all.get(i))).toList());
        apply(active, gradients, clip.scale(norm));
        return norm;
    }

    /** Returns the number of steps done. */
    public final long steps() {
        return steps;
    }

    /** Returns η of the next step. */
    public final double learningRate() {
        return rate.at(steps);
    }

    /** Returns η of the last step, of the first before any. */
    public final double lastLearningRate() {
        return rate.at(Math.max(0, steps - 1));
    }

    /**
     * Returns the number of steps as {@code step}, an INT64 scalar, and the remembered numbers as {@code slot.path}. The
     * tensors are those the optimizer works on.
     */
    public final Map<String, Tensor> state() {
        Map<String, Tensor> all = new LinkedHashMap<>();
        all.put("step", Tensor.full(steps, DType.INT64, Shape.scalar()));
        List<String> paths = List.copyOf(parameters.keySet());
        for (int s = 0; s < slots.size(); s++) {
            for (int i = 0; i < paths.size(); i++) {
                all.put(slots.get(s) + "." + paths.get(i), state.get(s).get(i));
            }
        }
        return all;
    }

    /**
     * Takes the values of a {@link #state()}.
     *
     * @throws IllegalArgumentException naming everything missing, unexpected or of another shape; nothing is assigned then
     */
    public final void load(Map<String, Tensor> saved) {
        Tensor step = Tensor.full(0, DType.INT64, Shape.scalar());
        Map<String, Tensor> own = state();
        own.put("step", step);
        NamedTensors.assign(getClass().getSimpleName() + ".load", own, saved);
        steps = (long) step.item();
    }

    private void apply(List<Integer> active, Gradients gradients, @Nullable Tensor scale) {
        List<Tensor> all = values();
        Device device = all.get(0).device();
        UpdateRule rule = nextRule();
        device.renew(rule, this::nextRule);
        if (!active.isEmpty()) {
            List<Tensor> targets = active.stream().map(all::get).toList();
            List<Tensor> slopes = targets.stream().map(gradients::get).toList();
            List<List<Tensor>> remembered = new ArrayList<>();
            for (List<Tensor> slot : state) {
                remembered.add(active.stream().map(slot::get).toList());
            }
            targets.forEach(p -> p.storage().touch());
            device.kernels().update(rule, targets, slopes, remembered, scale);
        }
    }

    /** Counts a step and returns its arithmetic. */
    private UpdateRule nextRule() {
        double eta = learningRate();
        steps++;
        return rule(eta, steps);
    }

    /** Returns the positions of the parameters that are not frozen. */
    private List<Integer> active(Gradients gradients) {
        List<Integer> active = new ArrayList<>();
        List<String> without = new ArrayList<>();
        int i = 0;
        for (Map.Entry<String, Tensor> p : parameters.entrySet()) {
            boolean frozen = p.getValue().node() == null;
            if (!frozen) {
                active.add(i);
                if (!gradients.has(p.getValue())) {
                    without.add(p.getKey());
                }
            }
            i++;
        }
        Check.that(
                without.isEmpty(),
                "%s.step: every parameter that is not frozen must have a gradient, got none for %d: %s",
                getClass().getSimpleName(),
                without.size(),
                String.join(", ", without));
        return active;
    }

    private List<Tensor> values() {
        return List.copyOf(parameters.values());
    }
}
