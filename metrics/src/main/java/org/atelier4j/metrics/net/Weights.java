package org.atelier4j.metrics.net;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.atelier4j.data.Datasets;
import org.atelier4j.io.FileFailure;
import org.atelier4j.io.FileHash;
import org.atelier4j.io.SafeTensors;
import org.atelier4j.io.TorchFile;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Sha256;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;

/**
 * Published weights while a network is built of them: each is taken once, by name and shape, and {@link #finish} says in
 * one message all that is missing, unexpected or of another shape. What is taken is FLOAT32 and lives as long as the
 * network.
 */
final class Weights {
    private static final int NAMED = 6; // names in a message
    private static final String SUFFIX = ".safetensors";

    private final String network;
    private final String source;
    private final Map<String, Tensor> tensors;
    private final String hash;
    private final Set<String> taken = new HashSet<>();
    private final List<String> missing = new ArrayList<>();
    private final List<String> misshapen = new ArrayList<>();

    /**
     * Starts with tensors by name.
     *
     * @param network who takes them, for messages
     * @param source where they are from, for messages
     * @param hash SHA-256 of the files, in hexadecimal digits
     */
    Weights(String network, String source, Map<String, Tensor> tensors, String hash) {
        this.network = network;
        this.source = source;
        this.tensors = Map.copyOf(tensors);
        this.hash = hash;
    }

    /** Returns weights that come with the library, from one or more parts; the hash is of all parts, one after the other. */
    static Weights shipped(String network, String... parts) {
        Map<String, Tensor> all = new LinkedHashMap<>();
        Sha256 digest = new Sha256();
        for (String part : parts) {
            try (InputStream in = Weights.class.getResourceAsStream(part + SUFFIX)) {
                Check.state(in != null, "%s: resource %s is not on the class path", network, part + SUFFIX);
                byte[] file = in == null ? new byte[0] : in.readAllBytes();
                digest.add(file, file.length);
                all.putAll(TensorScope.outside(() -> SafeTensors.decode(file, part + SUFFIX)));
            } catch (IOException e) {
                throw FileFailure.reading(part + SUFFIX, e);
            }
        }
        return new Weights(network, "the library", all, digest.hex());
    }

    /**
     * Returns weights from a file of safetensors or of {@code torch.save}, told apart by the name's ending.
     *
     * @param wanted names that are read; others may be there and are passed over
     * @throws org.atelier4j.io.MalformedFileException if it is damaged or of another kind
     */
    static Weights file(String network, Path path, Predicate<String> wanted) {
        String hash = FileHash.sha256(path);
        Map<String, Tensor> all = TensorScope.outside(() -> {
            if (!path.toString().endsWith(SUFFIX)) {
                return TorchFile.read(path, wanted);
            }
            Map<String, Tensor> read = new LinkedHashMap<>();
            try (SafeTensors file = SafeTensors.open(path)) {
                file.names().stream().filter(wanted).forEach(name -> read.put(name, file.tensor(name)));
            }
            return read;
        });
        return new Weights(network, path.toString(), all, hash);
    }

    /**
     * Returns the first of several files that is in the folder {@code weights} of the cache.
     *
     * @throws IllegalStateException if none is there; the message says which are looked for and where
     */
    static Path cached(String network, String... names) {
        Path folder = Datasets.cacheFolder().resolve("weights");
        for (String name : names) {
            if (Files.exists(folder.resolve(name))) {
                return folder.resolve(name);
            }
        }
        throw new IllegalStateException(network + ": its weights are not on this machine. Put "
                + String.join(" or ", names) + " into " + folder + " (or set ATELIER_DATA to the folder that holds"
                + " weights)");
    }

    /** Returns these and other weights together; the hash is that of both hashes. */
    Weights and(Weights other) {
        Map<String, Tensor> all = new LinkedHashMap<>(tensors);
        all.putAll(other.tensors);
        String both = new Sha256().add(hash).add(other.hash).hex();
        return new Weights(network, source + " and " + other.source, all, both);
    }

    /** Returns whether there is a tensor of this name. */
    boolean has(String name) {
        return tensors.containsKey(name);
    }

    /** Returns the SHA-256 of the weights. */
    String hash() {
        return hash;
    }

    /** Returns a tensor; zeros if it is missing or of another shape, which {@link #finish} reports. */
    Tensor take(String name, int... dims) {
        Shape shape = Shape.of(dims);
        Tensor tensor = tensors.get(name);
        if (tensor == null) {
            missing.add(name);
        } else {
            taken.add(name);
            if (tensor.shape().equals(shape) && tensor.dtype().isFloating()) {
                return TensorScope.outside(() -> tensor.to(DType.FLOAT32));
            }
            misshapen.add(name + " must be " + shape + ", got " + tensor.dtype() + tensor.shape());
        }
        return Tensor.zeros(dims);
    }

    /**
     * Ends taking.
     *
     * @throws IllegalArgumentException if a tensor was missing, had another shape, or is left over
     */
    void finish() {
        List<String> problems = new ArrayList<>();
        List<String> unexpected = tensors.keySet().stream()
                .filter(k -> !taken.contains(k))
                .sorted()
                .toList();
        if (!missing.isEmpty()) {
            problems.add(missing.size() + " missing: " + some(missing));
        }
        if (!unexpected.isEmpty()) {
            problems.add(unexpected.size() + " unexpected: " + some(unexpected));
        }
        if (!misshapen.isEmpty()) {
            problems.add(some(misshapen));
        }
        Check.that(
                problems.isEmpty(),
                "%s: these are not its weights, %s: %s",
                network,
                source,
                String.join("; ", problems));
    }

    private static String some(List<String> names) {
        return String.join(", ", names.subList(0, Math.min(NAMED, names.size()))) + (names.size() > NAMED ? ", …" : "");
    }
}
