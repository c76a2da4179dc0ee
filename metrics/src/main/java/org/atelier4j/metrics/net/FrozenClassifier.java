package org.atelier4j.metrics.net;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.atelier4j.io.FileHash;
import org.atelier4j.io.Json;
import org.atelier4j.io.MalformedFileException;
import org.atelier4j.io.SafeTensors;
import org.atelier4j.model.ImageClassifier;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.jspecify.annotations.Nullable;

/**
 * A trained {@link ClassifierNet} in a file: its weights do not change any more, and results made with it are printed beside
 * the SHA-256 of the file.
 *
 * <p>Images (B, H, W, C) in [−1, 1]; sides as in training are best, any others that are ≥ 1 work.
 */
public final class FrozenClassifier implements ImageClassifier {
    private static final String CONFIG = "classifier";
    private static final String NAME = "name";
    private static final String CLASSES = "classNames";

    private final String name;
    private final String hash;
    private final List<String> classNames;
    private final ClassifierNet net;

    private FrozenClassifier(String name, String hash, List<String> classNames, ClassifierNet net) {
        this.name = name;
        this.hash = hash;
        this.classNames = List.copyOf(classNames);
        this.net = net;
        net.setFrozen(true);
    }

    /**
     * Writes a network to one safetensors file, whole or not at all.
     *
     * @param name what results made with it are printed under, as {@code fm-net}
     * @param net in its folded form
     * @param notes texts to keep beside it, as {@code seed} and {@code command}
     */
    public static void save(
            Path file, String name, List<String> classNames, ClassifierNet net, Map<String, String> notes) {
        Check.that(net.config().folded(), "FrozenClassifier.save: net must be folded, got %s", net.config());
        Check.that(
                classNames.size() == net.config().classes(),
                "FrozenClassifier.save: there must be %d class names, got %d",
                net.config().classes(),
                classNames.size());
        Map<String, String> metadata = new LinkedHashMap<>(notes);
        metadata.put("format", "pt");
        metadata.put(NAME, name);
        metadata.put(CONFIG, Json.write(net.config()));
        metadata.put(CLASSES, Json.write(classNames));
        SafeTensors.write(file, net.state(), metadata);
    }

    /**
     * Loads what {@link #save} wrote.
     *
     * @throws MalformedFileException if the file is damaged or no classifier
     * @throws java.io.UncheckedIOException if it cannot be read
     */
    public static FrozenClassifier load(Path file) {
        return load(file, FileHash.sha256(file));
    }

    /**
     * Returns a network that was just trained, without a file; its hash is "".
     *
     * @param net in its folded form; from now on it must not be changed
     */
    public static FrozenClassifier of(String name, List<String> classNames, ClassifierNet net) {
        return of(name, "", classNames, net);
    }

    static FrozenClassifier of(String name, String hash, List<String> classNames, ClassifierNet net) {
        Check.that(net.config().folded(), "FrozenClassifier: net must be folded, got %s", net.config());
        return new FrozenClassifier(name, hash, classNames, net);
    }

    /** Loads a file whose hash is known. */
    static FrozenClassifier load(Path file, String hash) {
        try (TensorScope scope = TensorScope.open();
                SafeTensors saved = SafeTensors.open(file)) {
            ClassifierNet.Config config = Json.record(ClassifierNet.Config.class, metadata(saved, CONFIG, file));
            MalformedFileException.check(config.folded(), file, "classifier must be folded");
            List<?> names = metadata(saved, CLASSES, file) instanceof List<?> list ? list : List.of();
            MalformedFileException.check(
                    names.size() == config.classes(), file, "classNames must be " + config.classes() + " names");
            ClassifierNet net = new ClassifierNet(config, Rng.of(0));
            Map<String, Tensor> weights = new LinkedHashMap<>();
            saved.names().forEach(path -> weights.put(path, saved.tensor(path)));
            net.load(weights);
            return new FrozenClassifier(
                    text(saved, NAME, file),
                    hash,
                    names.stream().map(String::valueOf).toList(),
                    net);
        } catch (IllegalArgumentException e) {
            throw new MalformedFileException(file, String.valueOf(e.getMessage()), e);
        }
    }

    private static @Nullable Object metadata(SafeTensors saved, String key, Path file) {
        return Json.parse(text(saved, key, file));
    }

    private static String text(SafeTensors saved, String key, Path file) {
        String text = saved.metadata().get(key);
        MalformedFileException.check(text != null, file, "classifier must name its " + key + " in the metadata");
        return Objects.requireNonNull(text);
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
        return net.config().channels();
    }

    @Override
    public int width() {
        return net.config().features();
    }

    @Override
    public int classes() {
        return net.config().classes();
    }

    /** Returns the names of the classes in order of the logits. */
    public List<String> classNames() {
        return classNames;
    }

    @Override
    public Tensor features(Tensor images) {
        return net.features(checked(images));
    }

    @Override
    public Tensor logits(Tensor features) {
        return net.logits(features);
    }

    @Override
    public List<Tensor> maps(Tensor images) {
        return net.maps(checked(images));
    }

    private Tensor checked(Tensor images) {
        Check.shape(
                images.rank() == 4 && images.dim(-1) == channels(),
                "%s: images must have shape (B, H, W, %d), got %s",
                name,
                channels(),
                images.shape());
        return images;
    }
}
