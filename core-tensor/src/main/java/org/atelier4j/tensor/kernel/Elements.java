package org.atelier4j.tensor.kernel;

import java.lang.ref.Reference;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.device.HostStorage;

/**
 * The elements of a tensor in host memory, read and written many at a time whatever their type. Writing rounds to
 * nearest for floats; integers take the low bits of integers and, of reals, the nearest representable number towards
 * zero; BOOL takes whether a number differs from 0.
 *
 * <p>Positions count from the tensor's first element. The memory stays allocated while an access runs.
 */
public final class Elements {
    private static final int SLOT = Scratch.CONVERSION;

    private final HostStorage storage;
    private final DType dtype;
    private final int width;
    private final int size;
    private final int first;
    private final ByteBuffer bytes;

    private final Buffer typed; // a view of bytes with the element type

    private Elements(Tensor tensor) {
        storage = (HostStorage) tensor.storage();
        dtype = tensor.dtype();
        width = dtype.bytes();
        size = Math.toIntExact(tensor.size());
        first = Math.toIntExact(tensor.offset());
        bytes = storage.bytes();
        typed = switch (dtype) {
            case FLOAT32 -> storage.floats();
            case FLOAT64 -> storage.doubles();
            case BFLOAT16 -> storage.shorts();
            case INT32 -> storage.ints();
            case INT64 -> storage.longs();
            case UINT8, BOOL -> bytes;
        };
    }

    /** Returns the elements of a tensor on the CPU. */
    public static Elements of(Tensor tensor) {
        return new Elements(tensor);
    }

    /** Returns the number of elements. */
    public int size() {
        return size;
    }

    /** Returns the element type. */
    public DType dtype() {
        return dtype;
    }

    /** Returns the storage's bytes in native order, for copies that do not look at values. */
    public ByteBuffer bytes() {
        return bytes;
    }

    /** Returns the index in {@link #bytes()} of an element's first byte. */
    public int byteIndex(int at) {
        return (first + at) * width;
    }

    /** Keeps the memory allocated until here; for those who use {@link #bytes()}. */
    public void fence() {
        Reference.reachabilityFence(storage);
    }

    /** Reads {@code [at, at + n)} into {@code to} from {@code start} on; INT64 beyond 2⁵³ is rounded. */
    public void get(int at, int n, double[] to, int start) {
        int from = first + at;
        switch (dtype) {
            case FLOAT64 -> doubles().get(from, to, start, n);
            case FLOAT32 -> {
                float[] tile = Scratch.floats(SLOT, n);
                floats().get(from, tile, 0, n);
                for (int i = 0; i < n; i++) {
                    to[start + i] = tile[i];
                }
            }
            case BFLOAT16 -> {
                short[] tile = Scratch.shorts(n);
                shorts().get(from, tile, 0, n);
                for (int i = 0; i < n; i++) {
                    to[start + i] = DType.fromBfloat16(tile[i]);
                }
            }
            case INT32, INT64, UINT8, BOOL -> {
                long[] tile = Scratch.longs(SLOT, n);
                get(at, n, tile, 0);
                for (int i = 0; i < n; i++) {
                    to[start + i] = tile[i];
                }
            }
        }
        Reference.reachabilityFence(storage);
    }

    /** Writes {@code n} values from {@code start} on to {@code [at, at + n)}. */
    public void put(int at, int n, double[] values, int start) {
        int to = first + at;
        switch (dtype) {
            case FLOAT64 -> doubles().put(to, values, start, n);
            case FLOAT32 -> {
                float[] tile = Scratch.floats(SLOT, n);
                for (int i = 0; i < n; i++) {
                    tile[i] = (float) values[start + i];
                }
                floats().put(to, tile, 0, n);
            }
            case BFLOAT16 -> {
                short[] tile = Scratch.shorts(n);
                for (int i = 0; i < n; i++) {
                    tile[i] = DType.toBfloat16((float) values[start + i]);
                }
                shorts().put(to, tile, 0, n);
            }
            case INT32 -> {
                int[] tile = Scratch.ints(SLOT, n);
                for (int i = 0; i < n; i++) {
                    tile[i] = (int) values[start + i];
                }
                ints().put(to, tile, 0, n);
            }
            case INT64 -> {
                long[] tile = Scratch.longs(SLOT, n);
                for (int i = 0; i < n; i++) {
                    tile[i] = (long) values[start + i];
                }
                longs().put(to, tile, 0, n);
            }
            case UINT8 -> {
                byte[] tile = Scratch.bytes(n);
                for (int i = 0; i < n; i++) {
                    tile[i] = (byte) Math.max(0, Math.min(255, (int) values[start + i]));
                }
                bytes.put(to, tile, 0, n);
            }
            case BOOL -> {
                byte[] tile = Scratch.bytes(n);
                for (int i = 0; i < n; i++) {
                    tile[i] = (byte) (values[start + i] != 0 ? 1 : 0);
                }
                bytes.put(to, tile, 0, n);
            }
        }
        Reference.reachabilityFence(storage);
    }

    /** Reads {@code [at, at + n)} of FLOAT32 or BFLOAT16 elements. */
    public void get(int at, int n, float[] to, int start) {
        int from = first + at;
        if (dtype == DType.FLOAT32) {
            floats().get(from, to, start, n);
        } else {
            assert dtype == DType.BFLOAT16 : dtype;
            short[] tile = Scratch.shorts(n);
            shorts().get(from, tile, 0, n);
            for (int i = 0; i < n; i++) {
                to[start + i] = DType.fromBfloat16(tile[i]);
            }
        }
        Reference.reachabilityFence(storage);
    }

    /** Writes {@code [at, at + n)} of FLOAT32 or BFLOAT16 elements. */
    public void put(int at, int n, float[] values, int start) {
        int to = first + at;
        if (dtype == DType.FLOAT32) {
            floats().put(to, values, start, n);
        } else {
            assert dtype == DType.BFLOAT16 : dtype;
            short[] tile = Scratch.shorts(n);
            for (int i = 0; i < n; i++) {
                tile[i] = DType.toBfloat16(values[start + i]);
            }
            shorts().put(to, tile, 0, n);
        }
        Reference.reachabilityFence(storage);
    }

    /** Reads {@code [at, at + n)} of elements that are not floating. */
    public void get(int at, int n, long[] to, int start) {
        int from = first + at;
        switch (dtype) {
            case INT64 -> longs().get(from, to, start, n);
            case INT32 -> {
                int[] tile = Scratch.ints(SLOT, n);
                ints().get(from, tile, 0, n);
                for (int i = 0; i < n; i++) {
                    to[start + i] = tile[i];
                }
            }
            case UINT8 -> {
                byte[] tile = Scratch.bytes(n);
                bytes.get(from, tile, 0, n);
                for (int i = 0; i < n; i++) {
                    to[start + i] = tile[i] & 0xff;
                }
            }
            case BOOL -> {
                byte[] tile = Scratch.bytes(n);
                bytes.get(from, tile, 0, n);
                for (int i = 0; i < n; i++) {
                    to[start + i] = tile[i] != 0 ? 1 : 0;
                }
            }
            default -> throw new AssertionError(dtype);
        }
        Reference.reachabilityFence(storage);
    }

    /** Writes integers to {@code [at, at + n)}; floats are rounded once. */
    public void put(int at, int n, long[] values, int start) {
        int to = first + at;
        switch (dtype) {
            case INT64 -> longs().put(to, values, start, n);
            case INT32 -> {
                int[] tile = Scratch.ints(SLOT, n);
                for (int i = 0; i < n; i++) {
                    tile[i] = (int) values[start + i];
                }
                ints().put(to, tile, 0, n);
            }
            case UINT8 -> {
                byte[] tile = Scratch.bytes(n);
                for (int i = 0; i < n; i++) {
                    tile[i] = (byte) values[start + i];
                }
                bytes.put(to, tile, 0, n);
            }
            case BOOL -> {
                byte[] tile = Scratch.bytes(n);
                for (int i = 0; i < n; i++) {
                    tile[i] = (byte) (values[start + i] != 0 ? 1 : 0);
                }
                bytes.put(to, tile, 0, n);
            }
            case FLOAT32, BFLOAT16 -> {
                float[] tile = Scratch.floats(SLOT, n);
                for (int i = 0; i < n; i++) {
                    tile[i] = values[start + i];
                }
                put(at, n, tile, 0);
            }
            case FLOAT64 -> {
                double[] tile = Scratch.doubles(SLOT, n);
                for (int i = 0; i < n; i++) {
                    tile[i] = values[start + i];
                }
                doubles().put(to, tile, 0, n);
            }
        }
        Reference.reachabilityFence(storage);
    }

    /** Reads {@code [at, at + n)} of INT32 elements. */
    public void get(int at, int n, int[] to, int start) {
        ints().get(first + at, to, start, n);
        Reference.reachabilityFence(storage);
    }

    /** Writes {@code [at, at + n)} of INT32 elements. */
    public void put(int at, int n, int[] values, int start) {
        ints().put(first + at, values, start, n);
        Reference.reachabilityFence(storage);
    }

    /** Copies one element of a tensor of the same type. */
    public void set(int at, Elements source, int from) {
        int i = byteIndex(at);
        int j = source.byteIndex(from);
        switch (width) {
            case 1 -> bytes.put(i, source.bytes.get(j));
            case 2 -> bytes.putShort(i, source.bytes.getShort(j));
            case 4 -> bytes.putInt(i, source.bytes.getInt(j));
            default -> bytes.putLong(i, source.bytes.getLong(j));
        }
        Reference.reachabilityFence(storage);
        Reference.reachabilityFence(source.storage);
    }

    /** Copies {@code n} neighbours from a tensor of the same type. */
    public void copy(int at, Elements source, int from, int n) {
        bytes.put(byteIndex(at), source.bytes, source.byteIndex(from), n * width);
        Reference.reachabilityFence(storage);
        Reference.reachabilityFence(source.storage);
    }

    /** Adds to one floating element. */
    public void add(int at, double value) {
        int i = first + at;
        switch (dtype) {
            case FLOAT32 -> floats().put(i, (float) (floats().get(i) + value));
            case FLOAT64 -> doubles().put(i, doubles().get(i) + value);
            case BFLOAT16 -> shorts().put(i, DType.toBfloat16((float) (DType.fromBfloat16(shorts().get(i)) + value)));
            default -> throw new AssertionError(dtype);
        }
        Reference.reachabilityFence(storage);
    }

    /** Adds to one element that is not floating, wrapping at overflow. */
    public void add(int at, long value) {
        int i = first + at;
        switch (dtype) {
            case INT32 -> ints().put(i, (int) (ints().get(i) + value));
            case INT64 -> longs().put(i, longs().get(i) + value);
            case UINT8 -> bytes.put(i, (byte) (bytes.get(i) + value));
            case BOOL -> bytes.put(i, (byte) (bytes.get(i) + value != 0 ? 1 : 0));
            default -> throw new AssertionError(dtype);
        }
        Reference.reachabilityFence(storage);
    }

    private FloatBuffer floats() {
        return (FloatBuffer) typed;
    }

    private DoubleBuffer doubles() {
        return (DoubleBuffer) typed;
    }

    private ShortBuffer shorts() {
        return (ShortBuffer) typed;
    }

    private IntBuffer ints() {
        return (IntBuffer) typed;
    }

    private LongBuffer longs() {
        return (LongBuffer) typed;
    }
}
