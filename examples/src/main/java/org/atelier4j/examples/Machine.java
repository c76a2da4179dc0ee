package org.atelier4j.examples;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.stream.Stream;
import org.atelier4j.io.FileFailure;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;

/** What can be known of the machine, in words, for {@link Doctor}. */
final class Machine {
    /** Instruction sets for which oneDNN has kernels of their own, as Linux spells them. */
    private static final List<String> INSTRUCTION_SETS = List.of(
            "sse4_1", "avx", "avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "asimd", "sve", "bf16");

    private static final String PEAK = "VmHWM:"; // "high water mark", in kB
    private static final long KIBIBYTE = 1024;
    private static final int PROBE = 1024;
    private static final int PROBES = 6;

    private Machine() {}

    /** Returns Java's version, maker and place. */
    static String java() {
        return Runtime.version() + ", " + property("java.vendor") + ", " + property("java.home");
    }

    /** Returns the operating system. */
    static String system() {
        return String.join(" ", property("os.name"), property("os.version"), property("os.arch"));
    }

    /** Returns the processor with its instruction sets, where the system tells them. */
    static String processor() {
        Path info = Path.of("/proc/cpuinfo");
        if (!Files.isReadable(info)) {
            return property("os.arch") + " (instruction sets not shown on this system; oneDNN chooses by itself)";
        }
        String name = "?";
        String flags = "";
        try {
            for (String line : Files.readAllLines(info)) {
                String value = line.substring(line.indexOf(':') + 1).strip();
                if (line.startsWith("model name")) {
                    name = value;
                } else if (line.startsWith("flags") || line.startsWith("Features")) {
                    flags = value;
                }
            }
        } catch (IOException e) {
            throw FileFailure.reading(info, e);
        }
        List<String> there = List.of(flags.split(" "));
        return name + " ("
                + String.join(
                        " ", INSTRUCTION_SETS.stream().filter(there::contains).toList()) + ")";
    }

    /** Returns the bytes of memory that this process may use. */
    static long totalMemory() {
        return operatingSystem().getTotalMemorySize();
    }

    /** Returns how much memory there is. */
    static String memory() {
        return String.format(
                Locale.ROOT,
                "%.1f GB; Java heap up to %.1f GB, tensors live outside of it",
                totalMemory() / 1e9,
                Runtime.getRuntime().maxMemory() / 1e9);
    }

    /** Returns the most bytes of physical memory that this process has held at a time, where the system tells it. */
    static OptionalLong peakMemory() {
        Path status = Path.of("/proc/self/status");
        if (!Files.isReadable(status)) {
            return OptionalLong.empty();
        }
        try (Stream<String> lines = Files.lines(status)) {
            return lines.filter(line -> line.startsWith(PEAK))
                    .mapToLong(line -> KIBIBYTE * Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst();
        } catch (IOException e) {
            throw FileFailure.reading(status, e);
        }
    }

    /** Reads the version of a library from what Maven put into its jar. */
    static String version(String group, String artifact) {
        String path = "/META-INF/maven/" + group + "/" + artifact + "/pom.properties";
        try (InputStream in = Machine.class.getResourceAsStream(path)) {
            Properties properties = new Properties();
            if (in != null) {
                properties.load(in);
            }
            return properties.getProperty("version", "?");
        } catch (IOException e) {
            throw FileFailure.reading(path, e);
        }
    }

    /** Multiplies two matrices a few times and returns the best rate. */
    static String speed() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor a = Rng.of(1).normal(Shape.of(PROBE, PROBE));
            double best = Double.POSITIVE_INFINITY;
            for (int i = 0; i < PROBES; i++) {
                long start = System.nanoTime();
                a.matmul(a).slice(0, 0, 1).toFloats();
                best = Math.min(best, (System.nanoTime() - start) * 1e-9);
            }
            double rate = 2.0 * PROBE * PROBE * PROBE / best * 1e-9;
            return String.format(Locale.ROOT, "%.0f GFLOP/s in a float32 matrix product of %d", rate, PROBE);
        }
    }

    private static OperatingSystemMXBean operatingSystem() {
        return (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    }

    private static String property(String name) {
        return System.getProperty(name, "?");
    }
}
