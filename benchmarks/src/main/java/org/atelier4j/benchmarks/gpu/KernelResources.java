package org.atelier4j.benchmarks.gpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.atelier4j.tensor.device.cuda.Nvrtc;
import org.atelier4j.tensor.kernel.cuda.KernelReport;

/**
 * Writes what each kernel takes of a multiprocessor; needs NVRTC and no card.
 *
 * <pre>
 * java -cp 'lib/*' org.atelier4j.benchmarks.gpu.KernelResources docs/cuda-resources.md 90 [/path/libnvrtc.so.13]
 * </pre>
 */
public final class KernelResources {
    private KernelResources() {}

    /** Writes the table for one architecture. */
    public static void main(String[] arguments) throws IOException {
        if (arguments.length < 2 || arguments.length > 3) {
            System.out.println("usage: KernelResources FILE.md ARCHITECTURE [NVRTC]");
            System.exit(2);
        }
        int architecture = Integer.parseInt(arguments[1]);
        Nvrtc nvrtc = arguments.length == 3 ? Nvrtc.open(arguments[2]) : Nvrtc.newest();
        List<KernelReport> reports = KernelReport.of(nvrtc, architecture);
        String text = "# What the CUDA kernels take of a multiprocessor\n\n"
                + "Compute capability " + architecture / 10.0 + ", NVRTC "
                + nvrtc.version() / 1000 + "." + nvrtc.version() % 1000 / 10
                + ", elements FLOAT32 (single bytes for copies), on tensor cores as TF32; a block has 256 threads, in"
                + " attentiontiles.cu 64 or 128. Written by `KernelResources`.\n\n"
                + KernelReport.table(reports);
        Files.writeString(Path.of(arguments[0]), text);
    }
}
