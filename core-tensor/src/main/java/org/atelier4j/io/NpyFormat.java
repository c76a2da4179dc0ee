package org.atelier4j.io;

import static org.atelier4j.io.MalformedFileException.check;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/**
 * NumPy's array format (NEP 1), versions 1 to 3: a magic word, the length of a header, a Python dictionary as text, the
 * elements.
 */
final class NpyFormat {
    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final int MAX_HEADER = 1 << 16;
    private static final int ALIGNMENT = 64;
    private static final Map<String, StoredType> TYPES = Map.ofEntries(
            Map.entry("f8", StoredType.F64),
            Map.entry("f4", StoredType.F32),
            Map.entry("f2", StoredType.F16),
            Map.entry("i8", StoredType.I64),
            Map.entry("i4", StoredType.I32),
            Map.entry("i2", StoredType.I16),
            Map.entry("i1", StoredType.I8),
            Map.entry("u4", StoredType.U32),
            Map.entry("u2", StoredType.U16),
            Map.entry("u1", StoredType.U8),
            Map.entry("b1", StoredType.BOOL));
    private static final Pattern ENTRY =
            Pattern.compile("'(descr|fortran_order|shape)'\\s*:\\s*('[^']*'|True|False|\\([\\dL,\\s]*\\))\\s*,?\\s*");

    /** What a header says. */
    private record Header(StoredType type, ByteOrder order, boolean fortran, Shape shape) {}

    private NpyFormat() {}

    /**
     * Reads one array and the end of the stream after it.
     *
     * @param limit the most bytes that the stream can hold, header included
     * @throws MalformedFileException if it breaks the format or holds other than numbers
     */
    static Tensor read(InputStream in, Object source, long limit) throws IOException {
        try {
            Header header = parse(readHeader(in, source), source);
            long bytes = header.shape().size() * header.type().bytes();
            check(
                    bytes <= limit && bytes < Integer.MAX_VALUE,
                    source,
                    "shape " + header.shape() + " takes " + bytes + " bytes, more than there can be");
            Tensor tensor = header.fortran() ? readFortran(header, in) : read(header, header.shape(), in);
            check(in.read() < 0, source, "nothing must follow the array of shape " + header.shape());
            return tensor;
        } catch (EOFException e) {
            throw new MalformedFileException(source, "array ends too early", e);
        }
    }

    /** Writes one array, version 1.0, C order, little-endian. */
    static void write(Tensor tensor, OutputStream out) throws IOException {
        String dims =
                Arrays.stream(tensor.shape().dims()).mapToObj(String::valueOf).collect(Collectors.joining(", "));
        String tuple = tensor.rank() == 1 ? dims + "," : dims;
        String text = "{'descr': '" + descr(tensor.dtype()) + "', 'fortran_order': False, 'shape': (" + tuple + "), }";
        int before = MAGIC.length + 4;
        int padding = Math.floorMod(-(before + text.length() + 1), ALIGNMENT);
        byte[] header = (text + " ".repeat(padding) + "\n").getBytes(StandardCharsets.ISO_8859_1);
        out.write(MAGIC);
        out.write(new byte[] {1, 0, (byte) header.length, (byte) (header.length >> 8)});
        out.write(header);
        TensorBytes.write(tensor, out);
    }

    private static String descr(DType dtype) {
        Check.that(dtype != DType.BFLOAT16, "Npy: NumPy has no BFLOAT16; convert with to(DType.FLOAT32) first");
        StoredType type = StoredType.of(dtype);
        String name = TYPES.entrySet().stream()
                .filter(e -> e.getValue() == type)
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow();
        return (type.bytes() == 1 ? "|" : "<") + name;
    }

    private static Tensor read(Header header, Shape shape, InputStream in) throws IOException {
        return TensorBytes.read(header.type(), shape, in, header.order());
    }

    /** In Fortran order the first axis is fastest: the elements are those of the transposed array in C order. */
    private static Tensor readFortran(Header header, InputStream in) throws IOException {
        int rank = header.shape().rank();
        int[] dims = new int[rank];
        int[] axes = new int[rank];
        for (int i = 0; i < rank; i++) {
            axes[i] = rank - 1 - i;
            dims[i] = header.shape().dim(axes[i]);
        }
        return read(header, Shape.of(dims), in).permute(axes);
    }

    private static String readHeader(InputStream in, Object source) throws IOException {
        DataInputStream data = new DataInputStream(in);
        byte[] magic = data.readNBytes(MAGIC.length);
        check(Arrays.equals(magic, MAGIC), source, "array must begin with \\x93NUMPY");
        int version = data.readUnsignedByte();
        data.readUnsignedByte(); // minor version, 0 so far
        check(version >= 1 && version <= 3, source, "version must be 1, 2 or 3, got " + version);
        byte[] length = new byte[version == 1 ? 2 : 4];
        data.readFully(length);
        long n = 0;
        for (int i = length.length - 1; i >= 0; i--) {
            n = n << 8 | length[i] & 0xff;
        }
        check(n <= MAX_HEADER, source, "header must have at most " + MAX_HEADER + " bytes, got " + n);
        byte[] header = new byte[(int) n];
        data.readFully(header);
        return new String(header, version == 3 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1).strip();
    }

    private static Header parse(String text, Object source) {
        String shown = text.length() > 200 ? text.substring(0, 200) + "…" : text;
        check(text.startsWith("{") && text.endsWith("}"), source, "header must be a dictionary, got " + shown);
        Map<String, String> found = new HashMap<>();
        Matcher entry = ENTRY.matcher(text).region(1, text.length() - 1);
        while (entry.lookingAt()) {
            check(found.put(entry.group(1), entry.group(2)) == null, source, "header repeats " + entry.group(1));
            entry.region(entry.end(), text.length() - 1);
        }
        String descr = found.getOrDefault("descr", "");
        String fortran = found.getOrDefault("fortran_order", "");
        String shape = found.getOrDefault("shape", "");
        boolean whole = entry.regionStart() == entry.regionEnd() && found.size() == 3;
        check(
                whole && descr.startsWith("'") && !fortran.startsWith("'") && shape.startsWith("("),
                source,
                "header must give descr (of a plain array), fortran_order and shape, got " + shown);
        String type = descr.substring(1, descr.length() - 1);
        StoredType stored = type.length() == 3 ? TYPES.get(type.substring(1)) : null;
        check(
                stored != null && "<>|=".indexOf(type.charAt(0)) >= 0,
                source,
                "element type must be one of b1, u1, u2, u4, i1, i2, i4, i8, f2, f4, f8, got " + type);
        ByteOrder order = switch (type.charAt(0)) {
            case '>' -> ByteOrder.BIG_ENDIAN;
            case '=' -> ByteOrder.nativeOrder();
            default -> ByteOrder.LITTLE_ENDIAN;
        };
        return new Header(Objects.requireNonNull(stored), order, fortran.equals("True"), shape(shape, source));
    }

    private static Shape shape(String tuple, Object source) {
        List<Integer> dims = new ArrayList<>();
        long size = 1;
        for (String part : tuple.substring(1, tuple.length() - 1).split(",")) {
            String digits = part.strip().replaceFirst("L$", ""); // Python 2 wrote 3L
            if (digits.isEmpty()) {
                continue;
            }
            boolean number = digits.length() <= 10 && digits.chars().allMatch(c -> c >= '0' && c <= '9');
            long length = number ? Long.parseLong(digits) : Long.MAX_VALUE;
            check(
                    length <= Integer.MAX_VALUE && dims.size() < 64,
                    source,
                    "shape must hold lengths < 2^31, got " + tuple);
            dims.add((int) length);
            size *= length;
            check(size <= Integer.MAX_VALUE, source, "array must have fewer than 2^31 elements, got shape " + tuple);
        }
        return Shape.of(dims.stream().mapToInt(Integer::intValue).toArray());
    }
}
