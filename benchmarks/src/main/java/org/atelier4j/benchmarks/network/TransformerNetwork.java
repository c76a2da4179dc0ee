package org.atelier4j.benchmarks.network;

import java.util.ArrayList;
import java.util.List;
import org.atelier4j.autoregressive.Canvas;
import org.atelier4j.autoregressive.CodeSpace;
import org.atelier4j.autoregressive.Decoding;
import org.atelier4j.autoregressive.DrawingListener;
import org.atelier4j.autoregressive.transformer.CausalTransformer;
import org.atelier4j.autoregressive.transformer.TransformerConfig;
import org.atelier4j.autoregressive.transformer.TransformerPrior;
import org.atelier4j.model.CodeGrid;
import org.atelier4j.nn.KeyValueCache;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;

/**
 * A transformer that says which code comes next, decoder-only as GPT: learned positions, GELU, a tied output.
 *
 * @param name of the network
 * @param codes what it models: grids of codes, their classes
 * @param transformer sizes of the blocks
 */
public record TransformerNetwork(String name, CodeSpace codes, TransformerConfig transformer) implements Network {

    /** Returns the prior that ships: 7×7 codes of 512 of 10 classes, width 128, 4 blocks, 4 heads. */
    public static TransformerNetwork prior() {
        return new TransformerNetwork("prior", new CodeSpace(512, 7, 7, 10), TransformerConfig.of(128, 4, 4));
    }

    /** Returns a decoder of 6 blocks of width 256 with 8 heads over 64 of 512 tokens. */
    public static TransformerNetwork gpt() {
        return new TransformerNetwork("gpt", new CodeSpace(512, 8, 8, 0), TransformerConfig.of(256, 6, 8));
    }

    /** Returns grids of codes, (B, n) row by row. */
    public int[] codes(int batch) {
        return Numbers.integers(1, batch * codes.length(), codes.size());
    }

    /** Returns classes (B), "no class" among them. */
    public int[] labels(int batch) {
        return Numbers.integers(2, batch, codes.classes() + 1);
    }

    @Override
    public CausalTransformer make() {
        return new CausalTransformer(new CausalTransformer.Config(codes, transformer), Rng.of(1));
    }

    @Override
    public Sampled model(int batch) {
        return new Sampled(this, make(), batch);
    }

    /** The library's transformer on a batch, which can also draw. */
    public static final class Sampled extends Model {
        private final CausalTransformer net;
        private final TransformerPrior prior;
        private final CodeGrid grid;
        private final Tensor codes; // (B, n)
        private final Tensor labels; // (B)

        private Sampled(TransformerNetwork network, CausalTransformer net, int batch) {
            super(net);
            this.net = net;
            CodeSpace space = network.codes();
            prior = new TransformerPrior(net);
            codes = Tensor.of(network.codes(batch), batch, space.length());
            labels = Tensor.of(network.labels(batch), batch);
            grid = new CodeGrid(codes.reshape(batch, space.height(), space.width()), space.size());
        }

        /** Returns logits (B, n, K) of all codes. */
        @Override
        public Tensor predict() {
            return net.forward(labels, codes.slice(1, 0, codes.dim(1) - 1));
        }

        @Override
        public List<Objective> objectives() {
            return minimize(() -> prior.loss(grid, labels, Rng.of(0)));
        }

        /** Draws grids of the batch's classes, code after code. */
        public CodeGrid sample() {
            CodeSpace space = prior.space();
            Canvas canvas = Canvas.blank(space.height(), space.width(), labels.toInts());
            List<Rng> streams = new ArrayList<>();
            for (int i = 0; i < labels.dim(0); i++) {
                streams.add(Rng.of(i));
            }
            return prior.draw(canvas, Decoding.standard(), streams, DrawingListener.silent());
        }

        /** Returns the logits (B, n, K) of {@link #predict}, computed one after the other as sampling does. */
        public Tensor oneByOne() {
            int n = codes.dim(1);
            Tensor[] logits = new Tensor[n];
            try (KeyValueCache cache = net.cache()) {
                logits[0] = net.begin(labels, codes.slice(1, 0, 0), cache); // (B, K)
                for (int i = 1; i < n; i++) {
                    logits[i] = net.next(codes.select(1, i - 1), cache);
                }
            }
            return Tensor.stack(1, logits); // (B, n, K)
        }
    }
}
