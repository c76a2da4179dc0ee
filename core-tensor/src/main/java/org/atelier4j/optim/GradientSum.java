package org.atelier4j.optim;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.Gradients;
import org.atelier4j.tensor.kernel.UpdateRule;

/**
 * Gradients of micro-batches added up, for batches that do not fit into memory at once.
 *
 * <pre>{@code
 * GradientSum sum = new GradientSum(model.parameters()); // once
 *
 * for (Batch part : parts) {                             // each step
 *     try (TensorScope scope = TensorScope.open()) {
 *         sum.add(loss(part).backward(), 1.0 / parts.size());
 *     }
 * }
 * optimizer.step(sum.take());
 * }</pre>
 *
 * <p>With weights that add up to 1 the result is the gradient of the whole batch's mean loss.
 */
public final class GradientSum {
    private final List<Tensor> parameters;
    private final List<Tensor> sums;
    private int added;

    /** Starts at 0; its memory lives outside of scopes, once as much as the parameters need. */
    public GradientSum(Map<String, Tensor> parameters) {
        this.parameters = List.copyOf(parameters.values());
        sums = TensorScope.outside(
                () -> this.parameters.stream().map(Tensor::zerosLike).toList());
    }

    /** Adds {@code weight · gradients}; parameters without gradient get nothing. */
    public void add(Gradients gradients, double weight) {
        if (added == 0) {
            sums.forEach(GradientSum::clear);
        }
        List<Tensor> targets = new ArrayList<>();
        List<Tensor> slopes = new ArrayList<>();
        for (int i = 0; i < sums.size(); i++) {
            if (gradients.has(parameters.get(i))) {
                targets.add(sums.get(i));
                slopes.add(gradients.get(parameters.get(i)));
            }
        }
        if (!targets.isEmpty()) {
            targets.forEach(t -> t.storage().touch());
            // a descent step of rate −weight is an addition, in one pass
            UpdateRule addition = new UpdateRule.Sgd(-weight, 0, 0, false);
            targets.get(0).device().kernels().update(addition, targets, slopes, List.of(), null);
        }
        added++;
    }

    /**
     * Returns the sum, also for parameters to which nothing was added; frozen ones are left out. Its memory is that of
     * this object: the next {@link #add} starts a new sum and overwrites it.
     *
     * @throws IllegalStateException if nothing was added
     */
    public Gradients take() {
        Check.state(added > 0, "GradientSum.take: gradients must be added first, got none");
        added = 0;
        Map<Tensor, Tensor> all = new HashMap<>();
        for (int i = 0; i < sums.size(); i++) {
            if (parameters.get(i).node() != null) {
                all.put(parameters.get(i), sums.get(i));
            }
        }
        return Gradients.given(all);
    }

    private static void clear(Tensor sum) {
        sum.storage().touch();
        sum.device().kernels().fill(0, sum);
    }
}
