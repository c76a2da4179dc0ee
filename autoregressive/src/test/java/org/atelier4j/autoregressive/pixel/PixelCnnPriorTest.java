package org.atelier4j.autoregressive.pixel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.atelier4j.autoregressive.Canvas;
import org.atelier4j.autoregressive.CodeSpace;
import org.atelier4j.autoregressive.Decoding;
import org.atelier4j.autoregressive.DrawingListener;
import org.atelier4j.model.CodeGrid;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.junit.jupiter.api.Test;

/** The PixelCNN as a prior of codes. */
class PixelCnnPriorTest {
    private static final CodeSpace SPACE = new CodeSpace(20, 4, 5, 3);

    private final PixelCnnPrior prior =
            new PixelCnnPrior(new PixelCnn(PixelCnnPrior.config(SPACE, new PixelCnn.Size(8, 1, 3)), Rng.of(1)));
    private final List<Rng> streams = List.of(Rng.of(1), Rng.of(2));

    @Test
    void itsSpaceIsThatOfItsModel() {
        assertThat(prior.space()).isEqualTo(SPACE);
    }

    @Test
    void theLossIsTheMeanLikelihoodPerCode() {
        CodeGrid grid = new CodeGrid(Rng.of(3).integers(20, Shape.of(2, 4, 5)), 20);
        Tensor labels = Tensor.of(new int[] {0, 3}, 2);
        double[] logs = prior.logLikelihoods(grid, labels);

        assertThat(prior.loss(grid, labels, Rng.of(0)).item()).isCloseTo(-(logs[0] + logs[1]) / 2 / 20, within(1e-5));
    }

    @Test
    void givenCodesStayWhereverTheyAre() {
        boolean[] known = new boolean[40];
        known[7] = true;
        known[33] = true;
        Tensor codes = Rng.of(3).integers(20, Shape.of(2, 4, 5));
        Canvas canvas = new Canvas(Tensor.of(new int[] {0, 1}, 2), codes, Tensor.of(known, 2, 4, 5));
        List<Integer> steps = new ArrayList<>();

        CodeGrid drawn = prior.draw(canvas, Decoding.standard(), streams, p -> steps.add(p.step()));

        int[] got = drawn.codes().toInts();
        assertThat(got[7]).isEqualTo(codes.toInts()[7]);
        assertThat(got[33]).isEqualTo(codes.toInts()[33]);
        assertThat(got).isNotEqualTo(codes.toInts());
        assertThat(steps).containsExactly(5, 10, 15, 20);
        SPACE.checked("drawn", drawn);
    }

    @Test
    void twoImagesOfOneStreamAreEqual() {
        Canvas canvas = Canvas.blank(4, 5, 1, 1);
        Tensor codes = prior.draw(canvas, Decoding.standard(), List.of(Rng.of(8), Rng.of(8)), DrawingListener.silent())
                .codes();

        TensorAssert.assertThat(codes.slice(0, 0, 1)).isEqualTo(codes.slice(0, 1, 1));
    }

    @Test
    void saysWhatItTakes() {
        assertThatThrownBy(() ->
                        prior.draw(Canvas.blank(5, 5, 0, 0), Decoding.standard(), streams, DrawingListener.silent()))
                .hasMessage("PixelCnnPrior: grids must be 4 x 5 codes, as trained, got 5 x 5");
        assertThatThrownBy(() -> prior.loss(
                        new CodeGrid(Tensor.of(new int[20], 1, 4, 5), 21), Tensor.of(new int[1], 1), Rng.of(0)))
                .hasMessage("PixelCnnPrior: grids must be over 20 codes, got 21");
        assertThatThrownBy(() -> new PixelCnnPrior(new PixelCnn(
                        new PixelCnn.Config(new PixelCnn.Grid(2, 2, 1, 4), 0, 0, new PixelCnn.Size(4, 1, 3), 0),
                        Rng.of(1))))
                .hasMessageStartingWith("PixelCnnPrior: the model must have an embedding, got Config[");
    }
}
