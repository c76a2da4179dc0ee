package org.atelier4j.tensor;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reference values from an independent implementation, stored as safetensors under {@code src/test/resources/golden}
 * by the scripts in {@code src/test/golden}.
 *
 * <pre>{@code
 * GoldenFile golden = GoldenFile.load("golden/losses.safetensors");
 * Tensor x = golden.tensor("huber.x");
 * }</pre>
 */
public final class GoldenFile {
    private static final Pattern ENTRY =
            Pattern.compile("\"([^\"]+)\":\\s*\\{\"dtype\":\\s*\"(\\w+)\",\\s*\"shape\":\\s*\\[([\\d,\\s]*)\\],"
                    + "\\s*\"data_offsets\":\\s*\\[(\\d+),\\s*(\\d+)\\]\\}");

    private final String path;
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();

    private GoldenFile(String path, byte[] file) {
        this.path = path;
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int header = Math.toIntExact(bytes.getLong(0));
        Matcher entry = ENTRY.matcher(new String(file, 8, header, StandardCharsets.UTF_8));
        while (entry.find()) {
            int from = 8 + header + Integer.parseInt(entry.group(4));
            int to = 8 + header + Integer.parseInt(entry.group(5));
            ByteBuffer data = bytes.slice(from, to - from).order(ByteOrder.LITTLE_ENDIAN);
            int[] shape = Arrays.stream(entry.group(3).split(","))
                    .filter(s -> !s.isBlank())
                    .mapToInt(s -> Integer.parseInt(s.trim()))
                    .toArray();
            tensors.put(entry.group(1), tensor(entry.group(2), data, shape));
        }
    }

    /** Reads a file from the class path, as {@code golden/losses.safetensors}. */
    public static GoldenFile load(String path) {
        try (InputStream in = GoldenFile.class.getClassLoader().getResourceAsStream(path)) {
            if (in == null) {
                throw new IllegalArgumentException("GoldenFile: no such file on the class path, " + path);
            }
            return new GoldenFile(path, in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(path, e);
        }
    }

    /** Returns the names in the file. */
    public Set<String> names() {
        return tensors.keySet();
    }

    /** Returns a tensor in the element type it was stored in. */
    public Tensor tensor(String name) {
        Tensor t = tensors.get(name);
        if (t == null) {
            throw new IllegalArgumentException(path + ": no tensor " + name + "; there are " + tensors.keySet());
        }
        return t;
    }

    private static Tensor tensor(String dtype, ByteBuffer data, int[] shape) {
        Shape target = Shape.of(shape);
        int n = Math.toIntExact(target.size());
        return switch (dtype) {
            case "F64" -> {
                double[] v = new double[n];
                data.asDoubleBuffer().get(v);
                yield Tensor.of(v, n).reshape(target);
            }
            case "F32" -> {
                float[] v = new float[n];
                data.asFloatBuffer().get(v);
                yield Tensor.of(v, n).reshape(target);
            }
            case "I32" -> {
                int[] v = new int[n];
                data.asIntBuffer().get(v);
                yield Tensor.of(v, n).reshape(target);
            }
            case "BOOL" -> {
                boolean[] v = new boolean[n];
                for (int i = 0; i < n; i++) {
                    v[i] = data.get(i) != 0;
                }
                yield Tensor.of(v, n).reshape(target);
            }
            default ->
                throw new IllegalArgumentException("GoldenFile: dtype must be F64, F32, I32 or BOOL, got " + dtype);
        };
    }
}
