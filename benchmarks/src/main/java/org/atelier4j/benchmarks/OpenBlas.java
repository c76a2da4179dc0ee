package org.atelier4j.benchmarks;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import java.io.File;
import java.util.Objects;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.global.openblas;

/** The OpenBLAS that libtorch and ND4J call, whose preset does not offer its number of threads. */
public final class OpenBlas {
    private static final Function SET_THREADS = library().getFunction("openblas_set_num_threads");
    private static int threads;

    private OpenBlas() {}

    /** Returns how many threads engines have: what the OpenMP library, which all share, goes by. */
    public static int available() {
        String set = System.getenv("OMP_NUM_THREADS");
        return set == null ? Runtime.getRuntime().availableProcessors() : Integer.parseInt(set);
    }

    /** Sets how many threads a product may use. */
    public static synchronized void setThreads(int count) {
        if (count != threads) {
            SET_THREADS.invokeVoid(new Object[] {count});
            threads = count;
        }
    }

    /** Returns how many threads a product may use, 0 before it was said. */
    public static synchronized int threads() {
        return threads;
    }

    private static NativeLibrary library() {
        File preset = new File(Objects.requireNonNull(Loader.load(openblas.class)));
        File[] found = preset.getParentFile()
                .listFiles((folder, name) -> name.startsWith("libopenblas.")
                        && (name.endsWith(".0") || name.endsWith(".0.dylib") || name.endsWith(".dll")));
        if (found == null || found.length == 0) {
            throw new IllegalStateException("OpenBLAS: its library must lie beside " + preset);
        }
        return NativeLibrary.getInstance(found[0].getPath());
    }
}
