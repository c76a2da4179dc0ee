package org.atelier4j.examples;

import java.util.List;
import java.util.stream.IntStream;
import org.atelier4j.data.Datasets;
import org.atelier4j.diffusion.pipeline.Objective;
import org.atelier4j.diffusion.unet.UNetConfig;
import org.atelier4j.tensor.Shape;
import org.atelier4j.train.TrainingLength;

/** Sizes of networks with settings that suit them; the rest follows from the data set. */
enum Preset {
    /** For a few minutes on 2 CPU cores: the network of {@code quickstart}. */
    QUICK(new UNetConfig.Channels(24, List.of(1, 2, 2), 1, 8), 2, new Optimization(32, 2e-3, 100, 1, 3_000), 50_000),
    /** For an hour on 2 CPU cores: the network of the model that ships. */
    SMALL(new UNetConfig.Channels(32, List.of(1, 2, 2), 1, 8), 1, new Optimization(64, 1e-3, 200, 1, 30_000), 200_000),
    /** The network of the benchmarks: better pictures, for a night. */
    LARGE(UNetConfig.benchmark().channels(), 1, new Optimization(64, 5e-4, 1000, 1, 100_000), 4_000_000),
    /** Learns nothing, but runs in seconds: for tests. */
    SMOKE(new UNetConfig.Channels(8, List.of(1, 1), 1, 4), 1, new Optimization(4, 1e-3, 10, 1, 100), 20);

    private static final double LABEL_DROPOUT = 0.1;

    private final UNetConfig.Channels channels;
    private final int attentionFrom; // level, 0 being full resolution
    private final Optimization optimization;
    private final long images;

    Preset(UNetConfig.Channels channels, int attentionFrom, Optimization optimization, long images) {
        this.channels = channels;
        this.attentionFrom = attentionFrom;
        this.optimization = optimization;
        this.images = images;
    }

    /** Returns the whole configuration for a data set. */
    DiffusionConfig config(Datasets.Resolved data, long seed) {
        Shape image = data.train().imageShape(); // (H, W, C)
        List<Integer> attention = IntStream.range(attentionFrom, channels.levels())
                .mapToObj(level -> image.dim(0) >> level)
                .toList();
        UNetConfig network = new UNetConfig(
                new UNetConfig.Images(image.dim(0), image.dim(1), image.dim(2), image.dim(2)),
                channels,
                new UNetConfig.Attention(attention, 1),
                new UNetConfig.Conditions(data.train().classNames().size(), 0),
                0);
        return new DiffusionConfig(
                network,
                data.name(),
                TrainingLength.images(images),
                optimization,
                Objective.Discrete.standard(),
                LABEL_DROPOUT,
                seed);
    }
}
