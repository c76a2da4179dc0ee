package org.atelier4j.autoregressive.transformer;

import java.util.List;
import java.util.stream.IntStream;
import org.atelier4j.autoregressive.CodeSpace;
import org.atelier4j.model.CodeGrid;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/** Small transformers whose random weights are large enough to matter. */
final class Networks {
    static final TransformerConfig LEARNED = TransformerConfig.of(16, 2, 2);
    static final TransformerConfig ROTARY = LEARNED.withPositions(TransformerConfig.Positions.ROTARY)
            .withFeedForward(FeedForward.Kind.SWIGLU)
            .withTied(false);
    static final List<TransformerConfig> BOTH = List.of(LEARNED, ROTARY);

    private Networks() {}

    static CausalTransformer causal(CodeSpace space, TransformerConfig config, long seed) {
        CausalTransformer network = new CausalTransformer(new CausalTransformer.Config(space, config), Rng.of(seed));
        network.parameters()
                .forEach((path, p) ->
                        p.assign(Rng.of(seed).split(path).normal(p.shape()).mul(0.4)));
        return network;
    }

    static MaskedTransformer masked(CodeSpace space, TransformerConfig config, long seed) {
        MaskedTransformer network = new MaskedTransformer(new MaskedTransformer.Config(space, config, 0), Rng.of(seed));
        network.parameters()
                .forEach((path, p) ->
                        p.assign(Rng.of(seed).split(path).normal(p.shape()).mul(0.4)));
        return network;
    }

    static Tensor labels(int... labels) {
        return Tensor.of(labels, labels.length);
    }

    static CodeGrid grid(CodeSpace space, int images, long seed) {
        Shape shape = Shape.of(images, space.height(), space.width());
        return new CodeGrid(Rng.of(seed).integers(space.size(), shape), space.size());
    }

    static List<Rng> streams(long seed, int first, int count) {
        return IntStream.range(first, first + count)
                .mapToObj(i -> Rng.of(seed).split((long) i))
                .toList();
    }
}
