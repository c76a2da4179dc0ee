package org.atelier4j.metrics.net;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atelier4j.model.FeatureExtractor;
import org.atelier4j.model.ImageClassifier;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;

/**
 * The network that FID and the Inception Score are defined by: Inception-v3 (Szegedy et al. 2015, arXiv:1512.00567) as the
 * TensorFlow graph of 2015-12-05, in whose pooled features Heusel et al. 2017 (arXiv:1706.08500) measure and whose 1008
 * classes Salimans et al. 2016 (arXiv:1606.03498) count. It is not torchvision's: see {@link InceptionBlocks}.
 *
 * <p>Images (B, H, W, 3) in [−1, 1], whose pixels should be whole (bytes), are resized to 299 × 299 as TensorFlow 1 does it.
 * The weights are the user's to bring: {@code pt_inception-2015-12-05-6726825d.pth}, the port to PyTorch that pytorch-fid
 * and torch-fidelity share. Only with these, known by their SHA-256, is {@link #isFid} true and may a number bear the name.
 *
 * <p>{@link #logits} leave out the bias of the last layer: the published Inception Score did, by an oversight, and so do
 * all that compare with it.
 */
public final class Inception2015 implements ImageClassifier {
    /** SHA-256 of the published weights. */
    public static final String PUBLISHED_HASH = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2";

    /** Depths at which features are taken, by the lengths that pytorch-fid calls them by. */
    public enum Tap {
        /** 64 features after the first max-pool. */
        POOL_64(64, "pool1"),
        /** 192 features after the second max-pool. */
        POOL_192(192, "pool2"),
        /** 768 features before the auxiliary classifier. */
        MIXED_768(768, "Mixed_6e"),
        /** 2048 features, the ones of FID. */
        POOL_2048(2048, "Mixed_7c");

        private final int width;
        private final String block;

        Tap(int width, String block) {
            this.width = width;
            this.block = block;
        }
    }

    private static final String NAME = "inception-2015";
    private static final String[] FILES = {
        "pt_inception-2015-12-05-6726825d.pth", "weights-inception-2015-12-05-6726825d.pth"
    };
    private static final int SIDE = 299;
    private static final int CLASSES = 1008;

    private final String hash;
    private final Tap tap;
    private final Map<String, InceptionBlocks.Block> blocks;
    private final Tensor fcWeight;

    private Inception2015(Weights weights, Tap tap) {
        this.tap = tap;
        blocks = InceptionBlocks.of(weights);
        fcWeight = weights.take("fc.weight", CLASSES, Tap.POOL_2048.width);
        weights.take("fc.bias", CLASSES); // unused, as said above
        weights.finish();
        hash = weights.hash();
    }

    private Inception2015(Inception2015 other, Tap tap) {
        this.tap = tap;
        this.blocks = other.blocks;
        this.fcWeight = other.fcWeight;
        this.hash = other.hash;
    }

    /**
     * Loads the published weights from the cache folder, {@code $ATELIER_DATA/weights}.
     *
     * @throws IllegalStateException if they are not there; the message says where to put them
     */
    public static Inception2015 load() {
        return load(Weights.cached(NAME, FILES));
    }

    /**
     * Loads the published weights.
     *
     * @throws IllegalArgumentException if the file is another one
     * @throws org.atelier4j.io.MalformedFileException if it is damaged
     */
    public static Inception2015 load(Path file) {
        Inception2015 net = loadOther(file);
        Check.that(
                net.hash.equals(PUBLISHED_HASH),
                "%s: the published weights have SHA-256 %s, got %s of %s; loadOther takes others, and their numbers"
                        + " are no FID",
                NAME,
                PUBLISHED_HASH,
                net.hash,
                file);
        return net;
    }

    /**
     * Loads other weights for the same graph, or the published ones in another file format, safetensors or {@code .pth};
     * numbers made with it are not called FID.
     *
     * @throws IllegalArgumentException if the file holds other tensors than the graph has
     * @throws org.atelier4j.io.MalformedFileException if it is damaged
     */
    public static Inception2015 loadOther(Path file) {
        return of(Weights.file(
                NAME, file, name -> !name.endsWith(".num_batches_tracked") && !name.startsWith("AuxLogits.")));
    }

    static Inception2015 of(Weights weights) {
        return new Inception2015(weights, Tap.POOL_2048);
    }

    /** Returns whether a Fréchet distance over these features is FID: this network, its last features, the published weights. */
    public static boolean isFid(FeatureExtractor extractor) {
        return extractor instanceof Inception2015 net && net.tap == Tap.POOL_2048 && net.hash.equals(PUBLISHED_HASH);
    }

    /** Returns the same network with features of another depth. */
    public Inception2015 at(Tap depth) {
        return new Inception2015(this, depth);
    }

    @Override
    public Tensor features(Tensor images) {
        return Chain.run(images, () -> {
            Chain chain = start(images);
            for (Map.Entry<String, InceptionBlocks.Block> block : blocks.entrySet()) {
                chain.then(block.getValue()::forward);
                if (block.getKey().equals(tap.block)) {
                    break;
                }
            }
            return chain.tap().mean(1, 2).reshape(images.dim(0), tap.width);
        });
    }

    /** Returns the maps behind each {@link Tap}: sides of 73, 35, 17 and 8 pixels. */
    @Override
    public List<Tensor> maps(Tensor images) {
        List<Tensor> maps = new ArrayList<>();
        Map<String, Tensor> all = trace(images);
        for (Tap depth : Tap.values()) {
            maps.add(all.get(depth.block));
        }
        return maps;
    }

    /** Returns what each block gives, by its name. */
    Map<String, Tensor> trace(Tensor images) {
        Map<String, Tensor> all = new LinkedHashMap<>();
        Chain chain = start(images);
        all.put("input", chain.tap());
        blocks.forEach((name, block) -> all.put(name, chain.then(block::forward).tap()));
        return all;
    }

    private static Chain start(Tensor images) {
        Pictures.check(NAME, images, 1);
        return new Chain(images)
                .then(x -> TensorFlowResize.bilinear(x, SIDE, SIDE)) // (B, 299, 299, 3)
                .then(x -> x.affine(127.5 / 128, -0.5 / 128)); // (pixel − 128)/128
    }

    @Override
    public Tensor logits(Tensor features) {
        Check.shape(
                features.rank() == 2 && features.dim(1) == Tap.POOL_2048.width,
                "%s: logits are made of features (B, %d), got %s",
                NAME,
                Tap.POOL_2048.width,
                features.shape());
        return features.matmul(fcWeight, false, true); // (B, 1008)
    }

    @Override
    public int classes() {
        return CLASSES;
    }

    /** Returns {@code inception-2015}, with the depth if it is not FID's and a remark if the weights are not the published. */
    @Override
    public String name() {
        String depth = tap == Tap.POOL_2048 ? "" : "-" + tap.width;
        return NAME + depth + (hash.equals(PUBLISHED_HASH) ? "" : "-other-weights");
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
        return tap.width;
    }
}
