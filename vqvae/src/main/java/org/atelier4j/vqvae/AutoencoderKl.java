package org.atelier4j.vqvae;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.atelier4j.io.Json;
import org.atelier4j.model.ImageCodec;
import org.atelier4j.nn.Conv2d;
import org.atelier4j.nn.ConvConfig;
import org.atelier4j.nn.Layer;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;
import org.jspecify.annotations.Nullable;

/**
 * Images as continuous latents: the autoencoder of latent diffusion (Rombach et al. 2021, "High-Resolution Image Synthesis
 * with Latent Diffusion Models", arXiv:2112.10752, sec. 3.1 and app. G), a variational autoencoder (Kingma, Welling 2013,
 * arXiv:1312.6114) whose divergence counts so little that it only keeps latents from growing.
 *
 * <p>{@link #encode} divides by the standard deviation of the latents over the training images and {@link #decode}
 * multiplies by it. It is part of the model's config, since a diffusion model that meets latents of another scale fails
 * without a message.
 *
 * <p>Parameters are named as in the published Stable Diffusion checkpoints (below {@code first_stage_model}):
 * {@code encoder.…}, {@code quant_conv}, {@code post_quant_conv}, {@code decoder.…}. Threads may share a model that nobody
 * trains.
 */
public final class AutoencoderKl extends Layer implements ImageCodec {

    /**
     * All that must be known of a model beside its weights.
     *
     * @param network sizes of encoder and decoder
     * @param latentStd standard deviation of the latents over the training images; 1 until it is measured
     */
    public record Config(AutoencoderConfig network, double latentStd) {
        private static final double STABLE_DIFFUSION_SCALE = 0.18215;

        /** Checks the deviation. */
        public Config {
            Check.that(
                    latentStd > 0 && latentStd < Double.POSITIVE_INFINITY,
                    "AutoencoderKl: latentStd must be > 0 and finite, got %s",
                    latentStd);
        }

        /** Returns a config whose latents are not measured yet. */
        public static Config of(AutoencoderConfig network) {
            return new Config(network, 1);
        }

        /** Returns the pretrained model's sizes: Fashion-MNIST to 7 × 7 latents of 4 channels. */
        public static Config fashionMnist() {
            return of(AutoencoderConfig.fashionMnist().withLatentChannels(4));
        }

        /** Returns the autoencoder of Stable Diffusion 1 and 2, whose authors multiply latents by 0.18215. */
        public static Config stableDiffusion() {
            return new Config(AutoencoderConfig.stableDiffusion(), 1 / STABLE_DIFFUSION_SCALE);
        }

        /** Returns the same with latents as measured. */
        public Config withLatentStd(double measured) {
            return new Config(network, measured);
        }
    }

    /**
     * What training needs to know of one pass.
     *
     * @param images reconstructed (B, H, W, C)
     * @param posterior of the latents (B, h, w, D)
     */
    public record Pass(Tensor images, DiagonalGaussian posterior) {}

    private final Config config;
    private final Encoder encoder;
    private final Conv2d quantConv;
    private final Conv2d postQuantConv;
    private final Decoder decoder;

    /** Makes a model with random weights. */
    public AutoencoderKl(Config config, Rng rng) {
        this.config = config;
        AutoencoderConfig network = config.network();
        int width = network.latentChannels();
        encoder = child("encoder", new Encoder(network, 2 * width, rng.split("encoder")));
        quantConv = child("quant_conv", new Conv2d(ConvConfig.of2d(2 * width, 2 * width, 1), rng.split("quant_conv")));
        postQuantConv =
                child("post_quant_conv", new Conv2d(ConvConfig.of2d(width, width, 1), rng.split("post_quant_conv")));
        decoder = child("decoder", new Decoder(network, rng.split("decoder")));
    }

    /** Returns the sizes and the scale. */
    public Config config() {
        return config;
    }

    /**
     * Encodes, samples and decodes while training.
     *
     * @param images (B, H, W, C) in [−1, 1]
     * @param eps noise of the sample (B, h, w, D), standard normal
     */
    public Pass forward(Tensor images, Tensor eps) {
        DiagonalGaussian posterior = posterior(images);
        return new Pass(image(posterior.sample(eps)), posterior);
    }

    /** Returns the posterior of the latents of images (B, H, W, C), in the network's own scale. */
    public DiagonalGaussian posterior(Tensor images) {
        return DiagonalGaussian.ofMoments(quantConv.forward(encoder.forward(images))); // (B, h, w, D) each
    }

    /** Returns images (B, H, W, C) for latents (B, h, w, D) in the network's own scale. */
    public Tensor image(Tensor latents) {
        return decoder.forward(postQuantConv.forward(latents));
    }

    /** Returns the weight that wrote the pixels, at which losses are weighed against each other. */
    Tensor lastWeight() {
        return decoder.lastWeight();
    }

    @Override
    public Shape latentShape(Shape imageShape) {
        return config.network()
                .latentSize(imageShape)
                .insert(2, config.network().latentChannels());
    }

    /** Returns the means of the posteriors over their standard deviation: latents (B, h, w, D) of unit variance. */
    @Override
    public Tensor encode(Tensor images) {
        return unrecorded(() -> posterior(images).mean().div(config.latentStd()));
    }

    /** Returns samples of the posteriors in the scale of {@link #encode}: what latent diffusion trains on. */
    public Tensor encode(Tensor images, Rng rng) {
        return unrecorded(() -> posterior(images).sample(rng).div(config.latentStd()));
    }

    @Override
    public Tensor decode(Tensor latents) {
        int width = config.network().latentChannels();
        Check.shape(
                latents.rank() == 4 && latents.dim(3) == width,
                "AutoencoderKl: latents must be (B, h, w, %d), got %s",
                width,
                latents.shape());
        return unrecorded(() -> image(latents.mul(config.latentStd())));
    }

    /**
     * Writes a model to one file, whole or not at all.
     *
     * @param weights what {@code state()} gives
     * @param notes texts to keep beside the config, as {@code seed} and {@code step}
     */
    public static void save(Path file, Config config, Map<String, Tensor> weights, Map<String, String> notes) {
        try (TensorScope scope = TensorScope.open()) {
            new AutoencoderKl(config, Rng.of(0)).load(weights);
            ModelFile.write(file, new ModelFile.Contents(AutoencoderKl.class, toTree(config), weights, notes));
        }
    }

    /**
     * Loads a model that {@link #save} wrote.
     *
     * @param path the file, or a folder with a file {@code model.safetensors}
     * @throws IllegalArgumentException if the file holds no such model, or its weights do not fit its config
     * @throws java.io.UncheckedIOException if it cannot be read
     */
    public static AutoencoderKl load(Path path) {
        try (TensorScope scope = TensorScope.open()) {
            ModelFile.Contents saved = ModelFile.read(path, AutoencoderKl.class);
            AutoencoderKl model = new AutoencoderKl(ofTree(saved.config(), path), Rng.of(0));
            model.load(saved.weights());
            return model;
        }
    }

    private static Map<String, Object> toTree(Config config) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("network", config.network());
        tree.put("latentStd", config.latentStd());
        return tree;
    }

    private static Config ofTree(Map<String, ? extends @Nullable Object> tree, Path source) {
        Check.that(
                tree.get("latentStd") instanceof Number,
                "AutoencoderKl: config in %s must have a number latentStd, got %s",
                source,
                tree.get("latentStd"));
        double std = ((Number) tree.get("latentStd")).doubleValue();
        return new Config(Json.record(AutoencoderConfig.class, tree.get("network")), std);
    }

    private static Tensor unrecorded(Supplier<Tensor> body) {
        try (NoGrad off = NoGrad.open();
                TensorScope scope = TensorScope.open()) {
            return scope.keep(body.get());
        }
    }
}
