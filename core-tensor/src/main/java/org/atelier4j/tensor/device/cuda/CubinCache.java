package org.atelier4j.tensor.device.cuda;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.atelier4j.tensor.Sha256;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compiled kernels on disk, so that only the first run on a machine waits for the compiler. The key is the SHA-256 of
 * everything that decides the code: source, options (with the architecture) and the compiler's version. Losing the folder
 * costs time only; where it cannot be written, nothing is kept.
 */
final class CubinCache {
    /** Names the folder by hand. */
    static final String PROPERTY = "atelier.cuda.cache";

    private static final Logger LOG = LoggerFactory.getLogger(CubinCache.class);

    private final Nvrtc nvrtc;
    private final Path folder;

    CubinCache(Nvrtc nvrtc, Path folder) {
        this.nvrtc = nvrtc;
        this.folder = folder;
    }

    /** Returns the folder that the property names, or one under the user's cache folder. */
    static Path folder() {
        String named = System.getProperty(PROPERTY);
        if (named != null) {
            return Path.of(named);
        }
        String base = System.getenv("XDG_CACHE_HOME");
        return base != null
                ? Path.of(base, "atelier", "cuda")
                : Path.of(System.getProperty("user.home"), ".cache", "atelier", "cuda");
    }

    /** Returns the code of a source, compiled now or earlier. */
    byte[] code(String name, String source, List<String> options) {
        Path file = folder.resolve(key(source, options) + ".cubin");
        if (Files.isRegularFile(file)) {
            try {
                return Files.readAllBytes(file);
            } catch (IOException e) {
                LOG.warn("CUDA: cannot read {}, compiling again: {}", file, e.toString());
            }
        }
        long start = System.nanoTime();
        byte[] code = nvrtc.compile(name, source, options).code();
        LOG.debug("CUDA: compiled {} {} in {} ms", name, options, (System.nanoTime() - start) / 1_000_000);
        store(file, code);
        return code;
    }

    /** Writes beside and moves, so that nobody ever reads half a file. */
    private void store(Path file, byte[] code) {
        try {
            Files.createDirectories(folder);
            Path part = Files.createTempFile(folder, "compiling", null);
            try {
                Files.write(part, code);
                Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(part);
            }
        } catch (IOException e) {
            LOG.warn("CUDA: compiled kernels are not kept: {}", e.toString());
        }
    }

    private String key(String source, List<String> options) {
        Sha256 hash = new Sha256();
        for (String part : List.of(source, String.join(" ", options), Integer.toString(nvrtc.version()))) {
            hash.add(part).add("\0");
        }
        return hash.hex();
    }
}
