package org.atelier4j.examples;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.function.Function;
import org.atelier4j.diffusion.pipeline.DiffusionPipeline;
import org.atelier4j.io.FileFailure;
import org.atelier4j.io.FileHash;
import org.atelier4j.io.SafeTensors;

/** The trained models that ship with Atelier, and those in files. */
final class Models {
    /** Class-conditional Fashion-MNIST, 28 × 28. */
    static final String FASHION = "fashion-mnist-28";

    /** PixelCNN of Fashion-MNIST in 5 bits. */
    static final String PIXELCNN = "fashion-mnist-pixelcnn";

    /** VQ-VAE of Fashion-MNIST, 28 × 28 pixels as 7 × 7 codes. */
    static final String VQVAE = "fashion-mnist-vqvae";

    /** Twin of {@link #VQVAE} with a Gumbel-softmax codebook. */
    static final String GUMBEL = "fashion-mnist-gumbel";

    /** Transformer that draws the codes of {@link #VQVAE}. */
    static final String PRIOR = "fashion-mnist-prior";

    /** Masked transformer that draws the codes of {@link #VQVAE}. */
    static final String MASKGIT = "fashion-mnist-maskgit";

    /** Autoencoder of Fashion-MNIST, 28 × 28 pixels as 7 × 7 latents of 4 numbers. */
    static final String KL = "fashion-mnist-kl";

    private static final String FOLDER = "/org/atelier4j/examples/models/";
    private static final String SUFFIX = ".safetensors";

    private Models() {}

    /** Returns the names of the models that are there. */
    static List<String> shipped() {
        return List.of(FASHION, PIXELCNN, VQVAE, GUMBEL, KL, PRIOR, MASKGIT).stream()
                .filter(name -> Models.class.getResource(FOLDER + name + SUFFIX) != null)
                .toList();
    }

    /** Makes sure that a model ships with this build. */
    static void require(String name) {
        if (!shipped().contains(name)) {
            throw new RunException("the model " + name + " must ship with Atelier, but this build lacks it: " + FOLDER
                    + name + SUFFIX + " is not on the class path");
        }
    }

    /**
     * Loads a diffusion model.
     *
     * @param model name of one that ships, or else a file or a folder with a {@code model.safetensors}
     */
    static DiffusionPipeline load(String model) {
        return open(model, DiffusionPipeline::load);
    }

    /** Returns whether a model, named as for {@link #load}, says of itself that it is of a class. */
    static boolean isOf(Class<?> type, String model) {
        return open(model, path -> {
            try (SafeTensors saved = SafeTensors.open(file(path))) {
                return type.getName().equals(saved.metadata().get("class"));
            }
        });
    }

    /** Returns the SHA-256 of the file of a model, named as for {@link #load}. */
    static String hash(String model) {
        return open(model, path -> FileHash.sha256(file(path)));
    }

    private static Path file(Path path) {
        return Files.isDirectory(path) ? path.resolve("model" + SUFFIX) : path;
    }

    /**
     * Loads a model of any family.
     *
     * @param model name of one that ships, or else a file or a folder with a {@code model.safetensors}
     * @param load reads the file or folder
     */
    static <T> T open(String model, Function<Path, T> load) {
        try (InputStream shipped = Models.class.getResourceAsStream(FOLDER + model + SUFFIX)) {
            if (shipped != null) {
                return loadCopy(shipped, model, load);
            }
        } catch (IOException e) {
            throw FileFailure.reading(model, e);
        }
        if (!Files.exists(Path.of(model))) {
            throw new RunException("there is no model " + model + ": neither a file or folder of this path nor one of"
                    + " those that ship, " + shipped());
        }
        return load.apply(Path.of(model));
    }

    /** Weights are read from files only, so what is inside of the jar goes through a temporary one. */
    private static <T> T loadCopy(InputStream shipped, String name, Function<Path, T> load) throws IOException {
        Path file = Files.createTempFile(name, SUFFIX);
        try {
            Files.copy(shipped, file, StandardCopyOption.REPLACE_EXISTING);
            return load.apply(file);
        } finally {
            Files.deleteIfExists(file);
        }
    }
}
