package org.atelier4j.metrics.net;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.atelier4j.metrics.image.ImageDistance;
import org.atelier4j.nn.Convolutions;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;

/**
 * Distance of structure and texture: Ding et al. 2020, "Image Quality Assessment: Unifying Structure and Texture
 * Similarity" (arXiv:2004.07728), eq. 9: {@code D(x, y) = 1 − Σ_ij α_ij l(x̃_ij, ỹ_ij) + β_ij s(x̃_ij, ỹ_ij)} over the channels j
 * of six maps i, the image itself and five depths of VGG16, with {@code l = (2 μ_x μ_y + c₁)/(μ_x² + μ_y² + c₁)} of the means and
 * {@code s = (2 σ_xy + c₂)/(σ_x² + σ_y² + c₂)} of variances and covariance over all pixels. Two samples of one texture are
 * close though no pixel of theirs is equal, which is what LPIPS cannot say.
 *
 * <p>Images are (B, H, W, 3) in [−1, 1] of at least 16 × 16 pixels. The authors judge at a smaller side of 256. Differs from
 * their code: covariances are taken of centered numbers, which rounds less.
 */
public final class Dists implements ImageDistance {
    private static final String NAME = "dists";
    private static final double C1 = 1e-6;
    private static final double C2 = 1e-6;
    private static final double ROOT_EPS = 1e-12;

    private static final Tensor MEAN = constant(0.485f, 0.456f, 0.406f);
    private static final Tensor DEVIATION = constant(0.229f, 0.224f, 0.225f);

    private final String hash;
    private final Trunk trunk;
    private final Tensor alpha;
    private final Tensor beta;

    private Dists(Weights weights) {
        List<UnaryOperator<Tensor>> pools = new ArrayList<>();
        for (int channels : new int[] {64, 128, 256, 512}) {
            pools.add(hanning(channels));
        }
        trunk = Vgg16Trunk.withPools(weights, pools);
        int width =
                Pictures.CHANNELS + trunk.channels().stream().mapToInt(c -> c).sum();
        Tensor a = weights.take("alpha", 1, width, 1, 1).reshape(width);
        Tensor b = weights.take("beta", 1, width, 1, 1).reshape(width);
        weights.finish();
        double sum = a.sum().item() + b.sum().item();
        alpha = TensorScope.outside(() -> a.div(sum)); // all weights together are 1
        beta = TensorScope.outside(() -> b.div(sum));
        hash = weights.hash();
    }

    /**
     * Returns the distance with VGG16's convolutions from the cache folder, as {@link Lpips#vgg()} finds them.
     *
     * @throws IllegalStateException if they are not there; the message says where to put them
     */
    public static Dists load() {
        return of(Vgg16Trunk.cached(NAME));
    }

    /**
     * Returns the distance with VGG16's convolutions from a file, as {@link Lpips#vgg(Path)} reads it.
     *
     * @throws IllegalArgumentException if the file holds other weights
     * @throws org.atelier4j.io.MalformedFileException if it is damaged
     */
    public static Dists load(Path file) {
        return of(Vgg16Trunk.file(NAME, file));
    }

    static Dists of(Weights convolutions) {
        return new Dists(convolutions.and(Weights.shipped(NAME, "dists")));
    }

    /** Returns the SHA-256 of the weights in hexadecimal digits. */
    public String hash() {
        return hash;
    }

    /**
     * Returns the distance of each pair, (B), in about [0, 1].
     *
     * @param a FLOAT32 (B, H, W, 3) in [−1, 1]
     * @param b of the same shape
     */
    @Override
    public Tensor between(Tensor a, Tensor b) {
        Pictures.check(NAME, a, b, trunk.smallest());
        return Both.run(a, b, () -> {
            List<Tensor> left = maps(a);
            List<Tensor> right = maps(b);
            Tensor likeness = Tensor.zeros(a.dim(0));
            int at = 0;
            for (int i = 0; i < left.size(); i++) {
                int channels = left.get(i).dim(3);
                Tensor[] parts = {alpha.slice(0, at, channels), beta.slice(0, at, channels)};
                likeness = likeness.add(likeness(left.get(i), right.get(i), parts[0], parts[1]));
                at += channels;
            }
            return likeness.neg().add(1);
        });
    }

    /** Returns the image in [0, 1] and the five depths. */
    private List<Tensor> maps(Tensor images) {
        Tensor unit = images.affine(0.5, 0.5);
        List<Tensor> maps = new ArrayList<>(List.of(unit));
        maps.addAll(trunk.taps(unit.sub(MEAN).div(DEVIATION)));
        return maps;
    }

    private static Tensor likeness(Tensor x, Tensor y, Tensor alpha, Tensor beta) {
        Tensor meanX = x.mean(1, 2); // (B, 1, 1, C)
        Tensor meanY = y.mean(1, 2);
        Tensor dx = x.sub(meanX);
        Tensor dy = y.sub(meanY);
        Tensor varX = dx.square().mean(1, 2);
        Tensor varY = dy.square().mean(1, 2);
        Tensor cov = dx.mul(dy).mean(1, 2);
        Tensor l = meanX.mul(meanY)
                .affine(2, C1)
                .div(meanX.square().add(meanY.square()).add(C1)); // eq. 6
        Tensor s = cov.affine(2, C2).div(varX.add(varY).add(C2)); // eq. 7
        return l.mul(alpha).add(s.mul(beta)).sum(1, 2, 3).reshape(x.dim(0));
    }

    /** Eq. 2: {@code √(g ∗ x²)} with a Hanning window g of 3 × 3 taps and stride 2, in place of max-pools, which alias. */
    private static UnaryOperator<Tensor> hanning(int channels) {
        float[] window = {1, 2, 1, 2, 4, 2, 1, 2, 1};
        for (int i = 0; i < window.length; i++) {
            window[i] /= 16;
        }
        Tensor weight = TensorScope.outside(() -> Tensor.of(window, 1, 1, 3, 3).tile(0, channels));
        return x -> Convolutions.conv(x.square(), weight, null, FrozenConv.geometry(2, 1, channels))
                .add(ROOT_EPS)
                .sqrt();
    }

    private static Tensor constant(float... values) {
        return TensorScope.outside(() -> Tensor.of(values, values.length));
    }
}
