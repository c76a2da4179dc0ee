package org.atelier4j.tensor.kernel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.device.Device;

/** Elements in and out of tensors byte by byte, without any kernel. */
final class Raw {
    private Raw() {}

    /** Returns all elements; INT64 beyond 2⁵³ is rounded. */
    static double[] doubles(Tensor t) {
        ByteBuffer bytes = t.download();
        double[] values = new double[Math.toIntExact(t.size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = switch (t.dtype()) {
                case FLOAT32 -> bytes.getFloat(4 * i);
                case FLOAT64 -> bytes.getDouble(8 * i);
                case BFLOAT16 -> Float.intBitsToFloat(bytes.getShort(2 * i) << 16);
                case INT32 -> bytes.getInt(4 * i);
                case INT64 -> bytes.getLong(8 * i);
                case UINT8 -> bytes.get(i) & 0xff;
                case BOOL -> bytes.get(i);
            };
        }
        return values;
    }

    /** Returns all elements of a tensor that is not floating. */
    static long[] longs(Tensor t) {
        ByteBuffer bytes = t.download();
        long[] values = new long[Math.toIntExact(t.size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = switch (t.dtype()) {
                case INT32 -> bytes.getInt(4 * i);
                case INT64 -> bytes.getLong(8 * i);
                case UINT8 -> bytes.get(i) & 0xff;
                case BOOL -> bytes.get(i);
                default -> throw new AssertionError(t.dtype());
            };
        }
        return values;
    }

    /** Returns a tensor with the given values, rounded to its type. */
    static Tensor tensor(DType dtype, Shape shape, double... values) {
        Tensor t = Tensor.empty(shape, dtype, Device.cpu());
        write(t, values);
        return t;
    }

    /** Returns the same elements as FLOAT64; tensors that are not floating as they are. */
    static Tensor wide(Tensor t) {
        return t.dtype().isFloating() ? tensor(DType.FLOAT64, t.shape(), doubles(t)) : t;
    }

    /** Replaces all elements. */
    static void write(Tensor t, double... values) {
        ByteBuffer bytes =
                ByteBuffer.allocate(values.length * t.dtype().bytes()).order(ByteOrder.nativeOrder());
        for (int i = 0; i < values.length; i++) {
            switch (t.dtype()) {
                case FLOAT32 -> bytes.putFloat(4 * i, (float) values[i]);
                case FLOAT64 -> bytes.putDouble(8 * i, values[i]);
                case BFLOAT16 -> bytes.putShort(2 * i, DType.toBfloat16((float) values[i]));
                case INT32 -> bytes.putInt(4 * i, (int) (long) values[i]);
                case INT64 -> bytes.putLong(8 * i, (long) values[i]);
                case UINT8 -> bytes.put(i, (byte) (long) values[i]);
                case BOOL -> bytes.put(i, (byte) (values[i] != 0 ? 1 : 0));
            }
        }
        t.device().upload(bytes, t.storage(), t.offset());
    }
}
