package org.atelier4j.examples;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.concurrent.Callable;
import org.atelier4j.data.Datasets;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.kernel.CpuKernels;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code ./atelier doctor}: what this machine offers, what Atelier makes of it, and what to add. Seconds. */
@Command(
        name = "doctor",
        description = "Shows Java, processor, kernels, memory, data and models, and what to add.",
        mixinStandardHelpOptions = true)
public final class Doctor implements Callable<Integer> {
    /** Instruction sets for which oneDNN has kernels of their own, as Linux spells them. */
    private static final List<String> INSTRUCTION_SETS = List.of(
            "sse4_1", "avx", "avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "asimd", "sve", "bf16");

    private static final int PROBE = 1024;
    private static final int FULL_SIZE = 60_000;

    @Spec
    private CommandSpec spec;

    private final List<String> advice = new ArrayList<>();

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        row(out, "atelier", new Atelier.Version().getVersion()[0]);
        row(
                out,
                "java",
                Runtime.version() + ", " + System.getProperty("java.vendor") + ", " + System.getProperty("java.home"));
        row(out, "system", String.join(" ", property("os.name"), property("os.version"), property("os.arch")));
        row(out, "processor", processor());
        row(out, "threads", threads());
        row(out, "memory", memory());
        row(
                out,
                "libraries",
                "ND4J " + version("org.nd4j", "nd4j-native") + ", oneDNN " + version("org.bytedeco", "dnnl")
                        + ", OpenBLAS " + version("org.bytedeco", "openblas"));
        row(out, "kernels", Device.cpu().kernels().name() + ": " + CpuKernels.reason());
        row(out, "speed", speed());
        Datasets.names().forEach(name -> row(out, "data", name + ": " + data(name)));
        Models.shipped().forEach(name -> row(out, "model", name));
        row(out, "gpu", "not used yet: everything runs on the CPU");
        out.println();
        advice.forEach(line -> out.println("To add: " + line));
        out.println(advice.isEmpty() ? "All is well." : "Everything works without these.");
        out.flush();
        return 0;
    }

    private static void row(PrintWriter out, String what, String value) {
        out.printf("%-10s %s%n", what, value);
    }

    private String data(String name) {
        try {
            Datasets.Resolved found = Datasets.resolve(name);
            if (name.equals("fashion-mnist") && found.train().size() < FULL_SIZE) {
                advice.add(
                        "all of Fashion-MNIST instead of the subset that ships: apt-get install dataset-fashion-mnist,"
                                + " or its four files into "
                                + Datasets.cacheFolder().resolve(name));
            }
            return String.format(
                    "%d + %d images, %s", found.train().size(), found.test().size(), found.source());
        } catch (IllegalStateException e) {
            return "not here ('atelier train --data " + name + "' says how to get it)";
        }
    }

    private static String property(String name) {
        return System.getProperty(name, "?");
    }

    private static String processor() {
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
            throw new UncheckedIOException(info.toString(), e);
        }
        List<String> there = List.of(flags.split(" "));
        return name + " ("
                + String.join(
                        " ", INSTRUCTION_SETS.stream().filter(there::contains).toList()) + ")";
    }

    private String threads() {
        int processors = Runtime.getRuntime().availableProcessors();
        String set = System.getenv("OMP_NUM_THREADS");
        if (set == null) {
            advice.add("OMP_NUM_THREADS, set to the number of physical cores (the launcher ./atelier does it)");
        }
        return processors + " processors for Java; OMP_NUM_THREADS " + (set == null ? "is not set" : "= " + set);
    }

    private String memory() {
        long heap = Runtime.getRuntime().maxMemory();
        var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        if (system.getFreeMemorySize() < 1L << 30) {
            advice.add("memory: less than 1 GB is free; use smaller batches (--batch 32)");
        }
        return String.format(
                Locale.ROOT,
                "%.1f GB of %.1f GB free; Java heap up to %.1f GB (tensors live outside of it)",
                system.getFreeMemorySize() / 1e9,
                system.getTotalMemorySize() / 1e9,
                heap / 1e9);
    }

    /** Reads the version of a library from what Maven put into its jar. */
    static String version(String group, String artifact) {
        String path = "/META-INF/maven/" + group + "/" + artifact + "/pom.properties";
        try (InputStream in = Doctor.class.getResourceAsStream(path)) {
            Properties properties = new Properties();
            if (in != null) {
                properties.load(in);
            }
            return properties.getProperty("version", "?");
        } catch (IOException e) {
            throw new UncheckedIOException(path, e);
        }
    }

    /** Multiplies two matrices a few times and returns the best rate. */
    private static String speed() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor a = Rng.of(1).normal(Shape.of(PROBE, PROBE));
            double best = Double.POSITIVE_INFINITY;
            for (int i = 0; i < 6; i++) {
                long start = System.nanoTime();
                a.matmul(a).slice(0, 0, 1).toFloats();
                best = Math.min(best, (System.nanoTime() - start) * 1e-9);
            }
            double rate = 2.0 * PROBE * PROBE * PROBE / best * 1e-9;
            return String.format(Locale.ROOT, "%.0f GFLOP/s in a float32 matrix product of %d", rate, PROBE);
        }
    }
}
