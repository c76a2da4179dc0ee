package org.atelier4j.autoregressive.transformer;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.atelier4j.autoregressive.Canvas;
import org.atelier4j.autoregressive.Decoding;
import org.atelier4j.autoregressive.TokenSampler;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;

/** Grids that {@link MaskedPrior} is at work on. */
final class Rounds {
    private static final int OPEN = -1;

    private final MaskedTransformer network;
    private final Canvas canvas;
    private final Decoding decoding;
    private final List<Rng> streams;
    private final int n;
    private final int[] codes;
    private final int[] open;

    Rounds(MaskedTransformer network, Canvas canvas, Decoding decoding, List<Rng> streams) {
        this.network = network;
        this.canvas = canvas;
        this.decoding = decoding;
        this.streams = streams;
        n = network.config().codes().length();
        boolean[] given = canvas.given();
        codes = canvas.codes().toInts();
        open = new int[canvas.images()];
        for (int i = 0; i < codes.length; i++) {
            codes[i] = given[i] ? codes[i] : OPEN;
            open[i / n] += given[i] ? 0 : 1;
        }
    }

    /** Returns the number of rounds: as many as asked for, but no more than an image has open codes. */
    int count() {
        return Arrays.stream(open).map(this::rounds).max().orElseThrow();
    }

    private int rounds(int openCodes) {
        return Math.min(decoding.steps(), openCodes);
    }

    /** Guesses all open codes and settles those that are surest. */
    void run(int round) {
        double[][] laws = laws(round);
        for (int image = 0; image < open.length; image++) {
            if (round < rounds(open[image])) {
                settle(image, round, laws);
            }
        }
    }

    /** Returns the laws of what is open in images that are not done, for each place of the batch, B·n; the others have none. */
    private double[][] laws(int round) {
        int[] places = IntStream.range(0, codes.length)
                .filter(i -> codes[i] == OPEN && round < rounds(open[i / n]))
                .toArray();
        Tensor rows = logits().reshape(codes.length, network.mask()); // (B·n, K)
        double[][] drawn = decoding.sampler().laws(rows.gatherRows(Tensor.of(places, places.length)));
        double[][] laws = new double[codes.length][];
        for (int i = 0; i < places.length; i++) {
            laws[places[i]] = drawn[i];
        }
        return laws;
    }

    /** Returns the codes so far, INT32 (B, h, w), −1 where open. */
    Tensor codes() {
        return Tensor.of(codes, canvas.images(), canvas.height(), canvas.width());
    }

    private Tensor logits() {
        int[] seen = new int[codes.length];
        Arrays.setAll(seen, i -> codes[i] == OPEN ? network.mask() : codes[i]);
        Tensor grid = Tensor.of(seen, open.length, n);
        if (!decoding.sampler().isGuided()) {
            return network.forward(canvas.labels(), grid); // (B, n, K)
        }
        int[] none = new int[open.length];
        Arrays.fill(none, network.config().codes().noClass());
        Tensor labels = canvas.labels().concat(Tensor.of(none, none.length), 0);
        List<Tensor> halves = network.forward(labels, grid.concat(grid, 0)).split(0, 2); // (B, n, K) each
        return decoding.sampler().guided(halves.get(0), halves.get(1));
    }

    /** Draws the open codes of one image and keeps the surest; the confidence is {@code log p + noise·(1 − t/T)·Gumbel}. */
    private void settle(int image, int round, double[][] laws) {
        int steps = rounds(open[image]);
        Rng rng = streams.get(image);
        double noise = decoding.confidenceNoise() * (1 - (round + 1.0) / steps);
        int[] guesses = new int[n];
        double[] confidence = new double[n];
        Arrays.fill(confidence, Double.NEGATIVE_INFINITY);
        for (int place = 0; place < n; place++) {
            if (codes[image * n + place] == OPEN) {
                double[] law = laws[image * n + place];
                guesses[place] = TokenSampler.draw(law, rng);
                confidence[place] = Math.log(law[guesses[place]]) + (noise == 0 ? 0 : noise * gumbel(rng));
            }
        }
        int now = MaskSchedule.remaining(open[image], round, steps)
                - MaskSchedule.remaining(open[image], round + 1, steps);
        for (int i = 0; i < now; i++) {
            int surest = 0;
            for (int place = 1; place < n; place++) {
                surest = confidence[place] > confidence[surest] ? place : surest;
            }
            codes[image * n + surest] = guesses[surest];
            confidence[surest] = Double.NEGATIVE_INFINITY;
        }
    }

    private static double gumbel(Rng rng) {
        return -Math.log(-Math.log(Math.max(Double.MIN_NORMAL, rng.nextDouble())));
    }
}
