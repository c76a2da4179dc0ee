package org.atelier4j.tensor.device.cuda;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Where the libraries lie. System properties name them by hand; without, they are looked for. */
final class Libraries {
    /** Path of the driver library. */
    static final String DRIVER = "atelier.cuda.driver";

    /** Path of the NVRTC library. */
    static final String NVRTC = "atelier.cuda.nvrtc";

    private static final int OLDEST = 11;

    private Libraries() {}

    /**
     * Opens the driver: one attempt, for one name.
     *
     * @throws CudaException if there is none
     */
    static NativeLibrary driver() {
        String name = System.getProperty(DRIVER, Platform.isWindows() ? "nvcuda" : "libcuda.so.1");
        try {
            return NativeLibrary.getInstance(name);
        } catch (UnsatisfiedLinkError e) {
            throw new CudaException("CUDA: the NVIDIA driver was not found (tried " + name
                    + "); install it, name it with -D" + DRIVER + "=PATH, or run on the CPU");
        }
    }

    /**
     * Returns the newest NVRTC whose major version is not above the driver's.
     *
     * @param driverVersion as the driver gives it: 1000·major + 10·minor
     * @throws CudaException if there is none
     */
    static String nvrtc(int driverVersion) {
        String named = System.getProperty(NVRTC);
        return named != null ? named : findNvrtc(driverVersion);
    }

    /** As {@link #nvrtc}, without asking the system property. */
    static String findNvrtc(int driverVersion) {
        List<String> tried = new ArrayList<>();
        String found = find(driverVersion, Libraries::fileName, Libraries::systemNames, tried);
        if (found != null) {
            return found;
        }
        throw new CudaException("CUDA: the compiler NVRTC was not found for driver " + version(driverVersion)
                + " (tried " + String.join(", ", tried) + " and the folders " + folders()
                + "); install the CUDA toolkit or the Python package nvidia-cuda-nvrtc, or name the library with -D"
                + NVRTC + "=PATH");
    }

    /** Returns the newest cuBLAS whose major version is not above the driver's, or null where there is none. */
    static @Nullable String findCublas(int driverVersion) {
        IntFunction<String> name =
                major -> Platform.isWindows() ? "cublas64_" + major + ".dll" : "libcublas.so." + major;
        return find(driverVersion, name, major -> List.of(name.apply(major)), new ArrayList<>());
    }

    /** Looks for the newest version of a library in all folders, then where the system looks. */
    private static @Nullable String find(
            int driverVersion, IntFunction<String> file, IntFunction<List<String>> system, List<String> tried) {
        List<Path> folders = folders();
        for (int major = driverVersion / 1000; major >= OLDEST; major--) {
            for (Path folder : folders) {
                for (Path found : matching(folder, file.apply(major))) {
                    return found.toString();
                }
            }
            for (String name : system.apply(major)) {
                tried.add(name);
                try {
                    NativeLibrary.getInstance(name);
                    return name;
                } catch (UnsatisfiedLinkError e) {
                    // the next name
                }
            }
        }
        return null;
    }

    /** Opens the file that NVRTC needs beside it, which it does not find by itself when opened by its path. */
    static void openBuiltins(String nvrtc) {
        Path folder = Path.of(nvrtc).getParent();
        if (folder != null) {
            for (Path file : matching(folder, Platform.isWindows() ? "nvrtc-builtins*.dll" : "libnvrtc-builtins.so*")) {
                NativeLibrary.getInstance(file.toString());
                return;
            }
        }
    }

    /** Returns {@code 13.2} for 13020. */
    static String version(int number) {
        return number / 1000 + "." + number % 1000 / 10;
    }

    private static String fileName(int major) {
        return Platform.isWindows()
                ? "nvrtc64_" + major + "?_0.dll"
                : "libnvrtc.so." + major + (major < 12 ? ".*" : "");
    }

    private static List<String> systemNames(int major) {
        if (Platform.isWindows()) {
            return List.of("nvrtc64_" + major + "0_0");
        }
        return major < 12 ? List.of("libnvrtc.so.11.2") : List.of("libnvrtc.so." + major);
    }

    /** Returns the folders of installed toolkits and of Python packages that bring an NVRTC. */
    private static List<Path> folders() {
        List<Path> folders = new ArrayList<>();
        String inside = Platform.isWindows() ? "bin" : "lib64";
        for (String root : roots("CUDA_PATH", "CUDA_HOME")) {
            folders.add(Path.of(root, inside));
        }
        folders.add(Path.of("/usr/local/cuda/lib64"));
        for (String root : roots("VIRTUAL_ENV", "CONDA_PREFIX")) {
            folders.addAll(ofPython(Path.of(root)));
        }
        folders.addAll(ofPython(Path.of(System.getProperty("user.home"), ".local")));
        return folders.stream().filter(Files::isDirectory).distinct().toList();
    }

    private static List<String> roots(String... variables) {
        return Stream.of(variables).map(System::getenv).filter(Objects::nonNull).toList();
    }

    private static List<Path> ofPython(Path root) {
        List<Path> folders = new ArrayList<>();
        for (Path python : matching(root.resolve("lib"), "python3*")) {
            for (Path vendor : matching(python.resolve("site-packages").resolve("nvidia"), "cu*")) {
                folders.add(vendor.resolve("lib"));
            }
        }
        return folders;
    }

    private static List<Path> matching(Path folder, String glob) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, glob)) {
            List<Path> found = new ArrayList<>();
            files.forEach(found::add);
            return found.stream().sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(folder.toString(), e);
        }
    }
}
