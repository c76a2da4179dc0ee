package org.atelier4j.vqvae;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.atelier4j.io.Json;
import org.atelier4j.io.SafeTensors;
import org.atelier4j.nn.Layer;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Models in safetensors files whose metadata says how to build them: {@code class} and {@code config}. */
final class ModelFile {
    private static final String NAME = "model.safetensors";
    private static final String CLASS = "class";
    private static final String CONFIG = "config";

    private ModelFile() {}

    /**
     * What a file holds.
     *
     * @param type class of the model
     * @param config its config as a tree for {@link Json}
     * @param weights its parameters and buffers by path
     * @param notes texts beside the config
     */
    record Contents(
            Class<? extends Layer> type,
            Map<String, ? extends @Nullable Object> config,
            Map<String, Tensor> weights,
            Map<String, String> notes) {}

    /** Writes a file, whole or not at all. */
    static void write(Path file, Contents contents) {
        Map<String, String> metadata = new LinkedHashMap<>(contents.notes());
        metadata.put("format", "pt");
        metadata.put(CLASS, contents.type().getName());
        metadata.put(CONFIG, Json.write(contents.config()));
        SafeTensors.write(file, contents.weights(), metadata);
    }

    /**
     * Reads a file, or {@code model.safetensors} in a folder.
     *
     * @throws IllegalArgumentException if it holds no model of the given class
     */
    static Contents read(Path path, Class<? extends Layer> type) {
        Path file = Files.isDirectory(path) ? path.resolve(NAME) : path;
        try (SafeTensors saved = SafeTensors.open(file)) {
            String text = saved.metadata().get(CONFIG);
            Check.that(
                    type.getName().equals(saved.metadata().get(CLASS)) && text != null,
                    "%s: %s must hold one with its config, got class %s",
                    type.getSimpleName(),
                    file,
                    saved.metadata().get(CLASS));
            Map<String, Tensor> weights = new LinkedHashMap<>();
            saved.names().forEach(name -> weights.put(name, saved.tensor(name)));
            return new Contents(type, Json.object(Json.parse(text), file), weights, saved.metadata());
        }
    }
}
