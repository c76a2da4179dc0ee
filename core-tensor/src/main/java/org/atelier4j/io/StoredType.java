package org.atelier4j.io;

import java.nio.ByteBuffer;
import org.atelier4j.tensor.DType;

/**
 * Element types found in files and what they become in memory. Types that {@link DType} lacks are widened to the next
 * one that holds every value exactly. The constants bear the names of the safetensors format.
 */
enum StoredType {
    F64(8, DType.FLOAT64),
    F32(4, DType.FLOAT32),
    F16(2, DType.FLOAT32),
    BF16(2, DType.BFLOAT16),
    I64(8, DType.INT64),
    I32(4, DType.INT32),
    I16(2, DType.INT32),
    I8(1, DType.INT32),
    U32(4, DType.INT64),
    U16(2, DType.INT32),
    U8(1, DType.UINT8),
    BOOL(1, DType.BOOL);

    private final int bytes;
    private final DType dtype;

    StoredType(int bytes, DType dtype) {
        this.bytes = bytes;
        this.dtype = dtype;
    }

    /** Returns the size of one element in the file. */
    int bytes() {
        return bytes;
    }

    /** Returns the element type in memory. */
    DType dtype() {
        return dtype;
    }

    /** Returns whether file and memory hold the same bytes, but for their order. */
    boolean isStoredAsIs() {
        return this == of(dtype) && this != BOOL; // a BOOL byte of a file may be anything but 0
    }

    /** Returns the type in which tensors of {@code dtype} are written. */
    static StoredType of(DType dtype) {
        return switch (dtype) {
            case FLOAT64 -> F64;
            case FLOAT32 -> F32;
            case BFLOAT16 -> BF16;
            case INT64 -> I64;
            case INT32 -> I32;
            case UINT8 -> U8;
            case BOOL -> BOOL;
        };
    }

    /** Moves the elements left in {@code source} to {@code target}, each side in its own byte order. */
    void decode(ByteBuffer source, ByteBuffer target) {
        while (source.hasRemaining()) {
            switch (this) {
                case F64, I64 -> target.putLong(source.getLong());
                case F32, I32 -> target.putInt(source.getInt());
                case BF16 -> target.putShort(source.getShort());
                case F16 -> target.putFloat(fromHalf(source.getShort()));
                case I16 -> target.putInt(source.getShort());
                case U16 -> target.putInt(Short.toUnsignedInt(source.getShort()));
                case I8 -> target.putInt(source.get());
                case U32 -> target.putLong(Integer.toUnsignedLong(source.getInt()));
                case U8 -> target.put(source.get());
                case BOOL -> target.put((byte) (source.get() == 0 ? 0 : 1));
            }
        }
    }

    /** Returns the exact value of IEEE 754 binary16 bits; NaN keeps its payload. */
    static float fromHalf(short bits) {
        int sign = (bits & 0x8000) << 16;
        int exponent = bits >> 10 & 0x1f;
        int fraction = bits & 0x3ff;
        if (exponent == 0) { // zero and subnormals: fraction · 2⁻²⁴
            return Float.intBitsToFloat(sign | Float.floatToRawIntBits(fraction * 0x1p-24f));
        }
        int wide = exponent == 0x1f ? 0xff : exponent + 112; // 127 − 15
        return Float.intBitsToFloat(sign | wide << 23 | fraction << 13);
    }
}
