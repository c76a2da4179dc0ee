package org.atelier4j.examples;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.atelier4j.data.Datasets;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.device.Precision;
import org.atelier4j.tensor.device.cuda.CudaDevice;
import org.atelier4j.tensor.device.cuda.CudaException;
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
    private static final int FULL_SIZE = 60_000;

    @Spec
    private CommandSpec spec;

    private final List<String> advice = new ArrayList<>();

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        row(out, "atelier", Atelier.version());
        row(out, "java", Machine.java());
        row(out, "system", Machine.system());
        row(out, "processor", Machine.processor());
        row(out, "threads", threads());
        row(out, "memory", memory());
        row(
                out,
                "libraries",
                "ND4J " + Machine.version("org.nd4j", "nd4j-native") + ", oneDNN "
                        + Machine.version("org.bytedeco", "dnnl") + ", OpenBLAS "
                        + Machine.version("org.bytedeco", "openblas"));
        row(out, "kernels", Device.cpu().kernels().name() + ": " + CpuKernels.reason());
        row(out, "products", products());
        row(out, "speed", Machine.speed());
        Datasets.names().forEach(name -> row(out, "data", name + ": " + data(name)));
        Models.shipped().forEach(name -> row(out, "model", name));
        row(out, "card", card());
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
            return "not here; './atelier fetch " + name + "' gets it";
        }
    }

    /** What PrecisionScope can choose here; the processor, not the library, says whether it is faster. */
    private static String products() {
        return Device.cpu().kernels().multiplies(Precision.BF16)
                ? "float32 by default; bfloat16 where a program asks for it (the processor has instructions for it)"
                : "float32 only: the processor does not multiply bfloat16 numbers";
    }

    /** What --device cuda would get. */
    private static String card() {
        try {
            return ((CudaDevice) Device.cuda(0)).properties() + "; --device cuda computes there";
        } catch (CudaException e) {
            return "none: " + e.getMessage();
        }
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
        if (Machine.totalMemory() < 2L << 30) {
            advice.add("memory: with less than 2 GB, train with smaller batches (--batch 16)");
        }
        return Machine.memory();
    }
}
