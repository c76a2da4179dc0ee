package org.atelier4j.tensor.device.cuda;

import com.sun.jna.Library;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.StringArray;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The run-time compiler NVRTC: CUDA C++ in, machine code for one architecture out. Works without a card or driver. */
public final class Nvrtc {
    private static final int NEWEST_KNOWN = 13_990;

    private final Api api;
    private final String path;
    private final int version;
    private final List<Integer> architectures;

    /** NVRTC's functions under their own names. */
    interface Api extends Library {
        int nvrtcVersion(IntByReference major, IntByReference minor);

        int nvrtcGetNumSupportedArchs(IntByReference count);

        int nvrtcGetSupportedArchs(int[] architectures);

        int nvrtcCreateProgram(
                PointerByReference program,
                String source,
                String name,
                int headers,
                @Nullable Pointer a,
                @Nullable Pointer b);

        int nvrtcCompileProgram(Pointer program, int count, StringArray options);

        int nvrtcGetProgramLogSize(Pointer program, LongByReference size);

        int nvrtcGetProgramLog(Pointer program, byte[] log);

        int nvrtcGetCUBINSize(Pointer program, LongByReference size);

        int nvrtcGetCUBIN(Pointer program, byte[] code);

        int nvrtcGetPTXSize(Pointer program, LongByReference size);

        int nvrtcGetPTX(Pointer program, byte[] code);

        int nvrtcDestroyProgram(PointerByReference program);
    }

    /**
     * What came out.
     *
     * @param code machine code, or PTX where it was asked for
     * @param log warnings and, where asked for, resource usage
     */
    public record Output(byte[] code, String log) {}

    private Nvrtc(Api api, String path) {
        this.api = api;
        this.path = path;
        IntByReference major = new IntByReference();
        IntByReference minor = new IntByReference();
        check("nvrtcVersion", api.nvrtcVersion(major, minor));
        this.version = 1000 * major.getValue() + 10 * minor.getValue();
        IntByReference count = new IntByReference();
        check("nvrtcGetNumSupportedArchs", api.nvrtcGetNumSupportedArchs(count));
        int[] found = new int[count.getValue()];
        check("nvrtcGetSupportedArchs", api.nvrtcGetSupportedArchs(found));
        this.architectures = Arrays.stream(found).boxed().sorted().toList();
    }

    /**
     * Opens the library at a path, or of a name.
     *
     * @throws CudaException if it cannot be opened or is older than 11.2
     */
    public static Nvrtc open(String path) {
        try {
            Libraries.openBuiltins(path);
            return new Nvrtc(Native.load(path, Api.class), path);
        } catch (UnsatisfiedLinkError e) {
            throw new CudaException("CUDA: NVRTC of 11.2 or newer must be at " + path + ", got " + e.getMessage());
        }
    }

    /**
     * Opens the newest one on this machine, whether or not there is a driver that could use it.
     *
     * @throws CudaException if there is none
     */
    public static Nvrtc newest() {
        return open(Libraries.findNvrtc(NEWEST_KNOWN));
    }

    /** Returns the one that fits a driver. */
    static Nvrtc forDriver(int driverVersion) {
        Nvrtc nvrtc = open(Libraries.nvrtc(driverVersion));
        if (nvrtc.version / 1000 > driverVersion / 1000) {
            throw new CudaException("CUDA: NVRTC must not be newer than the driver, got " + nvrtc + " and driver "
                    + Libraries.version(driverVersion) + "; update the driver or name an older NVRTC with -D"
                    + Libraries.NVRTC + "=PATH");
        }
        return nvrtc;
    }

    /** Returns 1000·major + 10·minor. */
    public int version() {
        return version;
    }

    /** Returns the architectures for which it makes machine code, rising: 90 is compute capability 9.0. */
    public List<Integer> architectures() {
        return architectures;
    }

    /**
     * Returns the compiler option for a card: its own machine code where this NVRTC knows it, else intermediate code
     * (PTX) of the newest architecture below, which the driver translates.
     *
     * @param capability 10·major + minor
     * @throws CudaException if the card is too old for this NVRTC
     */
    String target(int capability) {
        if (architectures.contains(capability)) {
            return "-arch=sm_" + capability;
        }
        return architectures.stream()
                .filter(a -> a < capability)
                .reduce((a, b) -> b)
                .map(a -> "-arch=compute_" + a)
                .orElseThrow(() -> new CudaException("CUDA: " + this + " makes code for compute capability "
                        + architectures.get(0) / 10.0 + " and newer, got a card of " + capability / 10.0
                        + "; install an older CUDA toolkit beside it"));
    }

    /**
     * Compiles.
     *
     * @param name what messages call the source
     * @param options among them the target
     * @throws CudaException if the source is wrong; the message has the compiler's words with line numbers
     */
    public synchronized Output compile(String name, String source, List<String> options) {
        PointerByReference program = new PointerByReference();
        check("nvrtcCreateProgram", api.nvrtcCreateProgram(program, source, name, 0, null, null));
        try {
            int result = api.nvrtcCompileProgram(
                    program.getValue(), options.size(), new StringArray(options.toArray(String[]::new)));
            String log = log(program.getValue());
            if (result != 0) {
                throw new CudaException(
                        "CUDA: " + name + " must compile with " + options + ", got from " + this + ":\n" + log.strip());
            }
            return new Output(code(program.getValue(), options), log);
        } finally {
            api.nvrtcDestroyProgram(program);
        }
    }

    private byte[] code(Pointer program, List<String> options) {
        boolean ptx = options.stream().anyMatch(o -> o.startsWith("-arch=compute_"));
        LongByReference size = new LongByReference();
        check("NVRTC", ptx ? api.nvrtcGetPTXSize(program, size) : api.nvrtcGetCUBINSize(program, size));
        byte[] code = new byte[Math.toIntExact(size.getValue())];
        check("NVRTC", ptx ? api.nvrtcGetPTX(program, code) : api.nvrtcGetCUBIN(program, code));
        return code;
    }

    private String log(Pointer program) {
        LongByReference size = new LongByReference();
        check("nvrtcGetProgramLogSize", api.nvrtcGetProgramLogSize(program, size));
        byte[] log = new byte[Math.toIntExact(size.getValue())];
        check("nvrtcGetProgramLog", api.nvrtcGetProgramLog(program, log));
        return new String(log, 0, Math.max(0, log.length - 1), StandardCharsets.UTF_8);
    }

    private static void check(String function, int result) {
        if (result != 0) {
            throw new CudaException(function + ": NVRTC error " + result);
        }
    }

    @Override
    public String toString() {
        return "NVRTC " + Libraries.version(version) + " at " + path;
    }

    /** Returns native memory with a copy of code, as the driver wants it. */
    static Memory image(byte[] code) {
        Memory memory = new Memory(code.length + 1L);
        memory.write(0, code, 0, code.length);
        memory.setByte(code.length, (byte) 0);
        return memory;
    }
}
