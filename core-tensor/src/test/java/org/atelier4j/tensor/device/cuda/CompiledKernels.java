package org.atelier4j.tensor.device.cuda;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.atelier4j.tensor.kernel.cuda.Code;

/**
 * Machine code that the real compiler made, kept in the build's folder: a file that has not changed is not compiled a
 * second time for the same architecture, so that checking all of them takes minutes once and seconds after an edit.
 */
public final class CompiledKernels {
    private final CubinCache cache;

    /** Begins with what earlier runs have compiled. */
    public CompiledKernels(Nvrtc nvrtc) {
        Path base = Path.of(System.getProperty("basedir", System.getProperty("java.io.tmpdir")));
        this.cache = new CubinCache(nvrtc, base.resolve("target").resolve("cuda-compiled"));
    }

    /** Returns the machine code of one variant of a file, for an architecture like {@code sm_90a}. */
    public byte[] of(Code code, List<String> variant, String architecture) {
        List<String> options = new ArrayList<>(variant);
        options.addAll(List.of("-arch=" + architecture, "-std=c++17"));
        return cache.code(code.fileName(), code.source(), options);
    }
}
