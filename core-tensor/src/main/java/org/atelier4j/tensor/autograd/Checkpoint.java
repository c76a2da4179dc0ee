package org.atelier4j.tensor.autograd;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.kernel.Kernels;
import org.atelier4j.tensor.op.Reshape;
import org.jspecify.annotations.Nullable;

/**
 * Gradient checkpointing (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost", arXiv:1604.06174): a part of
 * a network keeps none of its inner values; the backward pass computes them again. It costs one more forward pass of
 * that part and saves all its memory but inputs and output.
 *
 * <pre>{@code
 * Tensor y = Checkpoint.of(in -> block.forward(in[0], in[1]), block.parameters().values(), x, timeEmbedding);
 * }</pre>
 *
 * <p>The gradients equal those of the plain call. Random numbers are drawn again from the same positions, so dropout
 * drops the same elements. Second derivatives work.
 */
public final class Checkpoint {

    private Checkpoint() {}

    /**
     * Returns {@code segment.apply(inputs)} and records it as a single operation.
     *
     * @param segment a part of a network; it runs twice, so it must have no effect besides its result and reading random
     *     numbers
     * @param parameters every tensor that requires a gradient and that the segment uses without being passed it
     * @throws IllegalStateException in the backward pass, if the segment used a tensor that requires a gradient and is
     *     neither an input nor a parameter
     */
    public static Tensor of(TensorFunction segment, Collection<Tensor> parameters, Tensor... inputs) {
        Check.that(inputs.length > 0, "checkpoint: there must be an input, got none");
        List<Tensor> all = new ArrayList<>(List.of(inputs));
        all.addAll(parameters);
        return new Rerun(segment, inputs.length, new Rng.Replay()).apply(all.toArray(Tensor[]::new));
    }

    /** Inputs are first those of the segment, then the parameters. */
    private record Rerun(TensorFunction segment, int count, Rng.Replay replay) implements Op {

        @Override
        public String name() {
            return "checkpoint";
        }

        @Override
        public Output forward(Kernels kernels, List<Tensor> inputs) {
            Tensor[] own = inputs.subList(0, count).stream().map(Tensor::detach).toArray(Tensor[]::new);
            try (TensorScope scope = TensorScope.open()) {
                return Output.of(scope.keep(replay.record(() -> segment.apply(own))));
            }
        }

        @Override
        public List<Tensor> backward(Node node, Tensor dy) {
            long before = Node.lastNumber();
            Tensor[] sources = new Tensor[node.inputs().size()];
            for (int i = 0; i < sources.length; i++) {
                sources[i] = i < count ? entrance(node.input(i)) : node.input(i);
            }
            Tensor y;
            try (NoGrad on = NoGrad.lifted()) {
                y = replay.repeat(() -> segment.apply(Arrays.copyOf(sources, count)));
            }
            Set<Node> border = new HashSet<>();
            Set<Node> targets = new HashSet<>();
            for (int i = 0; i < sources.length; i++) {
                Node source = sources[i].node();
                if (source != null) {
                    border.add(source);
                    if (node.needsGradient(i)) {
                        targets.add(source);
                    }
                }
            }
            @Nullable Tensor[] gradients = new Tensor[sources.length];
            Node root = y.node();
            if (root != null) {
                checkClosed(root, border, before);
                var found = Engine.to(targets, border, y, dy, !NoGrad.isActive());
                Arrays.setAll(gradients, i -> node.needsGradient(i) ? found.get(sources[i].node()) : null);
            }
            return Arrays.asList(gradients);
        }

        /** Returns x behind an operation that does nothing: where this part of the graph begins. */
        private static Tensor entrance(Tensor x) {
            if (x.node() == null) {
                return x;
            }
            try (NoGrad on = NoGrad.lifted()) {
                return new Reshape(x.shape()).apply(x);
            }
        }

        private static void checkClosed(Node root, Set<Node> border, long before) {
            Node foreign = Routes.behind(root, border).stream()
                    .filter(n -> n.number() <= before && !border.contains(n))
                    .max(Comparator.comparingLong(Node::number))
                    .orElse(null);
            Check.state(
                    foreign == null,
                    "checkpoint: a tensor that the segment uses and that requires a gradient must be an input or a"
                            + " listed parameter, got %s",
                    foreign);
        }
    }
}
