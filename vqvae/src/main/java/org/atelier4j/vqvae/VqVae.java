package org.atelier4j.vqvae;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.atelier4j.model.CodeGrid;
import org.atelier4j.model.ImageCodec;
import org.atelier4j.model.ImageTokenizer;
import org.atelier4j.nn.Conv2d;
import org.atelier4j.nn.ConvConfig;
import org.atelier4j.nn.Layer;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;

/**
 * Images as grids of codes: encoder → codebook → decoder (van den Oord, Vinyals, Kavukcuoglu 2017, "Neural Discrete
 * Representation Learning", arXiv:1711.00937, fig. 1), with the networks of VQGAN and any {@link Codebook}.
 *
 * <pre>{@code
 * VqVae codec = VqVae.load(Path.of("fashion-vqvae.safetensors"));
 * CodeGrid grid = codec.tokenize(images); // (B, 28, 28, 1) → (B, 7, 7)
 * Tensor again = codec.detokenize(grid);
 * }</pre>
 *
 * <p>Parameters are named as in published VQGAN checkpoints: {@code encoder.…}, {@code quant_conv}, {@code quantize.…},
 * {@code post_quant_conv}, {@code decoder.…}. Threads may share a model that nobody trains.
 */
public final class VqVae extends Layer implements ImageTokenizer, ImageCodec {
    private static final String HASH = "codebookHash";

    private final VqVaeConfig config;
    private final Encoder encoder;
    private final Conv2d quantConv;
    private final Codebook quantize;
    private final Conv2d postQuantConv;
    private final Decoder decoder;

    /**
     * What training needs to know of one pass.
     *
     * @param images reconstructed (B, H, W, C)
     * @param latents what the codebook was given (B, h, w, D)
     * @param quantization what it made of them
     */
    public record Pass(Tensor images, Tensor latents, Quantization quantization) {}

    /** Makes a model with random weights. */
    public VqVae(VqVaeConfig config, Rng rng) {
        this.config = config;
        AutoencoderConfig network = config.network();
        int inner = network.latentChannels();
        int width = config.codebook().width();
        encoder = child("encoder", new Encoder(network, inner, rng.split("encoder")));
        quantConv = child("quant_conv", new Conv2d(ConvConfig.of2d(inner, width, 1), rng.split("quant_conv")));
        quantize = child("quantize", config.codebook().make(rng.split("quantize")));
        postQuantConv =
                child("post_quant_conv", new Conv2d(ConvConfig.of2d(width, inner, 1), rng.split("post_quant_conv")));
        decoder = child("decoder", new Decoder(network, rng.split("decoder")));
    }

    /** Returns the sizes. */
    public VqVaeConfig config() {
        return config;
    }

    /** Returns the codebook. */
    public Codebook codebook() {
        return quantize;
    }

    /**
     * Encodes, quantizes and decodes while training.
     *
     * @param images (B, H, W, C) in [−1, 1]
     * @param step number of the training step, from 0
     * @param rng of this step
     */
    public Pass forward(Tensor images, long step, Rng rng) {
        Tensor latents = latents(images); // (B, h, w, D)
        Quantization chosen = quantize.quantize(latents, step, rng);
        return new Pass(image(chosen.quantized()), latents, chosen);
    }

    /** Returns what the codebook is given for images (B, H, W, C): (B, h, w, D), of no particular variance. */
    public Tensor latents(Tensor images) {
        return quantConv.forward(encoder.forward(images));
    }

    /** Returns images (B, H, W, C) for vectors (B, h, w, D) that need not be codes. */
    public Tensor image(Tensor vectors) {
        return decoder.forward(postQuantConv.forward(vectors));
    }

    /** Returns the weight that wrote the pixels, at which losses are weighed against each other. */
    Tensor lastWeight() {
        return decoder.lastWeight();
    }

    /** Returns images as they come back from their codes, (B, H, W, C). */
    public Tensor reconstruct(Tensor images) {
        return unrecorded(() -> image(quantize.lookup(quantize.codes(latents(images)))));
    }

    @Override
    public int size() {
        return config.codebook().size();
    }

    @Override
    public String hash() {
        return quantize.hash();
    }

    @Override
    public Shape gridShape(Shape imageShape) {
        Shape latent = config.network().latentSize(imageShape);
        return quantize.gridShape(latent.dim(0), latent.dim(1));
    }

    @Override
    public CodeGrid tokenize(Tensor images) {
        return new CodeGrid(unrecorded(() -> quantize.codes(latents(images))), size());
    }

    @Override
    public Tensor detokenize(CodeGrid grid) {
        return unrecorded(() -> image(quantize.lookup(quantize.checked(grid))));
    }

    @Override
    public Shape latentShape(Shape imageShape) {
        return config.network()
                .latentSize(imageShape)
                .insert(2, config.codebook().width());
    }

    /** Returns what the codebook is given, over its standard deviation: (B, h, w, D) of unit variance. */
    @Override
    public Tensor encode(Tensor images) {
        return unrecorded(() -> latents(images).div(config.latentStd()));
    }

    /** Returns the images of the codes nearest to latents (B, h, w, D): small errors of a latent model are put right. */
    @Override
    public Tensor decode(Tensor latents) {
        return unrecorded(() -> image(quantize.lookup(quantize.codes(latents.mul(config.latentStd())))));
    }

    /**
     * Writes a model to one file, whole or not at all.
     *
     * @param weights what {@code vqVae.state()} gives
     * @param notes texts to keep beside the config, as {@code seed} and {@code step}
     */
    public static void save(Path file, VqVaeConfig config, Map<String, Tensor> weights, Map<String, String> notes) {
        try (TensorScope scope = TensorScope.open()) {
            VqVae whole = new VqVae(config, Rng.of(0));
            whole.load(weights);
            Map<String, String> all = new LinkedHashMap<>(notes);
            all.put(HASH, whole.hash());
            ModelFile.write(file, new ModelFile.Contents(VqVae.class, config.toTree(), weights, all));
        }
    }

    /**
     * Loads a model that {@link #save} wrote.
     *
     * @param path the file, or a folder with a file {@code model.safetensors}
     * @throws IllegalArgumentException if the file is no VQ-VAE of this library, or its weights do not fit what it says of
     *     itself
     * @throws java.io.UncheckedIOException if it cannot be read
     */
    public static VqVae load(Path path) {
        try (TensorScope scope = TensorScope.open()) {
            ModelFile.Contents saved = ModelFile.read(path, VqVae.class);
            VqVae model = new VqVae(VqVaeConfig.ofTree(saved.config(), path), Rng.of(0));
            model.load(saved.weights());
            Check.that(
                    model.hash().equals(saved.notes().get(HASH)),
                    "VqVae: codebook of %s must have the hash %s, got %s",
                    path,
                    saved.notes().get(HASH),
                    model.hash());
            return model;
        }
    }

    private static Tensor unrecorded(Supplier<Tensor> body) {
        try (NoGrad off = NoGrad.open();
                TensorScope scope = TensorScope.open()) {
            return scope.keep(body.get());
        }
    }
}
