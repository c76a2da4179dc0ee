package org.atelier4j.tensor.kernel.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.device.Precision;
import org.atelier4j.tensor.device.cuda.CudaDevice;
import org.atelier4j.tensor.device.cuda.CudaKernel;

/**
 * The {@code .cu} files and what each is compiled for.
 *
 * <p>A file that is written for elements of any type is compiled once for each that is used, with {@code ELEMENT} defined.
 */
public enum Code {
    /** Functions of one number. */
    UNARY(Elements.FLOATS, "prelude", "functions", "unary"),
    /** Functions of two numbers. */
    BINARY(Elements.ALL, "prelude", "binary"),
    /** Formulas of several tensors; what they compute is told by further options. */
    FORMULA(Elements.FLOATS, "prelude", "functions", "formula"),
    /** Conversions between element types, fills. */
    CONVERT(Elements.NONE, "prelude", "convert"),
    /** Copies, gathers, selection. */
    MOVEMENT(Elements.SIZES, "prelude", "movement"),
    /** Additions to places named by indices. */
    SCATTER(Elements.ATOMIC, "prelude", "scatter"),
    /** Reductions, largest elements, running sums. */
    REDUCE(Elements.ALL, "prelude", "reduce"),
    /** Softmax. */
    SOFTMAX(Elements.FLOATS, "prelude", "softmax"),
    /** Normalization. */
    NORM(Elements.FLOATS, "prelude", "norm"),
    /** Matrix products. */
    MATMUL(Elements.FLOATS, "prelude", "functions", "product", "gemm", "matmul"),
    /** Matrix products on tensor cores. */
    MATMUL_TILES(Elements.OPERANDS, "prelude", "functions", "product", "instructions", "tiles", "matmul"),
    /** Nearest rows of a table. */
    NEAREST(Elements.FLOATS, "prelude", "functions", "product", "gemm", "nearest"),
    /** Convolutions and their adjoints. */
    CONV(Elements.FLOATS, "prelude", "functions", "product", "gemm", "conv"),
    /** Convolutions and their adjoints on tensor cores. */
    CONV_TILES(Elements.OPERANDS, "prelude", "functions", "product", "instructions", "tiles", "conv"),
    /** Attention without its weights in memory. */
    ATTENTION(Elements.SINGLE, "prelude", "heads", "attention"),
    /** The same on tensor cores. */
    ATTENTION_TILES(Elements.OPERANDS, "prelude", "instructions", "heads", "attentiontiles"),
    /** Pooling, resizing. */
    IMAGES(Elements.FLOATS, "prelude", "images"),
    /** Random numbers. */
    RANDOM(Elements.NONE, "prelude", "philox", "random"),
    /** Softmax of logits with Gumbel noise. */
    GUMBEL(Elements.FLOATS, "prelude", "philox", "gumbel"),
    /** Optimizers. */
    TRAINING(Elements.FLOATS, "prelude", "training");

    /** The compute capability from which tensor cores multiply bfloat16 and TF32 numbers: Ampere. */
    static final int TENSOR_CORES = 80;

    private final Elements elements;
    private final List<String> files;
    private volatile String text = "";

    /** The element types that a file is compiled for. */
    private enum Elements {
        NONE,
        SINGLE("float", "bf16"),
        FLOATS("float", "double", "bf16"),
        ALL("float", "double", "bf16", "int", "i64", "u8", "flag"),
        SIZES("u8", "unsigned short", "u32", "u64"),
        ATOMIC("float", "double", "int", "u64"),
        /** Elements and what tensor cores multiply of them. */
        OPERANDS("float tf32", "float bf16", "bf16 bf16");

        private final List<String> names;

        Elements(String... names) {
            this.names = List.of(names);
        }
    }

    Code(Elements elements, String... files) {
        this.elements = elements;
        this.files = List.of(files);
    }

    /** Returns the name of the last of its files, as messages give it. */
    public String fileName() {
        return files.get(files.size() - 1) + ".cu";
    }

    /** Returns the compute capability, 10·major + minor, from which its instructions exist. */
    public int oldestCapability() {
        return elements == Elements.OPERANDS ? TENSOR_CORES : 0;
    }

    /** Returns the name in reports: the last file, and the loop that it is compiled with. */
    public String title() {
        return elements == Elements.OPERANDS ? fileName() + " on tensor cores" : fileName();
    }

    /** Returns the whole text; line numbers in messages are those of the files. */
    public String source() {
        if (text.isEmpty()) {
            StringBuilder all = new StringBuilder();
            for (String file : files) {
                all.append("#line 1 \"").append(file).append(".cu\"\n").append(read(file + ".cu"));
            }
            text = all.toString();
        }
        return text;
    }

    private static String read(String file) {
        try (InputStream in = Code.class.getResourceAsStream(file)) {
            if (in == null) {
                throw new IllegalStateException("CUDA: " + file + " must lie beside " + Code.class);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(file, e);
        }
    }

    /**
     * Returns the compiler options of each variant, without the target; of formulas those of one that samplers use, of
     * optimizers those for many tensors.
     */
    public List<List<String>> variants() {
        List<List<String>> variants = new ArrayList<>();
        if (elements == Elements.NONE) {
            variants.add(List.of());
        }
        elements.names.forEach(name -> variants.add(options(name)));
        if (this == FORMULA) {
            variants.replaceAll(options -> Stream.concat(options.stream(), Formulas.defines(Formulas.EXAMPLE).stream())
                    .toList());
        }
        if (this == TRAINING) {
            variants.replaceAll(options -> Stream.concat(options.stream(), Training.room(Training.MANY).stream())
                    .toList());
        }
        return variants;
    }

    private static List<String> options(String name) {
        String[] words = name.split(" ");
        return name.startsWith("unsigned") || words.length == 1
                ? List.of("-DELEMENT=" + name)
                : List.of("-DELEMENT=" + words[0], "-DOPERAND=" + words[1]);
    }

    /** Returns a kernel of a file without variants. */
    CudaKernel kernel(CudaDevice device, String function) {
        return device.module(fileName(), source(), List.of()).kernel(function);
    }

    /** Returns a kernel for elements of a type. */
    CudaKernel kernel(CudaDevice device, DType dtype, String function) {
        return kernel(device, dtype, Precision.FLOAT32, function);
    }

    /** Returns a kernel for elements of a type; the precision matters to files for tensor cores only. */
    CudaKernel kernel(CudaDevice device, DType dtype, Precision precision, String function) {
        return kernel(device, dtype, precision, List.of(), function);
    }

    /** Returns a kernel for elements of a type of a file that must be told more. */
    CudaKernel kernel(CudaDevice device, DType dtype, List<String> defines, String function) {
        return kernel(device, dtype, Precision.FLOAT32, defines, function);
    }

    private CudaKernel kernel(
            CudaDevice device, DType dtype, Precision precision, List<String> defines, String function) {
        String element = switch (elements) {
            case SINGLE, FLOATS, ALL, NONE -> name(dtype);
            case SIZES ->
                switch (dtype.bytes()) {
                    case 1 -> "u8";
                    case 2 -> "unsigned short";
                    case 4 -> "u32";
                    default -> "u64";
                };
            case ATOMIC -> dtype == DType.INT64 ? "u64" : name(dtype);
            case OPERANDS -> name(dtype) + (precision == Precision.TF32 ? " tf32" : " bf16");
        };
        Check.that(
                elements.names.contains(element),
                "%s: dtype must be one of %s on %s, got %s",
                function.toLowerCase(Locale.ROOT),
                elements.names,
                device.name(),
                dtype);
        List<String> all = new ArrayList<>(options(element));
        all.addAll(defines);
        return device.module(fileName(), source(), all).kernel(function);
    }

    private static String name(DType dtype) {
        return switch (dtype) {
            case FLOAT32 -> "float";
            case FLOAT64 -> "double";
            case BFLOAT16 -> "bf16";
            case INT32 -> "int";
            case INT64 -> "i64";
            case UINT8 -> "u8";
            case BOOL -> "flag";
        };
    }

    /** Returns the type in which floating elements are computed and unfinished sums are kept. */
    static DType wide(DType dtype) {
        return dtype == DType.FLOAT64 ? DType.FLOAT64 : DType.FLOAT32;
    }
}
