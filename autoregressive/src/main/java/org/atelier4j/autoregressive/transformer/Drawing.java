package org.atelier4j.autoregressive.transformer;

import java.util.Arrays;
import java.util.List;
import org.atelier4j.autoregressive.Canvas;
import org.atelier4j.autoregressive.CodeSpace;
import org.atelier4j.autoregressive.TokenSampler;
import org.atelier4j.nn.KeyValueCache;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Grids that {@link TransformerPrior} is at work on: the codes so far, the window, and what the network has read of it. */
final class Drawing implements AutoCloseable {
    private static final int OPEN = -1;

    private final CausalTransformer network;
    private final CodeSpace space;
    private final Canvas canvas;
    private final TokenSampler sampler;
    private final List<Rng> streams;
    private final boolean[] given;
    private final int[] codes;
    private @Nullable Window window;
    private @Nullable KeyValueCache cache;

    Drawing(CausalTransformer network, Canvas canvas, TokenSampler sampler, List<Rng> streams) {
        this.network = network;
        this.space = network.config().codes();
        this.canvas = canvas;
        this.sampler = sampler;
        this.streams = streams;
        given = canvas.given();
        codes = canvas.codes().toInts();
        for (int i = 0; i < codes.length; i++) {
            codes[i] = given[i] ? codes[i] : OPEN;
        }
    }

    /** Returns the first place, row by row, that is open in some image. */
    int firstOpen() {
        int n = canvas.height() * canvas.width();
        int first = n;
        for (int i = 0; i < given.length; i++) {
            first = given[i] ? first : Math.min(first, i % n);
        }
        return first;
    }

    /** Draws the codes of one place, where they are open; those before it are there. */
    void draw(int place) {
        Tensor logits = logits(place); // (B, K), or (2B, K) where guided
        if (sampler.isGuided()) {
            List<Tensor> halves = logits.split(0, 2);
            logits = sampler.guided(halves.get(0), halves.get(1)); // (B, K)
        }
        double[][] laws = sampler.laws(logits);
        int n = canvas.height() * canvas.width();
        for (int i = 0; i < canvas.images(); i++) {
            if (!given[i * n + place]) {
                codes[i * n + place] = TokenSampler.draw(laws[i], streams.get(i));
            }
        }
    }

    /** Returns the codes so far, INT32 (B, h, w), −1 where open. */
    Tensor codes() {
        return Tensor.of(codes, canvas.images(), canvas.height(), canvas.width());
    }

    private Tensor logits(int place) {
        int row = place / canvas.width();
        int column = place % canvas.width();
        Window here = Window.around(row, column, canvas.height(), canvas.width(), space);
        KeyValueCache read = cache;
        if (read != null && here.equals(window)) {
            return network.next(twice(last(place - 1)), read);
        }
        close();
        window = here;
        read = network.cache();
        cache = read;
        Tensor seen =
                here.first(here.number(row, column), codes, canvas.images(), canvas.height(), canvas.width()); // (B, m)
        Tensor labels = canvas.labels();
        if (sampler.isGuided()) {
            int[] none = new int[canvas.images()];
            Arrays.fill(none, space.noClass());
            labels = labels.concat(Tensor.of(none, none.length), 0);
        }
        return network.begin(labels, twice(seen), read);
    }

    /** Returns the codes of one place, INT32 (B). */
    private Tensor last(int place) {
        int n = canvas.height() * canvas.width();
        int[] column = new int[canvas.images()];
        Arrays.setAll(column, i -> codes[i * n + place]);
        return Tensor.of(column, column.length);
    }

    /** Returns x for the images with and without class, where guided. */
    private Tensor twice(Tensor x) {
        return sampler.isGuided() ? x.concat(x, 0) : x;
    }

    @Override
    public void close() {
        if (cache != null) {
            cache.close();
        }
    }
}
