package org.atelier4j.examples;

import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.atelier4j.data.Datasets;
import org.atelier4j.io.FileHash;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ./atelier fetch}: gets a data set, checks it, and puts it where {@code --data} finds it. */
@Command(
        name = "fetch",
        description = "Gets a data set from the network, checks it, and puts it where --data finds it:"
                + " $ATELIER_DATA, or else the place for data of this machine. Nothing else is ever downloaded.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Data sets:",
            "  emoji      1,857 emoji, 32 x 32, color, 9 groups      74 MB",
            "  mnist      70,000 digits, 28 x 28, gray, 10 classes   11 MB",
            "  cifar10    60,000 photographs, 32 x 32, 10 classes   139 MB",
            "",
            "Examples:",
            "  atelier fetch emoji",
            "  atelier fetch emoji --from emoji-datasource-google-16.0.0.tgz",
            "  atelier train vqvae --data emoji     what to do with it"
        })
public final class Fetch implements Callable<Integer> {
    private static final double MEGABYTE = 1e6;

    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "NAME", description = "${COMPLETION-CANDIDATES}")
    private DataPackage set;

    @Option(
            names = "--from",
            paramLabel = "FILE",
            description = "archive that is there already, or another address to get it from")
    private @Nullable String from;

    @Override
    public Integer call() {
        PrintWriter screen = spec.commandLine().getOut();
        Path folder = Datasets.cacheFolder().resolve(set.label());
        if (isThere(() -> Datasets.resolve(set.label()))) {
            screen.printf("%s is there already: %s. Remove that folder to fetch it again.%n", set.label(), folder);
            return 0;
        }
        into(folder, screen);
        Datasets.Resolved found = Datasets.resolve(set.label());
        screen.printf(
                "%s: %d training and %d test images in %s%n",
                set.label(), found.train().size(), found.test().size(), folder);
        return 0;
    }

    /**
     * Gets the set and puts it into a folder of its own, whole or not at all: it is unpacked beside that folder, and renamed.
     * What was in the folder, a part of a set or something else, is kept beside it.
     */
    void into(Path folder, PrintWriter screen) {
        screen.printf(
                Locale.ROOT,
                "%s %s, %.0f MB.%n%s.%n",
                set.source().name(),
                set.source().version(),
                set.source().bytes() / MEGABYTE,
                set.license());
        screen.flush();
        boolean local = from != null && !isAddress(from);
        try (WorkFolder beside = WorkFolder.beside(folder)) {
            Path archive = local ? Path.of(from) : beside.path().resolve("archive.tgz");
            if (!local) {
                download(archive, screen);
            }
            check(archive);
            unpack(set, archive, beside, folder)
                    .ifPresent(old -> screen.printf("What was in %s is in %s now.%n", folder, old));
        }
    }

    /** Unpacks an archive that was checked and puts the set into its place; returns where that is now which was there. */
    static Optional<Path> unpack(DataPackage set, Path archive, WorkFolder beside, Path folder) {
        Path unpacked = beside.path().resolve(set.label());
        set.unpack(TarGz.read(archive, set::wants), unpacked);
        return beside.replace(unpacked, folder);
    }

    /** Returns whether a set can be read; one that is absent or left half unpacked cannot. */
    static boolean isThere(Runnable read) {
        try {
            read.run();
            return true;
        } catch (IllegalStateException | UncheckedIOException e) {
            return false;
        }
    }

    private void download(Path archive, PrintWriter screen) {
        URI address = from == null ? set.source().address() : URI.create(from);
        long megabytes = Math.round(set.source().bytes() / MEGABYTE);
        try (WorkProgress progress =
                new WorkProgress(screen, ProgressDisplay.isTerminal(), "downloading, MB", megabytes)) {
            Download.get(address, archive, bytes -> progress.accept((long) (bytes / MEGABYTE)));
        } catch (RunException e) {
            throw new RunException(e.getMessage() + ". By other means: "
                    + set.source().command() + ", then ./atelier fetch " + set.label() + " --from FILE.tgz");
        }
    }

    /** Checks that the archive is the one that was pinned, before anything in it is looked at. */
    private void check(Path archive) {
        if (!Files.isRegularFile(archive)) {
            throw new RunException("there is no file " + archive);
        }
        String hash = FileHash.sha256(archive);
        if (!hash.equals(set.source().sha256())) {
            throw new RunException(
                    "the archive of " + set.source().name() + " " + set.source().version() + " must have SHA-256 "
                            + set.source().sha256() + ", got " + hash + "; nothing of it was used");
        }
    }

    private static boolean isAddress(String from) {
        return from.startsWith("https://") || from.startsWith("http://");
    }
}
