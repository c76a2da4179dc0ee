package org.atelier4j.tensor.device.cuda;

import com.sun.jna.Library;
import com.sun.jna.Native;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.atelier4j.tensor.device.Device;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/**
 * A card for tests: a stand-in driver and compiler ({@code emulator/} in the test resources), built by g++ on first use.
 * The JVM's only CUDA device is then the emulated one, also on machines with a card, unless {@code -Datelier.test.cuda=card}
 * asks for the real one: what needs the stand-in's hooks is skipped then.
 */
public final class Emulator {
    private static final List<String> FILES = List.of("simt.h", "races.h", "machine.h", "standin.cpp");

    private static final boolean REAL =
            System.getProperty("atelier.test.cuda", "").equals("card");

    /** Whether all kernels are watched for data races, about three times slower: {@code -Datelier.test.cuda.races=true}. */
    private static final boolean RACES = Boolean.getBoolean("atelier.test.cuda.races");

    private static @Nullable String absence = REAL ? "a real card was asked for" : null;
    private static @Nullable StandIn standIn;

    private Emulator() {}

    /** What tests can do to the stand-in. */
    interface StandIn extends Library {
        void standinFail(String function, int code, int delay);

        void standinMemory(long bytes);

        void standinCompiler(int major);

        void standinRaces(int on);

        void standinLate(int on);

        long standinUsed();

        long standinCalls(String function);

        String standinLastProduct();
    }

    /** Returns the emulated card, or skips the test with the reason. */
    public static synchronized Device device() {
        if (!REAL) {
            hooks();
        }
        return Device.cuda(0);
    }

    /** Returns how often a kernel was launched so far. */
    public static long launches(String kernel) {
        return hooks().standinCalls("kernel " + kernel);
    }

    /** Runs something while the card does nothing until somebody waits for it. */
    public static void late(Runnable body) {
        hooks().standinLate(1);
        try {
            body.run();
        } finally {
            hooks().standinLate(0);
        }
    }

    /** Returns how many kernels the host has launched or recorded so far, one by one. */
    public static long hostLaunches() {
        return hooks().standinCalls("cuLaunchKernel");
    }

    /**
     * Starts the stand-in where it can be, without skipping a test where not: for tests that look for a card before another
     * one of the same JVM needs it, as a driver is looked for once.
     */
    public static synchronized void offer() {
        if (standIn == null && absence == null) {
            start();
        }
    }

    /** Returns the test hooks of the stand-in, or skips the test with the reason. */
    static synchronized StandIn hooks() {
        offer();
        Assumptions.assumeTrue(absence == null, () -> "skipped, no emulated CUDA card: " + absence);
        if (standIn == null) {
            throw new IllegalStateException("no stand-in");
        }
        return standIn;
    }

    private static void start() {
        if (!System.getProperty("os.arch").equals("amd64")
                || !System.getProperty("os.name").equals("Linux")) {
            absence = "it is written for Linux on x86-64";
            return;
        }
        try {
            if (run(Path.of("."), "g++", "--version") != 0) {
                absence = "g++ does not run";
                return;
            }
        } catch (IOException e) {
            absence = "g++ is not installed";
            return;
        }
        try {
            Path library = build();
            System.setProperty(Libraries.DRIVER, library.toString());
            System.setProperty(Libraries.NVRTC, library.toString());
            System.setProperty(Cublas.PROPERTY, library.toString());
            System.setProperty(
                    CubinCache.PROPERTY,
                    library.resolveSibling(RACES ? "cache-races" : "cache").toString());
            System.setProperty(CudaArena.EXACT, "true");
            standIn = Native.load(library.toString(), StandIn.class);
            standIn.standinRaces(RACES ? 1 : 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Builds the stand-in in a folder named after its sources, unless it is there already. */
    private static Path build() throws IOException {
        StringBuilder all = new StringBuilder();
        for (String file : FILES) {
            all.append(resource(file));
        }
        String hash = HexFormat.of().toHexDigits(all.toString().hashCode());
        Path base = Path.of(System.getProperty("basedir", System.getProperty("java.io.tmpdir")));
        Path folder = Files.createDirectories(
                base.resolve("target").resolve("cuda-emulator").resolve(hash));
        Path library = folder.resolve("libstandin.so");
        if (!Files.exists(library)) {
            for (String file : FILES) {
                Files.writeString(folder.resolve(file), resource(file));
            }
            int result = run(
                    folder,
                    "g++",
                    "-std=c++17",
                    "-O2",
                    "-ffp-contract=off",
                    "-shared",
                    "-fPIC",
                    "-o",
                    "new.so",
                    "standin.cpp",
                    "-ldl");
            if (result != 0) {
                throw new IOException("g++ must build the stand-in driver in " + folder + ", got exit code " + result);
            }
            Files.move(folder.resolve("new.so"), library, StandardCopyOption.ATOMIC_MOVE);
        }
        return library;
    }

    private static String resource(String file) throws IOException {
        try (InputStream in = Emulator.class.getResourceAsStream("emulator/" + file)) {
            if (in == null) {
                throw new IOException("no resource emulator/" + file);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static int run(Path folder, String... command) throws IOException {
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            return process.waitFor(2, TimeUnit.MINUTES) ? process.exitValue() : -1;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return -1;
        }
    }
}
