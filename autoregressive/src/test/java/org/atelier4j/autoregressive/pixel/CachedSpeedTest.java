package org.atelier4j.autoregressive.pixel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.LongStream;
import org.atelier4j.autoregressive.DrawingListener;
import org.atelier4j.autoregressive.TokenSampler;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What it is worth to keep what earlier pixels computed. */
@Tag("slow")
class CachedSpeedTest {
    private static final int IMAGES = 8;
    private static final int PASSES = 5;

    @Test
    void drawingIsTenTimesFasterThanRunningTheNetworkForEachPixel() {
        PixelCnn.Config config =
                new PixelCnn.Config(new PixelCnn.Grid(28, 28, 1, 32), 0, 0, new PixelCnn.Size(32, 6, 3), 10);
        PixelCnn model = new PixelCnn(config, Rng.of(1));
        Tensor values = Rng.of(2).integers(32, config.grid().batch(IMAGES));
        Tensor labels = Tensor.of(new int[IMAGES], IMAGES);
        List<Rng> streams = LongStream.range(0, IMAGES).mapToObj(Rng::of).toList();
        double pass = Double.POSITIVE_INFINITY; // the best of some, which favors the slow way
        for (int i = 0; i < PASSES; i++) {
            long start = System.nanoTime();
            try (NoGrad off = NoGrad.open();
                    TensorScope scope = TensorScope.open()) {
                model.parameters(values, labels);
            }
            pass = Math.min(pass, (System.nanoTime() - start) * 1e-9);
        }

        long start = System.nanoTime();
        new PixelCnnSampler(model, TokenSampler.plain())
                .draw(PixelCanvas.blank(config.grid(), new int[IMAGES]), streams, DrawingListener.silent());
        double cached = (System.nanoTime() - start) * 1e-9;

        assertThat(pass * config.grid().dimensions() / cached).isGreaterThan(10);
    }
}
