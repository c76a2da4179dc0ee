package org.atelier4j.tensor.device;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.Arrays;
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
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The two doors between tensors and ND4J arrays; on the CPU both sides look at the same memory. */
public final class Nd4jBridge {
    private static final Cleaner CLEANER = Cleaner.create();

    private Nd4jBridge() {}

    /**
     * Returns a tensor over the memory of an array in C order, which stays allocated as long as the tensor is reachable.
     * Views, arrays in another order and arrays of a workspace are copied.
     */
    public static Tensor tensor(INDArray array) {
        DType dtype = dtype(array.dataType());
        Shape shape =
                Shape.of(Arrays.stream(array.shape()).mapToInt(Math::toIntExact).toArray());
        if (shape.size() == 0) {
            return Tensor.empty(shape, dtype, Device.cpu());
        }
        INDArray own = array.isAttached() ? array.detach() : array;
        INDArray source = isDense(own, shape) ? own : own.dup('c');
        HostStorage storage =
                HostStorage.wrap(dtype, shape.size(), source.data().address(), source);
        return Tensor.over(storage, 0, shape);
    }

    private static boolean isDense(INDArray array, Shape shape) {
        long[] expected = shape.strides();
        for (int i = 0; i < expected.length; i++) {
            if (shape.dim(i) != 1 && array.stride(i) != expected[i]) {
                return false;
            }
        }
        return !array.isView();
    }

    /**
     * Returns an array over the memory of a tensor. A tensor that belongs to a {@link org.atelier4j.tensor.TensorScope}
     * lends it until that closes; any other keeps it allocated as long as the array or a view of it is reachable.
     */
    public static INDArray array(Tensor tensor) {
        Check.that(
                tensor.storage() instanceof HostStorage,
                "toINDArray: tensor must live on the CPU, got %s",
                tensor.device().name());
        HostStorage storage = (HostStorage) tensor.storage();
        DataType type = dataType(tensor.dtype());
        long[] shape = Arrays.stream(tensor.shape().dims()).asLongStream().toArray();
        long first = storage.address() + tensor.offset() * tensor.dtype().bytes();
        if (tensor.size() == 0) {
            return Nd4j.create(type, shape);
        }
        Pointer pointer = typed(tensor.dtype(), new Memory(first, tensor.size()));
        DataBuffer buffer = Nd4j.createBuffer(pointer, tensor.size(), type);
        CLEANER.register(buffer, () -> Reference.reachabilityFence(storage)); // the pending action holds the storage
        return Nd4j.create(buffer, shape, tensor.shape().strides(), 0, 'c', type);
    }

    private static final class Memory extends Pointer {
        Memory(long start, long length) {
            address = start;
            limit = length;
            capacity = length;
        }
    }

    private static Pointer typed(DType dtype, Pointer raw) {
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
            default ->
                throw new IllegalArgumentException(
                        "Tensor.of(INDArray): data type must be FLOAT, DOUBLE, BFLOAT16, INT, LONG, UBYTE or BOOL, got "
                                + type);
        };
    }
}
