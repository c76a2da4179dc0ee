package org.atelier4j.tensor.device;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.bytedeco.javacpp.BooleanPointer;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.ShortPointer;
import org.bytedeco.javacpp.indexer.Indexer;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The two doors between tensors and ND4J arrays; on the CPU both sides look at the same memory. */
public final class Nd4jBridge {
    private Nd4jBridge() {}

    /** Returns a tensor over the memory of a C-ordered array; any other array is copied to C order first. */
    public static Tensor tensor(INDArray array) {
        boolean dense = array.ordering() == 'c' && !array.isView() && !array.isEmpty();
        INDArray source = dense ? array : array.dup('c');
        DType dtype = dtype(source.dataType());
        long[] dims = source.shape();
        int[] shape = new int[dims.length];
        for (int i = 0; i < shape.length; i++) {
            shape[i] = Math.toIntExact(dims[i]);
        }
        Pointer pointer = source.data().addressPointer();
        HostStorage storage = HostStorage.wrap(dtype, source.length(), pointer, source);
        return Tensor.over(storage, 0, Shape.of(shape));
    }

    /** Returns an array over the memory of a tensor, which stays allocated as long as the array's buffer is reachable. */
    public static INDArray array(Tensor tensor) {
        Check.that(
                tensor.storage() instanceof HostStorage,
                "toINDArray: tensor must live on the CPU, got %s",
                tensor.device().name());
        HostStorage storage = (HostStorage) tensor.storage();
        DataType type = dataType(tensor.dtype());
        long first = storage.address() + tensor.offset() * tensor.dtype().bytes();
        Pointer pointer = typed(tensor.dtype(), first, tensor.size());
        DataBuffer buffer = Nd4j.createBuffer(pointer, tensor.size(), type);
        int[] dims = tensor.shape().dims();
        long[] shape = new long[dims.length];
        for (int i = 0; i < dims.length; i++) {
            shape[i] = dims[i];
        }
        return Nd4j.create(buffer, shape, tensor.shape().strides(), 0, 'c', type);
    }

    private static Pointer typed(DType dtype, long address, long length) {
        Pointer raw = new Pointer() {
            {
                this.address = address;
                this.limit = length;
                this.capacity = length;
            }
        };
        return switch (dtype) {
            case FLOAT32 -> new FloatPointer(raw);
            case FLOAT64 -> new DoublePointer(raw);
            case BFLOAT16 -> new ShortPointer(raw);
            case INT32 -> new IntPointer(raw);
            case INT64 -> new LongPointer(raw);
            case UINT8 -> new BytePointer(raw);
            case BOOL -> new BooleanPointer(raw);
        };
    }

    private static DataType dataType(DType dtype) {
        return switch (dtype) {
            case FLOAT32 -> DataType.FLOAT;
            case FLOAT64 -> DataType.DOUBLE;
            case BFLOAT16 -> DataType.BFLOAT16;
            case INT32 -> DataType.INT32;
            case INT64 -> DataType.INT64;
            case UINT8 -> DataType.UINT8;
            case BOOL -> DataType.BOOL;
        };
    }

    private static DType dtype(DataType type) {
        return switch (type) {
            case FLOAT -> DType.FLOAT32;
            case DOUBLE -> DType.FLOAT64;
            case BFLOAT16 -> DType.BFLOAT16;
            case INT -> DType.INT32;
            case LONG -> DType.INT64;
            case UBYTE -> DType.UINT8;
            case BOOL -> DType.BOOL;
            default -> throw new IllegalArgumentException(
                    "Tensor.of(INDArray): data type must be FLOAT, DOUBLE, BFLOAT16, INT, LONG, UBYTE or BOOL, got " + type);
        };
    }
}
