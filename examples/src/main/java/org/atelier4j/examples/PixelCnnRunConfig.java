package org.atelier4j.examples;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.atelier4j.autoregressive.pixel.PixelCnn;
import org.atelier4j.data.Datasets;
import org.atelier4j.io.Json;
import org.atelier4j.tensor.Check;
import org.atelier4j.train.TrainingLength;
import org.jspecify.annotations.Nullable;

/**
 * Settings of a run that trains a PixelCNN on images.
 *
 * @param model grid, head and network; its levels are a power of two, the bits that are kept of a pixel
 * @param data name of the data set
 * @param length when the run is over
 * @param optimization how the network is changed, by Adam
 * @param labelDropout part of the images whose class is hidden in training, in [0, 1): what guidance needs
 * @param seed of all randomness
 */
record PixelCnnRunConfig(
        PixelCnn.Config model,
        String data,
        TrainingLength length,
        Optimization optimization,
        double labelDropout,
        long seed)
        implements RunConfig {
    static final String FAMILY = "pixelcnn";

    PixelCnnRunConfig {
        Check.that(
                Integer.bitCount(model.grid().levels()) == 1 && model.embedding() == 0,
                "pixelcnn: the model must be one of pixels with 2^bits levels, got %s",
                model);
    }

    /** Returns how many bits are kept of a pixel. */
    int bits() {
        return Integer.numberOfTrailingZeros(model.grid().levels());
    }

    @Override
    public String family() {
        return FAMILY;
    }

    @Override
    public PixelCnnRunConfig withLength(TrainingLength other) {
        return new PixelCnnRunConfig(model, data, other, optimization, labelDropout, seed);
    }

    @Override
    public PixelCnnRunConfig withOptimization(Optimization other) {
        return new PixelCnnRunConfig(model, data, length, other, labelDropout, seed);
    }

    @Override
    public PixelCnnRun start(Datasets.Resolved found) {
        return new PixelCnnRun(this, found);
    }

    @Override
    public Map<String, Object> toTree() {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("model", model);
        tree.put("data", data);
        tree.put("length", length);
        tree.put("optimization", optimization);
        tree.put("labelDropout", labelDropout);
        tree.put("seed", seed);
        return tree;
    }

    /** Returns the config that {@link #toTree} wrote. */
    static PixelCnnRunConfig ofTree(Map<String, @Nullable Object> tree, Path source) {
        return Json.record(PixelCnnRunConfig.class, tree);
    }
}
