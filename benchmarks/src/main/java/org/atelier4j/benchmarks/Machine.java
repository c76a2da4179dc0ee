package org.atelier4j.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import org.atelier4j.tensor.kernel.CpuKernels;
import org.atelier4j.tensor.kernel.Parallel;
import org.bytedeco.dnnl.global.dnnl;

/**
 * Where and with what something was measured.
 *
 * @param date when, as 2026-11-24
 * @param processor its name
 * @param cores logical processors that this process may use
 * @param instructions the instruction set for which oneDNN makes its code
 * @param memoryBytes physical memory
 * @param system operating system
 * @param java the Java machine
 * @param threads threads of every engine
 * @param libraries names and versions
 * @param load most processes that were running or waiting beside this one while it measured, in processors; above
 *     {@link #QUIET} other work has falsified the times
 */
public record Machine(
        String date,
        String processor,
        int cores,
        String instructions,
        long memoryBytes,
        String system,
        String java,
        int threads,
        List<String> libraries,
        double load) {
    /** The load up to which a machine is quiet. */
    public static final double QUIET = 0.5;

    private static final Map<Integer, String> INSTRUCTIONS = Map.of(
            dnnl.dnnl_cpu_isa_sse41, "SSE 4.1",
            dnnl.dnnl_cpu_isa_avx, "AVX",
            dnnl.dnnl_cpu_isa_avx2, "AVX2",
            dnnl.dnnl_cpu_isa_avx2_vnni, "AVX2 with VNNI",
            dnnl.dnnl_cpu_isa_avx512_core, "AVX-512",
            dnnl.dnnl_cpu_isa_avx512_core_vnni, "AVX-512 with VNNI",
            dnnl.dnnl_cpu_isa_avx512_core_bf16, "AVX-512 with bfloat16",
            dnnl.dnnl_cpu_isa_avx512_core_fp16, "AVX-512 with float16",
            dnnl.dnnl_cpu_isa_avx512_core_amx, "AVX-512 with AMX");

    /** Copies the list. */
    public Machine {
        libraries = List.copyOf(libraries);
    }

    /** Describes this machine, now. */
    public static Machine here() {
        CpuKernels.active(); // decides on the threads
        List<String> libraries = new ArrayList<>();
        libraries.add("Atelier with oneDNN " + version("org.bytedeco", "dnnl"));
        libraries.add("ND4J " + version("org.nd4j", "nd4j-native"));
        for (String name : Engine.names()) {
            Engine.named(name).describe().ifPresent(libraries::add);
        }
        int isa = dnnl.dnnl_get_effective_cpu_isa();
        var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        return new Machine(
                LocalDate.now().toString(),
                processorName(),
                Runtime.getRuntime().availableProcessors(),
                INSTRUCTIONS.getOrDefault(isa, "oneDNN's " + isa),
                system.getTotalMemorySize(),
                property("os.name") + " " + property("os.version") + " " + property("os.arch"),
                Runtime.version() + ", " + property("java.vm.name") + ", " + property("java.vendor"),
                Parallel.threads(),
                libraries,
                0);
    }

    /** Returns the same with a load that was seen. */
    public Machine withLoad(double seen) {
        return new Machine(
                date,
                processor,
                cores,
                instructions,
                memoryBytes,
                system,
                java,
                threads,
                libraries,
                Math.max(load, seen));
    }

    /** Returns the same with one more library. */
    public Machine with(String library) {
        List<String> all = new ArrayList<>(libraries);
        all.add(library);
        return new Machine(date, processor, cores, instructions, memoryBytes, system, java, threads, all, load);
    }

    /** Returns whether nothing else was running. */
    public boolean isQuiet() {
        return load <= QUIET;
    }

    /**
     * Returns the processors that everything on this machine is using while this process does nothing, over half a second;
     * 0 where the system does not tell.
     */
    static double foreignLoad() {
        try {
            long[] before = ticks();
            Thread.sleep(500);
            long[] after = ticks();
            long total = after[0] - before[0];
            int processors = Runtime.getRuntime().availableProcessors();
            return total == 0 ? 0 : processors * (1 - (double) (after[1] - before[1]) / total);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 0;
        }
    }

    /** Returns all clock ticks of all processors so far, and the idle ones. */
    private static long[] ticks() {
        Path stat = Path.of("/proc/stat");
        if (!Files.isReadable(stat)) {
            return new long[2];
        }
        String[] words = lines(stat).get(0).trim().split(" +");
        long total = 0;
        for (int i = 1; i < words.length; i++) {
            total += Long.parseLong(words[i]);
        }
        return new long[] {total, Long.parseLong(words[4]) + Long.parseLong(words[5])};
    }

    private static String processorName() {
        Path info = Path.of("/proc/cpuinfo");
        if (!Files.isReadable(info)) {
            return property("os.arch");
        }
        List<String> names = new ArrayList<>();
        for (String key : List.of("model name", "cpu family", "model\t")) {
            lines(info).stream()
                    .filter(l -> l.startsWith(key))
                    .findFirst()
                    .ifPresent(l -> names.add(l.substring(l.indexOf(':') + 1).strip()));
        }
        return names.size() == 3
                ? String.format(Locale.ROOT, "%s (family %s, model %s)", names.get(0), names.get(1), names.get(2))
                : property("os.arch");
    }

    private static List<String> lines(Path path) {
        try {
            return Files.readAllLines(path);
        } catch (IOException e) {
            throw new UncheckedIOException(path.toString(), e);
        }
    }

    private static String property(String name) {
        return System.getProperty(name, "?");
    }

    /** Reads the version of a library from what Maven put into its jar. */
    private static String version(String group, String artifact) {
        String path = "/META-INF/maven/" + group + "/" + artifact + "/pom.properties";
        try (InputStream in = Machine.class.getResourceAsStream(path)) {
            Properties properties = new Properties();
            if (in != null) {
                properties.load(in);
            }
            return properties.getProperty("version", "?");
        } catch (IOException e) {
            throw new UncheckedIOException(path, e);
        }
    }
}
