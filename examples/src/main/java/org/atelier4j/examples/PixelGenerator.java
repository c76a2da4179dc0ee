package org.atelier4j.examples;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.atelier4j.autoregressive.TokenSampler;
import org.atelier4j.autoregressive.pixel.PixelCnn;
import org.atelier4j.autoregressive.pixel.PixelCnnPipeline;
import org.atelier4j.image.Image;
import org.atelier4j.image.PixelRange;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;

/**
 * Draws with a PixelCNN of images.
 *
 * @param pipeline the model
 * @param sampler how values are chosen
 */
record PixelGenerator(PixelCnnPipeline pipeline, TokenSampler sampler) implements Generator {

    @Override
    public Shape imageShape() {
        PixelCnn.Grid grid = pipeline.model().config().grid();
        return Shape.of(grid.height(), grid.width(), grid.channels());
    }

    @Override
    public List<String> classNames() {
        return pipeline.classes().names();
    }

    @Override
    public Map<String, Object> settings() {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("bits", pipeline.levels().bits());
        settings.putAll(CodeGenerator.settings(sampler));
        return settings;
    }

    @Override
    public Drawn draw(List<Integer> labels, long seed, Consumer<Supplier<List<Image>>> frames) {
        var request = new PixelCnnPipeline.Request(labels, sampler, seed);
        List<Image> images = pipeline.generate(request, progress -> {
            frames.accept(() -> unfinished(progress.codes()));
            return true;
        });
        PixelCnn.Grid grid = pipeline.model().config().grid();
        int forwards = grid.height() * grid.width() * pipeline.model().head().colors();
        return new Drawn(images, sampler.isGuided() ? 2 * forwards : forwards);
    }

    /** Returns images of values INT32 (B, H, W, C), gray where they are −1, that is open. */
    private List<Image> unfinished(Tensor values) {
        int[] levels = values.toInts();
        boolean[] open = new boolean[levels.length];
        for (int i = 0; i < levels.length; i++) {
            open[i] = levels[i] < 0;
        }
        int[] settled = Arrays.stream(levels).map(v -> Math.max(0, v)).toArray();
        int[] shape = values.shape().dims();
        try (TensorScope scope = TensorScope.open()) {
            Tensor images = pipeline.levels().toImages(Tensor.of(settled, shape));
            return PixelRange.SIGNED.toImages(Tensor.where(Tensor.of(open, shape), Tensor.zerosLike(images), images));
        }
    }

    /** The pipeline holds nothing that must be given back. */
    @Override
    public void close() {}
}
