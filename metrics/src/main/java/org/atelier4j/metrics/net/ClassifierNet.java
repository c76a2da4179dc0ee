package org.atelier4j.metrics.net;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atelier4j.nn.Layer;
import org.atelier4j.nn.Linear;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.NoGrad;

/**
 * A small residual network (He et al. 2015, arXiv:1512.03385) that says what an image shows: images (B, H, W, C) in
 * [−1, 1] → features (B, D) → logits (B, K). A stem at full resolution, then stages that halve the sides by a strided
 * convolution and refine by a residual block, then the mean over all pixels.
 *
 * <p>It is trained with batch norms; {@link #folded} moves them into the convolutions, which is the form that is stored and
 * measures are made with.
 */
public final class ClassifierNet extends Layer {

    /**
     * Sizes of the network.
     *
     * @param channels C of the images
     * @param widths channels of the stem and of each stage; the last one is D
     * @param classes K
     * @param folded whether it has biases in place of batch norms: for use, not for training
     */
    public record Config(int channels, List<Integer> widths, int classes, boolean folded) {

        /** Checks the sizes. */
        public Config {
            Check.that(
                    channels >= 1 && classes >= 2,
                    "ClassifierNet: channels must be >= 1 and classes >= 2, got %d and %d",
                    channels,
                    classes);
            Check.that(
                    widths.size() >= 2 && widths.stream().allMatch(w -> w >= 1),
                    "ClassifierNet: widths must name a stem and at least one stage, all >= 1, got %s",
                    widths);
            widths = List.copyOf(widths);
        }

        /** Returns D, the length of the features. */
        public int features() {
            return widths.get(widths.size() - 1);
        }

        /** Returns the same network in its other form. */
        public Config withFolded(boolean other) {
            return new Config(channels, widths, classes, other);
        }
    }

    /** Halves the sides, then refines: {@code y = relu(conv(x)), relu(y + conv(relu(conv(y))))}. */
    private static final class Stage extends Layer {
        private final ConvNorm down;
        private final ConvNorm first;
        private final ConvNorm second;

        Stage(int in, int out, boolean folded, Rng rng) {
            down = child("down", new ConvNorm(in, out, 2, folded, rng.split("down")));
            first = child("first", new ConvNorm(out, out, 1, folded, rng.split("first")));
            second = child("second", new ConvNorm(out, out, 1, folded, rng.split("second")));
        }

        Tensor forward(Tensor x) {
            Tensor y = down.forward(x).relu(); // (B, H/2, W/2, out)
            return second.forward(first.forward(y).relu(), y).relu();
        }
    }

    private final Config config;
    private final ConvNorm stem;
    private final List<Stage> stages;
    private final Linear head;

    /** Makes a network with random weights. */
    public ClassifierNet(Config config, Rng rng) {
        this.config = config;
        List<Integer> widths = config.widths();
        stem = child("stem", new ConvNorm(config.channels(), widths.get(0), 1, config.folded(), rng.split("stem")));
        stages = children(
                "stages",
                widths.size() - 1,
                i -> new Stage(
                        widths.get(i),
                        widths.get(i + 1),
                        config.folded(),
                        rng.split("stage").split(i)));
        head = child("head", new Linear(config.features(), config.classes(), rng.split("head")));
    }

    /** Returns the sizes. */
    public Config config() {
        return config;
    }

    /** Returns logits (B, K) of images (B, H, W, C). */
    public Tensor forward(Tensor images) {
        return logits(features(images));
    }

    /** Returns features (B, D) of images (B, H, W, C): the last stage's mean over all pixels. */
    public Tensor features(Tensor images) {
        List<Tensor> maps = maps(images);
        Tensor last = maps.get(maps.size() - 1); // (B, h, w, D)
        return last.mean(1, 2).reshape(last.dim(0), config.features());
    }

    /** Returns logits (B, K) of features (B, D). */
    public Tensor logits(Tensor features) {
        return head.forward(features);
    }

    /** Returns what the stem and each stage make of images (B, H, W, C), from (B, H, W, widths[0]) to (B, h, w, D). */
    public List<Tensor> maps(Tensor images) {
        List<Tensor> maps = new ArrayList<>();
        maps.add(stem.forward(images).relu()); // (B, H, W, widths[0])
        for (Stage stage : stages) {
            maps.add(stage.forward(maps.get(maps.size() - 1)));
        }
        return List.copyOf(maps);
    }

    /**
     * Returns the network that computes what this one does in evaluation, without batch norms.
     *
     * @param state of this network, or of an average of its weights
     */
    public ClassifierNet folded(Map<String, Tensor> state) {
        Check.state(!config.folded(), "ClassifierNet: folded must be called on a network with batch norms");
        ClassifierNet other = new ClassifierNet(config.withFolded(true), Rng.of(0));
        Map<String, Tensor> weights = new LinkedHashMap<>();
        try (NoGrad off = NoGrad.open()) {
            for (String path : other.state().keySet()) {
                if (path.startsWith("head.")) {
                    weights.put(path, ConvNorm.value(state, path));
                } else if (path.endsWith("conv.weight")) {
                    String layer = path.substring(0, path.length() - "conv.weight".length());
                    weights.putAll(ConvNorm.folded(state, layer));
                }
            }
            other.load(weights);
        }
        return other;
    }
}
