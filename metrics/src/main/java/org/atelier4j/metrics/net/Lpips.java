package org.atelier4j.metrics.net;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.atelier4j.metrics.image.ImageDistance;
import org.atelier4j.model.FeatureExtractor;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.kernel.Interpolation;

/**
 * The learned perceptual distance of two images: Zhang et al. 2018, "The Unreasonable Effectiveness of Deep Features as a
 * Perceptual Metric" (arXiv:1801.03924), eq. 1, in the authors' version 0.1:
 * {@code d(x, x₀) = Σ_l 1/(H_l W_l) Σ_hw ‖w_l ⊙ (ŷ_hw − ŷ₀_hw)‖²}, ŷ the taps of a network with each pixel's channels scaled
 * to length 1. (The authors' code, and this, weigh the squares: what the equation calls w_l is the root of the weights.)
 *
 * <p>{@link #alex} comes with the library and is what papers mean by LPIPS where they say no more. As a loss the authors
 * advise {@link #vgg}. 0 means equal; distances of different trunks do not compare. Images are (B, H, W, 3) in [−1, 1] of
 * at least 31 × 31 pixels (AlexNet), 16 × 16 (VGG16), 17 × 17 (SqueezeNet), and are not resized: distances grow with the
 * resolution at which the same picture is shown, so say it beside them. Gradients pass to both images.
 */
public final class Lpips implements ImageDistance, FeatureExtractor {
    private static final Tensor SHIFT = constant(-0.030f, -0.088f, -0.188f);
    private static final Tensor SCALE = constant(0.458f, 0.448f, 0.450f);
    private static final double EPS = 1e-10;

    private final String name;
    private final String hash;
    private final Trunk trunk;
    private final List<Tensor> roots; // √w_l, (C_l)

    private Lpips(String name, String hash, Trunk trunk, List<Tensor> roots) {
        this.name = name;
        this.hash = hash;
        this.trunk = trunk;
        this.roots = roots;
    }

    /** Returns the distance over AlexNet, with the published weights, which come with the library. */
    public static Lpips alex() {
        Weights weights = Weights.shipped("lpips-alex", "lpips-alex-1", "lpips-alex-2");
        return of("lpips-alex", weights, new AlexNetTrunk(weights));
    }

    /**
     * Returns the distance over VGG16, its convolutions from the cache folder, {@code $ATELIER_DATA/weights}:
     * {@code lpips-vgg.safetensors} or torchvision's {@code vgg16-397923af.pth}.
     *
     * @throws IllegalStateException if they are not there; the message says where to put them
     */
    public static Lpips vgg() {
        return vgg(Vgg16Trunk.cached("lpips-vgg"));
    }

    /**
     * Returns the distance over VGG16, its convolutions from a file in torchvision's names ({@code features.0.weight}, …),
     * safetensors or {@code .pth}; the linear heads come with the library.
     *
     * @throws IllegalArgumentException if the file holds other weights
     * @throws org.atelier4j.io.MalformedFileException if it is damaged
     */
    public static Lpips vgg(Path file) {
        return vgg(Vgg16Trunk.file("lpips-vgg", file));
    }

    private static Lpips vgg(Weights convolutions) {
        Weights weights = convolutions.and(Weights.shipped("lpips-vgg", "lpips-vgg-heads"));
        return of("lpips-vgg", weights, Vgg16Trunk.of(weights));
    }

    /**
     * Returns the distance over SqueezeNet 1.1, its convolutions from a file in torchvision's names, such as
     * {@code squeezenet1_1-b8a52dc0.pth}; the linear heads come with the library.
     *
     * @throws IllegalArgumentException if the file holds other weights
     * @throws org.atelier4j.io.MalformedFileException if it is damaged
     */
    public static Lpips squeeze(Path file) {
        return squeeze(Weights.file("lpips-squeeze", file, name -> name.startsWith("features.")));
    }

    static Lpips squeeze(Weights convolutions) {
        Weights weights = convolutions.and(Weights.shipped("lpips-squeeze", "lpips-squeeze-heads"));
        return of("lpips-squeeze", weights, new SqueezeNetTrunk(weights));
    }

    static Lpips of(String name, Weights weights, Trunk trunk) {
        List<Tensor> roots = new ArrayList<>();
        for (int i = 0; i < trunk.channels().size(); i++) {
            int channels = trunk.channels().get(i);
            Tensor head = weights.take("lin" + i + ".model.1.weight", 1, channels, 1, 1);
            roots.add(TensorScope.outside(() -> head.reshape(channels).sqrt())); // all are ≥ 0
        }
        weights.finish();
        return new Lpips(name, weights.hash(), trunk, List.copyOf(roots));
    }

    /**
     * Returns the distance of each pair, (B).
     *
     * @param a FLOAT32 (B, H, W, 3) in [−1, 1]
     * @param b of the same shape
     */
    @Override
    public Tensor between(Tensor a, Tensor b) {
        return Both.run(a, b, () -> {
            Tensor sum = Tensor.zeros(a.dim(0));
            for (Tensor squares : squares(a, b)) {
                sum = sum.add(squares.mean(1, 2).reshape(a.dim(0)));
            }
            return sum;
        });
    }

    /** Returns where a pair differs, (B, H, W, 1): each depth enlarged to the images' size, then added. */
    public Tensor map(Tensor a, Tensor b) {
        return Both.run(a, b, () -> {
            Tensor sum = Tensor.zeros(a.dim(0), a.dim(1), a.dim(2), 1);
            for (Tensor squares : squares(a, b)) {
                sum = sum.add(squares.resize(Interpolation.BILINEAR, a.dim(1), a.dim(2)));
            }
            return sum;
        });
    }

    private List<Tensor> squares(Tensor a, Tensor b) {
        Pictures.check(name, a, b, trunk.smallest());
        List<Tensor> left = maps(a);
        List<Tensor> right = maps(b);
        List<Tensor> squares = new ArrayList<>();
        for (int i = 0; i < left.size(); i++) {
            squares.add(left.get(i).sub(right.get(i)).square().sum(3)); // (B, h, w, 1)
        }
        return squares;
    }

    /**
     * Returns {@code √w_l ⊙ ŷ_l} for each depth, (B, h, w, C): the squared distance of two images' maps, summed over channels,
     * averaged over pixels and added up over depths, is LPIPS.
     */
    @Override
    public List<Tensor> maps(Tensor images) {
        Pictures.check(name, images, trunk.smallest());
        List<Tensor> taps = trunk.taps(images.sub(SHIFT).div(SCALE));
        List<Tensor> maps = new ArrayList<>();
        for (int i = 0; i < taps.size(); i++) {
            Tensor y = taps.get(i);
            maps.add(y.div(y.norm(3).add(EPS)).mul(roots.get(i))); // (B, h, w, C)
        }
        return maps;
    }

    /** Returns the means of all {@link #maps} over their pixels, joined: (B, D). */
    @Override
    public Tensor features(Tensor images) {
        return Chain.run(images, () -> {
            Tensor[] means = maps(images).stream()
                    .map(m -> m.mean(1, 2).reshape(m.dim(0), m.dim(3)))
                    .toArray(Tensor[]::new);
            return Tensor.concat(1, means);
        });
    }

    @Override
    public String name() {
        return name;
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
        return trunk.channels().stream().mapToInt(c -> c).sum();
    }

    private static Tensor constant(float... values) {
        return TensorScope.outside(() -> Tensor.of(values, values.length));
    }
}
