package org.atelier4j.autoregressive.pixel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import org.atelier4j.autoregressive.DrawingListener;
import org.atelier4j.autoregressive.TokenSampler;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Drawing with what earlier pixels computed. */
class PixelCnnSamplerTest {
    private static final PixelCnn.Size SIZE = new PixelCnn.Size(12, 3, 3);
    private static final PixelCnn.Config GRAY = new PixelCnn.Config(new PixelCnn.Grid(9, 10, 1, 8), 0, 0, SIZE, 3);
    private static final PixelCnn.Config COLOR = new PixelCnn.Config(new PixelCnn.Grid(6, 7, 3, 8), 0, 0, SIZE, 3);
    private static final PixelCnn.Config MIXED = new PixelCnn.Config(new PixelCnn.Grid(6, 7, 3, 256), 4, 0, SIZE, 0);
    private static final PixelCnn.Config CODES = new PixelCnn.Config(new PixelCnn.Grid(7, 7, 1, 40), 0, 6, SIZE, 2);

    static List<PixelCnn.Config> configs() {
        return List.of(
                GRAY, COLOR, MIXED, CODES, new PixelCnn.Config(GRAY.grid(), 0, 0, new PixelCnn.Size(8, 2, 5), 3));
    }

    /** A model whose predictions differ from pixel to pixel: fresh weights give nearly the same everywhere. */
    private static PixelCnn model(PixelCnn.Config config) {
        PixelCnn model = new PixelCnn(config, Rng.of(8));
        model.parameters().forEach((path, p) -> p.assign(p.detach().mul(2)));
        return model;
    }

    private static List<Rng> streams(int... numbers) {
        Rng rng = Rng.of(77);
        return Arrays.stream(numbers).mapToObj(i -> rng.split((long) i)).toList();
    }

    private static Tensor draw(PixelCnn model, PixelCanvas canvas, List<Rng> streams) {
        return new PixelCnnSampler(model, TokenSampler.plain()).draw(canvas, streams, DrawingListener.silent());
    }

    private static int[] image(Tensor values, int index) {
        return values.slice(0, index, 1).toInts();
    }

    @ParameterizedTest
    @MethodSource("configs")
    void cachedPredictionsAreThoseOfTheWholeNetwork(PixelCnn.Config config) {
        PixelCnn model = model(config);
        PixelCnn.Grid grid = config.grid();
        Tensor values = Rng.of(4).integers(grid.levels(), grid.batch(2));
        Tensor labels = Tensor.of(new int[] {0, config.classes()}, 2);
        int colors = model.head().colors();
        int each = model.head().outputs() / colors;
        try (NoGrad off = NoGrad.open();
                TensorScope scope = TensorScope.open()) {
            Tensor whole = model.parameters(values, labels); // (B, H, W, P)
            Tensor input = model.input(values);
            CachedPass pass = new CachedPass(model.network(), labels, grid.width());
            for (int y = 0; y < grid.height(); y++) {
                pass.startRow(scope);
                for (int x = 0; x < grid.width(); x++) {
                    Tensor pixel = input.slice(1, y, 1).slice(2, x, 1);
                    for (int c = 0; c < colors; c++) {
                        // colors that are not drawn yet hold something else
                        Tensor partly = colors == 1
                                ? Tensor.zerosLike(pixel)
                                : pixel.slice(3, 0, c)
                                        .concat(
                                                Tensor.full(
                                                        9,
                                                        pixel.dtype(),
                                                        pixel.slice(3, c, colors - c)
                                                                .shape()),
                                                3);
                        Tensor expected = whole.slice(1, y, 1).slice(2, x, 1).slice(3, c * each, each);
                        TensorAssert.assertThat(pass.at(x, partly).slice(1, c * each, each))
                                .isCloseTo(expected.reshape(2, each), 1e-5, 1e-5);
                    }
                    pass.commit(pixel, scope);
                }
                pass.endRow(input.slice(1, y, 1), scope);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("configs")
    void anImageIsTheSameInABatchOfAnySize(PixelCnn.Config config) {
        PixelCnn model = model(config);
        int k = config.classes();
        Tensor five = draw(model, PixelCanvas.blank(config.grid(), 0, k, 0, k, 0), streams(0, 1, 2, 3, 4));
        Tensor one = draw(model, PixelCanvas.blank(config.grid(), k), streams(3));
        Tensor two = draw(model, PixelCanvas.blank(config.grid(), 0, k), streams(4, 1));

        assertThat(image(one, 0)).isEqualTo(image(five, 3));
        assertThat(image(two, 0)).isEqualTo(image(five, 4));
        assertThat(image(two, 1)).isEqualTo(image(five, 1)).isNotEqualTo(image(five, 3));
    }

    @Test
    void theUpperHalfStaysAndTheLowerOneIsDrawn() {
        PixelCnn model = model(GRAY);
        Tensor given = Rng.of(2).integers(8, GRAY.grid().batch(2));
        Tensor first = draw(model, PixelCanvas.upper(given, 4, 0, 1), streams(0, 1));
        Tensor second = draw(model, PixelCanvas.upper(given, 4, 0, 1), streams(2, 3));

        TensorAssert.assertThat(first.slice(1, 0, 4)).isEqualTo(given.slice(1, 0, 4));
        assertThat(first.slice(1, 4, 5).toInts())
                .isNotEqualTo(given.slice(1, 4, 5).toInts())
                .isNotEqualTo(second.slice(1, 4, 5).toInts());
    }

    /** Completion draws the rest from the same law as drawing: the numbers spent on it are the only difference. */
    @Test
    void completingADrawnImageWithWhatWasLeftOfItsStreamDrawsItAgain() {
        PixelCnn model = model(COLOR);
        Tensor whole = draw(model, PixelCanvas.blank(COLOR.grid(), 1), streams(5));
        Rng rest = streams(5).get(0);
        for (int i = 0; i < 3 * COLOR.grid().width() * 3; i++) { // one number for each value of three rows
            rest.nextDouble();
        }

        Tensor again = draw(model, PixelCanvas.upper(whole, 3, 1), List.of(rest));

        TensorAssert.assertThat(again).isEqualTo(whole);
    }

    @Test
    void certainTemperatureDrawsTheMostProbableValues() {
        PixelCnn model = model(GRAY);
        var sampler = new PixelCnnSampler(model, TokenSampler.plain().withTopK(1));
        Tensor x = sampler.draw(PixelCanvas.blank(GRAY.grid(), 2), streams(0), DrawingListener.silent());
        int[] best = model.parameters(x, Tensor.of(new int[] {2}, 1)).argMax(3).toInts();

        assertThat(x.toInts()).isEqualTo(best);
    }

    @Test
    void guidanceTakesBothPredictions() {
        PixelCnn model = model(GRAY);
        TokenSampler sampler = TokenSampler.plain().withTopK(1).withGuidanceScale(1.5);
        Tensor x = new PixelCnnSampler(model, sampler)
                .draw(PixelCanvas.blank(GRAY.grid(), 2), streams(0), DrawingListener.silent());
        Tensor with = model.parameters(x, Tensor.of(new int[] {2}, 1));
        Tensor without = model.parameters(x, Tensor.of(new int[] {3}, 1)); // 3 is no class
        int[] best = with.mul(2.5).sub(without.mul(1.5)).argMax(3).toInts();

        assertThat(x.toInts()).isEqualTo(best).isNotEqualTo(with.argMax(3).toInts());
    }

    @Test
    void theListenerSeesRowAfterRowAndMayStop() {
        PixelCnn model = model(GRAY);
        List<Long> open = new ArrayList<>();
        var sampler = new PixelCnnSampler(model, TokenSampler.plain());
        PixelCanvas canvas = PixelCanvas.blank(GRAY.grid(), 0);

        assertThatThrownBy(() -> sampler.draw(canvas, streams(0), p -> {
                    open.add(IntStream.of(p.codes().toInts())
                            .filter(v -> v == -1)
                            .count());
                    return p.step() < 3;
                }))
                .isInstanceOf(CancellationException.class)
                .hasMessageContaining("step 3 of 9");
        assertThat(open).containsExactly(80L, 70L, 60L);
    }

    @Test
    void samplesOfATinyModelFollowItsProbabilities() {
        PixelCnn.Config tiny = new PixelCnn.Config(new PixelCnn.Grid(2, 2, 1, 2), 0, 0, new PixelCnn.Size(4, 1, 3), 0);
        PixelCnn model = model(tiny);
        int n = 4000;
        Tensor x = draw(
                model,
                PixelCanvas.blank(tiny.grid(), new int[n]),
                streams(IntStream.range(0, n).toArray()));
        int[] values = x.toInts();
        double[] counts = new double[16];
        for (int i = 0; i < n; i++) {
            counts[values[4 * i] + 2 * values[4 * i + 1] + 4 * values[4 * i + 2] + 8 * values[4 * i + 3]]++;
        }
        int[] all = IntStream.range(0, 64).map(i -> i / 4 >> i % 4 & 1).toArray();
        double[] nats = model.nats(Tensor.of(all, 16, 2, 2, 1), Tensor.of(new int[16], 16))
                .toDoubles();
        double chiSquare = 0;
        for (int i = 0; i < 16; i++) {
            double expected = n * Math.exp(-nats[i]);
            chiSquare += Math.pow(counts[i] - expected, 2) / expected;
        }

        assertThat(chiSquare).isLessThan(37.7); // 15 degrees of freedom, p = 0.001
    }

    @Test
    void saysWhatItTakes() {
        PixelCnn model = model(GRAY);
        var sampler = new PixelCnnSampler(model, TokenSampler.plain());
        Tensor small = Tensor.of(new int[8 * 8], 1, 8, 8, 1);
        Tensor high = Tensor.of(new int[90], 1, 9, 10, 1).add(Tensor.of(new int[] {8}, 1, 1, 1, 1));

        assertThatThrownBy(() -> sampler.draw(PixelCanvas.upper(small, 2, 0), streams(0), DrawingListener.silent()))
                .hasMessage("PixelCnnSampler: values must have shape [1, 9, 10, 1], got [1, 8, 8, 1]");
        assertThatThrownBy(() -> sampler.draw(PixelCanvas.upper(high, 2, 0), streams(0), DrawingListener.silent()))
                .hasMessage("PixelCnnSampler: given values must lie in [0, 8), got 8");
        assertThatThrownBy(() -> sampler.draw(PixelCanvas.blank(GRAY.grid(), 4), streams(0), DrawingListener.silent()))
                .hasMessage("PixelCnnSampler: labels must lie in [0, 3], where 3 is no class, got 4");
        assertThatThrownBy(
                        () -> sampler.draw(PixelCanvas.blank(GRAY.grid(), 0), streams(0, 1), DrawingListener.silent()))
                .hasMessage("PixelCnnSampler: there must be one stream for each of 1 images, got 2");
        assertThatThrownBy(() -> PixelCanvas.upper(small, 8, 0))
                .hasMessage("PixelCanvas: rows that stay must lie in [0, 8), got 8");
        assertThatThrownBy(() ->
                        new PixelCnnSampler(model(MIXED), TokenSampler.plain().withGuidanceScale(1)))
                .hasMessage("PixelCnnSampler: guidanceScale must be 0 for a model without classes, got 1.0");
        assertThatThrownBy(() -> new PixelCanvas(Tensor.of(new int[2], 2), small, Tensor.of(new boolean[64], 1, 8, 8)))
                .hasMessage("PixelCanvas: labels must have shape (1), got [2]");
        assertThat(PixelCanvas.blank(GRAY.grid(), 0, 1).values().shape()).isEqualTo(Shape.of(2, 9, 10, 1));
    }
}
