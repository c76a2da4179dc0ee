package org.atelier4j.metrics.net;

import java.util.ArrayList;
import java.util.List;
import org.atelier4j.image.Resampling;
import org.atelier4j.image.ResizeFilter;
import org.atelier4j.model.ImageClassifier;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Unary;
import org.jspecify.annotations.Nullable;

/**
 * A network that knows the 1,000 classes of ImageNet: EfficientNet (Tan, Le 2019, arXiv:1905.11946), table 1, in the "Lite0"
 * form of its authors, which has no squeeze-and-excitation and ReLU6 for swish; 4.65 million weights. It comes with the
 * library, so that color images have a feature network without anything to be downloaded.
 *
 * <p>Images (B, H, W, 3) in [−1, 1] → features (B, 1280) → logits (B, 1000). Images of other sizes than 224 × 224 are
 * resized by Pillow's bicubic filter. Its numbers bear its name: a Fréchet distance over these features is not FID, for
 * which there is {@link Inception2015}.
 *
 * <p>Convolutions and the last layer are stored in half precision, which moves features by 0.2 to 0.6 % of their length and
 * no class of the pictures we tried; two different pictures are 127 % apart.
 */
public final class EfficientNetLite0 implements ImageClassifier {
    /** Height and width at which the network sees. */
    public static final int SIDE = 224;

    private static final String NAME = "efficientnet-lite0";
    private static final int CLASSES = 1000;
    private static final int WIDTH = 1280;
    private static final int LAST = 320;
    private static final int STEM = 32;
    private static final double EPS = 1e-3; // of the batch norms

    /** A row of the paper's table 1: so many blocks, the first one with this stride and the others with 1. */
    private record Stage(int blocks, int kernel, int stride, int channels, int expansion) {}

    private static final List<Stage> STAGES = List.of(
            new Stage(1, 3, 1, 16, 1),
            new Stage(2, 3, 2, 24, 6),
            new Stage(2, 5, 2, 40, 6),
            new Stage(3, 3, 2, 80, 6),
            new Stage(3, 5, 1, 112, 6),
            new Stage(4, 5, 2, 192, 6),
            new Stage(1, 3, 1, LAST, 6));

    /** The inverted residual of Sandler et al. 2018 (arXiv:1801.04381): widen, filter each channel, narrow. */
    private record Block(
            @Nullable FrozenConv expand,
            FrozenConv depthwise,
            FrozenConv project,
            int kernel,
            int stride,
            boolean skips) {

        static Block of(Weights weights, int index, int in, Stage stage, int stride) {
            String name = "_blocks." + index + ".";
            int wide = in * stage.expansion();
            int k = stage.kernel();
            FrozenConv expand = stage.expansion() == 1
                    ? null
                    : conv(
                            weights,
                            name + "_expand_conv",
                            name + "_bn0",
                            new int[] {wide, in, 1, 1},
                            1,
                            1,
                            FrozenConv.RELU6);
            FrozenConv depthwise = conv(
                    weights,
                    name + "_depthwise_conv",
                    name + "_bn1",
                    new int[] {wide, 1, k, k},
                    stride,
                    wide,
                    FrozenConv.RELU6);
            FrozenConv project = conv(
                    weights,
                    name + "_project_conv",
                    name + "_bn2",
                    new int[] {stage.channels(), wide, 1, 1},
                    1,
                    1,
                    null);
            return new Block(expand, depthwise, project, k, stride, stride == 1 && in == stage.channels());
        }

        Tensor forward(Tensor x) {
            Tensor h = expand == null ? x : expand.forward(x); // (B, H, W, 6·in)
            h = depthwise.forward(padded(h, kernel, stride)); // (B, H', W', 6·in)
            h = project.forward(h); // (B, H', W', out)
            return skips ? h.add(x) : h;
        }
    }

    private final String hash;
    private final FrozenConv stem;
    private final List<Block> blocks = new ArrayList<>();
    private final FrozenConv head;
    private final Tensor fcWeight;
    private final Tensor fcBias;

    private EfficientNetLite0(Weights weights) {
        stem = conv(weights, "_conv_stem", "_bn0", new int[] {STEM, Pictures.CHANNELS, 3, 3}, 2, 1, FrozenConv.RELU6);
        int in = STEM;
        for (Stage stage : STAGES) {
            for (int i = 0; i < stage.blocks(); i++) {
                blocks.add(Block.of(weights, blocks.size(), in, stage, i == 0 ? stage.stride() : 1));
                in = stage.channels();
            }
        }
        head = conv(weights, "_conv_head", "_bn1", new int[] {WIDTH, LAST, 1, 1}, 1, 1, FrozenConv.RELU6);
        fcWeight = weights.take("_fc.weight", CLASSES, WIDTH);
        fcBias = weights.take("_fc.bias", CLASSES);
        weights.finish();
        hash = weights.hash();
    }

    /** Returns the network with the weights that come with the library. */
    public static EfficientNetLite0 load() {
        return of(Weights.shipped(NAME, "efficientnet-lite0-1", "efficientnet-lite0-2"));
    }

    static EfficientNetLite0 of(Weights weights) {
        return new EfficientNetLite0(weights);
    }

    private static FrozenConv conv(
            Weights weights,
            String name,
            String norm,
            int[] shape,
            int stride,
            int groups,
            @Nullable Unary activation) {
        Tensor weight = weights.take(name + ".weight", shape);
        int padding = stride == 1 ? shape[2] / 2 : 0; // else it is not the same on both sides: padded()
        return FrozenConv.normalized(
                weights, norm, EPS, weight, FrozenConv.geometry(stride, padding, groups), activation);
    }

    /** TensorFlow's padding "same" where it is uneven: as many windows as {@code ⌈n/stride⌉}, the odd zero at the end. */
    private static Tensor padded(Tensor x, int kernel, int stride) {
        return stride == 1 ? x : padded(padded(x, 1, kernel, stride), 2, kernel, stride);
    }

    private static Tensor padded(Tensor x, int axis, int kernel, int stride) {
        int n = x.dim(axis);
        int zeros = Math.max(0, ((n + stride - 1) / stride - 1) * stride + kernel - n);
        return x.pad(axis, zeros / 2, zeros - zeros / 2);
    }

    @Override
    public Tensor features(Tensor images) {
        return Chain.run(images, () -> head(trunk(images, null)));
    }

    /** Returns what the last block of each resolution gives: sides of 112, 56, 28, 14 and 7 pixels. */
    @Override
    public List<Tensor> maps(Tensor images) {
        List<Tensor> maps = new ArrayList<>();
        trunk(images, maps);
        return maps;
    }

    private Tensor trunk(Tensor images, @Nullable List<Tensor> maps) {
        Pictures.check(NAME, images, 1);
        Chain chain = new Chain(images)
                .then(EfficientNetLite0::scaled) // (B, 224, 224, 3)
                .then(x -> stem.forward(padded(x, 3, 2))); // (B, 112, 112, 32)
        for (int i = 0; i < blocks.size(); i++) {
            chain.then(blocks.get(i)::forward);
            boolean last = i + 1 == blocks.size() || blocks.get(i + 1).stride() == 2;
            if (maps != null && last) {
                maps.add(chain.tap());
            }
        }
        return chain.tap(); // (B, 7, 7, 320)
    }

    private Tensor head(Tensor x) {
        Tensor h = head.forward(x); // (B, 7, 7, 1280)
        return h.mean(1, 2).reshape(x.dim(0), WIDTH);
    }

    /** Returns {@code (pixel − 127)/128} at the network's resolution. */
    private static Tensor scaled(Tensor images) {
        Tensor x = images.dim(1) == SIDE && images.dim(2) == SIDE
                ? images
                : Resampling.product(images, ResizeFilter.BICUBIC, SIDE, SIDE);
        return x.affine(127.5 / 128, 0.5 / 128);
    }

    @Override
    public Tensor logits(Tensor features) {
        Check.shape(
                features.rank() == 2 && features.dim(1) == WIDTH,
                "%s: features must be (B, %d), got %s",
                NAME,
                WIDTH,
                features.shape());
        return features.matmul(fcWeight, false, true).add(fcBias); // (B, 1000)
    }

    @Override
    public int classes() {
        return CLASSES;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String hash() {
        return hash;
    }

    @Override
    public int channels() {
        return Pictures.CHANNELS;
    }

    @Override
    public int width() {
        return WIDTH;
    }
}
