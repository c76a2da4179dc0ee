package org.atelier4j.tensor.device;

import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.atelier4j.tensor.DType;

/**
 * Memory as NIO buffers; for access by index only, since everybody shares them.
 *
 * @param length number of elements
 * @param bytes all bytes, in native order
 * @param elements the same as a buffer of the element type; for one-byte types the bytes themselves
 */
record HostView(DType dtype, long length, ByteBuffer bytes, Buffer elements) {

    /** Returns the view of the first elements of some memory. */
    static HostView of(ByteBuffer memory, DType dtype, long length) {
        ByteBuffer bytes =
                memory.slice(0, Math.toIntExact(length * dtype.bytes())).order(ByteOrder.nativeOrder());
        Buffer elements = switch (dtype) {
            case FLOAT32 -> bytes.asFloatBuffer();
            case FLOAT64 -> bytes.asDoubleBuffer();
            case BFLOAT16 -> bytes.asShortBuffer();
            case INT32 -> bytes.asIntBuffer();
            case INT64 -> bytes.asLongBuffer();
            case UINT8, BOOL -> bytes;
        };
        return new HostView(dtype, length, bytes, elements);
    }

    boolean is(DType otherType, long otherLength) {
        return dtype == otherType && length == otherLength;
    }
}
