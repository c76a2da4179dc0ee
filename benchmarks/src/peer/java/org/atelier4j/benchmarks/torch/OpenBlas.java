package org.atelier4j.benchmarks.torch;

import com.sun.jna.NativeLibrary;
import java.io.File;
import java.util.Objects;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.global.openblas;

/** The OpenBLAS that libtorch calls, whose preset does not offer its number of threads. */
final class OpenBlas {
    private OpenBlas() {}

    /** Sets how many threads a product may use. */
    static void setThreads(int count) {
        File preset = new File(Objects.requireNonNull(Loader.load(openblas.class)));
        File[] found = preset.getParentFile()
                .listFiles((folder, name) -> name.startsWith("libopenblas.")
                        && (name.endsWith(".0") || name.endsWith(".0.dylib") || name.endsWith(".dll")));
        if (found == null || found.length == 0) {
            throw new IllegalStateException("OpenBLAS: its library must lie beside " + preset);
        }
        NativeLibrary.getInstance(found[0].getPath())
                .getFunction("openblas_set_num_threads")
                .invokeVoid(new Object[] {count});
    }
}
