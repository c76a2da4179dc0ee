package org.atelier4j.tensor;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.atelier4j.tensor.autograd.Gradients;
import org.atelier4j.tensor.autograd.NoGrad;
import org.atelier4j.tensor.autograd.Node;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.device.Nd4jBridge;
import org.atelier4j.tensor.device.Storage;
import org.atelier4j.tensor.kernel.Binary;
import org.atelier4j.tensor.kernel.Interpolation;
import org.atelier4j.tensor.kernel.Pooling;
import org.atelier4j.tensor.kernel.Reduction;
import org.atelier4j.tensor.kernel.Unary;
import org.atelier4j.tensor.op.Arithmetic;
import org.atelier4j.tensor.op.AveragePool;
import org.atelier4j.tensor.op.Broadcast;
import org.atelier4j.tensor.op.Cast;
import org.atelier4j.tensor.op.Concat;
import org.atelier4j.tensor.op.Cumulate;
import org.atelier4j.tensor.op.Flip;
import org.atelier4j.tensor.op.GatherAxis;
import org.atelier4j.tensor.op.GatherRows;
import org.atelier4j.tensor.op.MatMul;
import org.atelier4j.tensor.op.MaxPool;
import org.atelier4j.tensor.op.Pad;
import org.atelier4j.tensor.op.Permute;
import org.atelier4j.tensor.op.Pointwise;
import org.atelier4j.tensor.op.Reduce;
import org.atelier4j.tensor.op.Reshape;
import org.atelier4j.tensor.op.Resize;
import org.atelier4j.tensor.op.ScatterAddAxis;
import org.atelier4j.tensor.op.ScatterAddRows;
import org.atelier4j.tensor.op.Slice;
import org.atelier4j.tensor.op.Softmax;
import org.atelier4j.tensor.op.Where;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A dense block of numbers with a shape, and its place in the graph of what was computed.
 *
 * <p>Tensors are immutable to their users: every operation returns a new one. Elements lie contiguously, last axis
 * fastest. Images are channels-last, (B, H, W, C); tokens are (B, T, C). Operations of two tensors broadcast: shapes are
 * aligned at the last axis, and lengths of 1 repeat. Reductions over named axes keep these with length 1. Negative axes
 * count from the back.
 *
 * <p>Tensors made from numbers live on the {@linkplain Device#current() current device}, results on that of their operands.
 *
 * <p>An operation is recorded for differentiation when one of its inputs descends from a leaf
 * ({@link #requireGradient()}) and {@link NoGrad} is not active. A tensor is safe to read from many threads.
 */
public final class Tensor {
    private final Shape shape;
    private final DType dtype;
    private final Storage storage;
    private final long offset;
    private final @Nullable Node node;

    private Tensor(Shape shape, Storage storage, long offset, @Nullable Node node) {
        this.shape = shape;
        this.dtype = storage.dtype();
        this.storage = storage;
        this.offset = offset;
        this.node = node;
    }

    // --- making -----------------------------------------------------------------------------------------------------

    /** Returns an uninitialized tensor on a device: what kernels write into. */
    public static Tensor empty(Shape shape, DType dtype, Device device) {
        return new Tensor(shape, device.allocate(dtype, shape.size()), 0, null);
    }

    /** Returns a tensor over the elements of {@code storage} from {@code offset} on: what devices and views are made of. */
    public static Tensor over(Storage storage, long offset, Shape shape) {
        if (offset < 0 || offset + shape.size() > storage.length()) {
            throw new ShapeException("tensor: shape must fit into " + storage.length() + " elements from " + offset
                    + " on, got " + shape);
        }
        return new Tensor(shape, storage, offset, null);
    }

    /** Returns a FLOAT32 tensor with a copy of the values, last axis fastest. */
    public static Tensor of(float[] values, int... shape) {
        return upload(
                DType.FLOAT32, values.length, shape, b -> b.asFloatBuffer().put(values));
    }

    /** Returns a FLOAT64 tensor with a copy of the values. */
    public static Tensor of(double[] values, int... shape) {
        return upload(
                DType.FLOAT64, values.length, shape, b -> b.asDoubleBuffer().put(values));
    }

    /** Returns an INT32 tensor with a copy of the values. */
    public static Tensor of(int[] values, int... shape) {
        return upload(DType.INT32, values.length, shape, b -> b.asIntBuffer().put(values));
    }

    /** Returns an INT64 tensor with a copy of the values. */
    public static Tensor of(long[] values, int... shape) {
        return upload(DType.INT64, values.length, shape, b -> b.asLongBuffer().put(values));
    }

    /** Returns a UINT8 tensor with a copy of the bytes, read as 0 to 255. */
    public static Tensor of(byte[] values, int... shape) {
        return upload(DType.UINT8, values.length, shape, b -> b.put(values));
    }

    /** Returns a BOOL tensor with a copy of the values. */
    public static Tensor of(boolean[] values, int... shape) {
        return upload(DType.BOOL, values.length, shape, b -> {
            for (boolean v : values) {
                b.put((byte) (v ? 1 : 0));
            }
        });
    }

    /** Returns a FLOAT32 tensor of rank 0. */
    public static Tensor scalar(double value) {
        return full(value, DType.FLOAT32, Shape.scalar());
    }

    /** Returns a tensor on the current device whose elements are all {@code value}. */
    public static Tensor full(double value, DType dtype, Shape shape) {
        Tensor t = empty(shape, dtype, Device.current());
        t.device().kernels().fill(value, t);
        return t;
    }

    /** Returns FLOAT32 zeros. */
    public static Tensor zeros(int... shape) {
        return full(0, DType.FLOAT32, Shape.of(shape));
    }

    /** Returns FLOAT32 ones. */
    public static Tensor ones(int... shape) {
        return full(1, DType.FLOAT32, Shape.of(shape));
    }

    /** Returns zeros of the shape, element type and device of {@code x}. */
    public static Tensor zerosLike(Tensor x) {
        return filledLike(x, 0);
    }

    /** Returns ones of the shape, element type and device of {@code x}. */
    public static Tensor onesLike(Tensor x) {
        return filledLike(x, 1);
    }

    /** Returns the integers 0 to n − 1 as INT32 (n). */
    public static Tensor arange(int n) {
        int[] values = new int[n];
        Arrays.setAll(values, i -> i);
        return of(values, n);
    }

    /** Returns the FLOAT32 identity matrix (n, n). */
    public static Tensor eye(int n) {
        float[] values = new float[n * n];
        for (int i = 0; i < n; i++) {
            values[i * n + i] = 1;
        }
        return of(values, n, n);
    }

    /** Returns a tensor that shares the memory of an ND4J array (C order; any other is copied first). */
    public static Tensor of(INDArray array) {
        return Nd4jBridge.tensor(array);
    }

    private static Tensor filledLike(Tensor x, double value) {
        Tensor t = empty(x.shape, x.dtype, x.device());
        t.device().kernels().fill(value, t);
        return t;
    }

    private static Tensor upload(DType dtype, int count, int[] dims, java.util.function.Consumer<ByteBuffer> writer) {
        Shape shape = dims.length == 0 && count != 1 ? Shape.of(count) : Shape.of(dims);
        Check.shape(shape.size() == count, "Tensor.of: shape must hold the %d values given, got %s", count, shape);
        Tensor t = empty(shape, dtype, Device.current());
        ByteBuffer bytes = hostBuffer((long) count * dtype.bytes());
        writer.accept(bytes.duplicate().order(ByteOrder.nativeOrder()));
        t.device().upload(bytes, t.storage, 0);
        return t;
    }

    private static ByteBuffer hostBuffer(long bytes) {
        return ByteBuffer.allocate(Math.toIntExact(bytes)).order(ByteOrder.nativeOrder());
    }

    // --- asking -----------------------------------------------------------------------------------------------------

    /** Returns the lengths of the axes. */
    public Shape shape() {
        return shape;
    }

    /** Returns the length of one axis. */
    public int dim(int axis) {
        return shape.dim(axis);
    }

    /** Returns the number of axes. */
    public int rank() {
        return shape.rank();
    }

    /** Returns the number of elements. */
    public long size() {
        return shape.size();
    }

    /** Returns the element type. */
    public DType dtype() {
        return dtype;
    }

    /** Returns where the elements live. */
    public Device device() {
        return storage.device();
    }

    /** Returns the memory; for kernels and devices. */
    public Storage storage() {
        return storage;
    }

    /** Returns the index of the first element within {@link #storage()}. */
    public long offset() {
        return offset;
    }

    /** Returns the place in the recorded graph, or null where no gradient is asked for. */
    public @Nullable Node node() {
        return node == null || node.isFrozen() ? null : node;
    }

    /** Lets a leaf take gradients or not. */
    public void setFrozen(boolean frozen) {
        if (node == null || !node.isLeaf()) {
            throw new IllegalStateException("setFrozen: tensor must be a leaf, got shape " + shape);
        }
        node.setFrozen(frozen);
    }

    /** Returns the single element as a double. */
    public double item() {
        Check.shape(size() == 1, "item: tensor must have one element, got shape %s", shape);
        return toDoubles()[0];
    }

    /** Returns a copy of all elements, converted to float. */
    public float[] toFloats() {
        if (dtype != DType.FLOAT32) {
            return detach().to(DType.FLOAT32).toFloats();
        }
        float[] values = new float[Math.toIntExact(size())];
        download().asFloatBuffer().get(values);
        return values;
    }

    /** Returns a copy of all elements, converted to double. */
    public double[] toDoubles() {
        if (dtype != DType.FLOAT64) {
            return detach().to(DType.FLOAT64).toDoubles();
        }
        double[] values = new double[Math.toIntExact(size())];
        download().asDoubleBuffer().get(values);
        return values;
    }

    /** Returns a copy of all elements, converted to int (floats towards zero). */
    public int[] toInts() {
        if (dtype != DType.INT32) {
            return detach().to(DType.INT32).toInts();
        }
        int[] values = new int[Math.toIntExact(size())];
        download().asIntBuffer().get(values);
        return values;
    }

    /** Returns a copy of the raw element bytes in native order. */
    public ByteBuffer download() {
        storage.checkAlive();
        ByteBuffer bytes = hostBuffer(size() * dtype.bytes());
        device().download(storage, offset, bytes);
        return bytes.flip().order(ByteOrder.nativeOrder());
    }

    /** Returns an ND4J array that shares this tensor's memory (CPU only; BOOL and UINT8 included). */
    public INDArray toINDArray() {
        return Nd4jBridge.array(this);
    }

    // --- graph ------------------------------------------------------------------------------------------------------

    /** Returns a leaf over the same memory: gradients arrive at it. */
    public Tensor requireGradient() {
        Check.that(dtype.isFloating(), "requireGradient: dtype must be floating, got %s", dtype);
        return new Tensor(shape, storage, offset, Node.leaf());
    }

    /** Returns this value over the same memory, outside the graph. */
    public Tensor detach() {
        return node == null ? this : new Tensor(shape, storage, offset, null);
    }

    /** Returns this value with a place in the graph; for the autograd engine. */
    public Tensor withNode(Node place) {
        return new Tensor(shape, storage, offset, place);
    }

    /** Returns the gradients of this scalar for all leaves it depends on. */
    public Gradients backward() {
        return Gradients.of(this);
    }

    /**
     * Replaces the contents by those of {@code value}: how optimizers and checkpoints change parameters. A graph that
     * recorded the former value refuses to be differentiated afterwards.
     */
    public void assign(Tensor value) {
        Check.shape(shape.equals(value.shape), "assign: shape must be %s, got %s", shape, value.shape);
        Tensor source = value.detach().to(dtype).to(device());
        storage.touch();
        Strided.copyAll(source, this);
    }

    /** Replaces entries {@code [start, start + n)} of one axis by {@code value}, whose axis has length n, as {@link #assign}. */
    public void assignSlice(int axis, int start, Tensor value) {
        int a = Check.axis("assignSlice", axis, shape);
        Check.shape(
                value.rank() == rank()
                        && value.shape.equals(shape.with(a, value.dim(a)))
                        && start >= 0
                        && start + value.dim(a) <= dim(a),
                "assignSlice: value must fit into shape %s from entry %d of axis %d on, got %s",
                shape,
                start,
                a,
                value.shape);
        Tensor source = value.detach().to(dtype).to(device());
        storage.touch();
        Strided.copySlice(source, this, a, start);
    }

    // --- elementwise ------------------------------------------------------------------------------------------------

    /** Returns {@code this + other}. */
    public Tensor add(Tensor other) {
        return new Arithmetic(Binary.ADD).apply(this, other);
    }

    /** Returns {@code this + value}. */
    public Tensor add(double value) {
        return affine(1, value);
    }

    /** Returns {@code this − other}. */
    public Tensor sub(Tensor other) {
        return new Arithmetic(Binary.SUB).apply(this, other);
    }

    /** Returns {@code this − value}. */
    public Tensor sub(double value) {
        return affine(1, -value);
    }

    /** Returns {@code this ⊙ other}. */
    public Tensor mul(Tensor other) {
        return new Arithmetic(Binary.MUL).apply(this, other);
    }

    /** Returns {@code value · this}. */
    public Tensor mul(double value) {
        return affine(value, 0);
    }

    /** Returns {@code this / other}. */
    public Tensor div(Tensor other) {
        return new Arithmetic(Binary.DIV).apply(this, other);
    }

    /** Returns {@code this / value}. */
    public Tensor div(double value) {
        return affine(1 / value, 0);
    }

    /** Returns {@code scale · this + shift}. */
    public Tensor affine(double scale, double shift) {
        return unary(new Unary(Unary.Function.AFFINE, scale, shift));
    }

    /** Returns {@code −this}. */
    public Tensor neg() {
        return affine(-1, 0);
    }

    /** Returns the larger of each pair; at ties each side gets half of the gradient. */
    public Tensor max(Tensor other) {
        return new Arithmetic(Binary.MAX).apply(this, other);
    }

    /** Returns the smaller of each pair; at ties each side gets half of the gradient. */
    public Tensor min(Tensor other) {
        return new Arithmetic(Binary.MIN).apply(this, other);
    }

    /** Returns {@code this ^ other}. */
    public Tensor pow(Tensor other) {
        return new Arithmetic(Binary.POW).apply(this, other);
    }

    /** Returns {@code this ^ exponent}. */
    public Tensor pow(double exponent) {
        return exponent == 2 ? square() : unary(Unary.of(Unary.Function.POW, exponent));
    }

    /** Returns {@code f(this)}. */
    public Tensor unary(Unary f) {
        return new Pointwise(f).apply(this);
    }

    /** Returns {@code max(x, 0)}. */
    public Tensor relu() {
        return unary(Unary.of(Unary.Function.RELU));
    }

    /** Returns {@code x > 0 ? x : slope·x}. */
    public Tensor leakyRelu(double slope) {
        return unary(Unary.of(Unary.Function.LEAKY_RELU, slope));
    }

    /** Returns {@code x > 0 ? x : alpha·(eˣ − 1)}. */
    public Tensor elu(double alpha) {
        return unary(Unary.of(Unary.Function.ELU, alpha));
    }

    /** Returns {@code x·σ(x)}. */
    public Tensor silu() {
        return unary(Unary.of(Unary.Function.SILU));
    }

    /** Returns {@code x·Φ(x)}. */
    public Tensor gelu() {
        return unary(Unary.of(Unary.Function.GELU));
    }

    /** Returns GELU's approximation by tanh. */
    public Tensor geluTanh() {
        return unary(Unary.of(Unary.Function.GELU_TANH));
    }

    /** Returns {@code 1/(1 + e⁻ˣ)}. */
    public Tensor sigmoid() {
        return unary(Unary.of(Unary.Function.SIGMOID));
    }

    /** Returns the hyperbolic tangent. */
    public Tensor tanh() {
        return unary(Unary.of(Unary.Function.TANH));
    }

    /** Returns {@code log(1 + eˣ)}. */
    public Tensor softplus() {
        return unary(Unary.of(Unary.Function.SOFTPLUS));
    }

    /** Returns {@code eˣ}. */
    public Tensor exp() {
        return unary(Unary.of(Unary.Function.EXP));
    }

    /** Returns the natural logarithm. */
    public Tensor log() {
        return unary(Unary.of(Unary.Function.LOG));
    }

    /** Returns {@code √x}. */
    public Tensor sqrt() {
        return unary(Unary.of(Unary.Function.SQRT));
    }

    /** Returns {@code 1/√x}. */
    public Tensor rsqrt() {
        return unary(Unary.of(Unary.Function.RSQRT));
    }

    /** Returns {@code 1/x}. */
    public Tensor reciprocal() {
        return unary(Unary.of(Unary.Function.RECIPROCAL));
    }

    /** Returns {@code x²}. */
    public Tensor square() {
        return unary(Unary.of(Unary.Function.SQUARE));
    }

    /** Returns {@code |x|}. */
    public Tensor abs() {
        return unary(Unary.of(Unary.Function.ABS));
    }

    /** Returns −1, 0 or 1. */
    public Tensor sign() {
        return unary(Unary.of(Unary.Function.SIGN));
    }

    /** Returns the largest integers not above. */
    public Tensor floor() {
        return unary(Unary.of(Unary.Function.FLOOR));
    }

    /** Returns the nearest integers, ties to even. */
    public Tensor round() {
        return unary(Unary.of(Unary.Function.ROUND));
    }

    /** Returns the values limited to {@code [low, high]}. */
    public Tensor clamp(double low, double high) {
        return unary(new Unary(Unary.Function.CLAMP, low, high));
    }

    /** Returns the sine, in radians. */
    public Tensor sin() {
        return unary(Unary.of(Unary.Function.SIN));
    }

    /** Returns the cosine, in radians. */
    public Tensor cos() {
        return unary(Unary.of(Unary.Function.COS));
    }

    /** Returns the error function. */
    public Tensor erf() {
        return unary(Unary.of(Unary.Function.ERF));
    }

    /** Returns {@code this == other} as BOOL. */
    public Tensor equal(Tensor other) {
        return new Arithmetic(Binary.EQUAL).apply(this, other);
    }

    /** Returns {@code this < other} as BOOL. */
    public Tensor less(Tensor other) {
        return new Arithmetic(Binary.LESS).apply(this, other);
    }

    /** Returns {@code this ≤ other} as BOOL. */
    public Tensor lessEqual(Tensor other) {
        return new Arithmetic(Binary.LESS_EQUAL).apply(this, other);
    }

    /** Returns {@code this > other} as BOOL. */
    public Tensor greater(Tensor other) {
        return other.less(this);
    }

    /** Returns {@code this ≥ other} as BOOL. */
    public Tensor greaterEqual(Tensor other) {
        return other.lessEqual(this);
    }

    /** Returns {@code this > value} as BOOL. */
    public Tensor greater(double value) {
        return constant(value).less(this);
    }

    /** Returns {@code this < value} as BOOL. */
    public Tensor less(double value) {
        return less(constant(value));
    }

    /** Returns {@code this == value} as BOOL. */
    public Tensor equal(double value) {
        return equal(constant(value));
    }

    /** Returns whether this BOOL is false. */
    public Tensor not() {
        Check.dtype("not", DType.BOOL, this);
        return where(this, constant(0), constant(1));
    }

    /** Returns whether this BOOL and {@code other} are true. */
    public Tensor and(Tensor other) {
        return where(this, other, constant(0));
    }

    /** Returns whether this BOOL or {@code other} is true. */
    public Tensor or(Tensor other) {
        return where(this, constant(1), other);
    }

    /** Returns {@code condition ? a : b}, all three broadcast; {@code condition} is BOOL. */
    public static Tensor where(Tensor condition, Tensor a, Tensor b) {
        return new Where().apply(condition, a, b);
    }

    private Tensor constant(double value) {
        return full(value, dtype, Shape.scalar()).to(device());
    }

    // --- reductions -------------------------------------------------------------------------------------------------

    /** Returns the sum over the axes, kept with length 1; without axes over all, as a scalar. */
    public Tensor sum(int... axes) {
        return Reduce.over(Reduction.SUM, this, axes);
    }

    /** Returns the mean over the axes. */
    public Tensor mean(int... axes) {
        return Reduce.over(Reduction.MEAN, this, axes);
    }

    /** Returns the product over the axes. */
    public Tensor prod(int... axes) {
        return Reduce.over(Reduction.PROD, this, axes);
    }

    /** Returns the largest over the axes; ties share the gradient. */
    public Tensor max(int... axes) {
        return Reduce.over(Reduction.MAX, this, axes);
    }

    /** Returns the smallest over the axes; ties share the gradient. */
    public Tensor min(int... axes) {
        return Reduce.over(Reduction.MIN, this, axes);
    }

    /** Returns the variance over the axes, divided by n (not n − 1). */
    public Tensor variance(int... axes) {
        return sub(mean(axes)).square().mean(axes);
    }

    /** Returns the Euclidean norm over the axes; its gradient at 0 is 0. */
    public Tensor norm(int... axes) {
        Tensor squares = square().sum(axes);
        Tensor zero = squares.equal(0);
        return where(zero, squares, where(zero, squares.constant(1), squares).sqrt());
    }

    /** Returns {@code log Σ eˣ} over one axis, kept with length 1; −∞ where all x are. */
    public Tensor logSumExp(int axis) {
        double bound = dtype == DType.FLOAT64 ? Double.MAX_VALUE : 3e38; // keeps ∞ − ∞ away
        Tensor top = max(axis).detach().clamp(-bound, bound);
        return sub(top).exp().sum(axis).log().add(top);
    }

    /** Returns the sum over all axes that {@code target} lacks or has with length 1: the adjoint of broadcasting. */
    public Tensor sumTo(Shape target) {
        return Reduce.sumTo(this, target);
    }

    /** Returns the index of the first largest element along an axis, kept with length 1, as INT32. */
    public Tensor argMax(int axis) {
        int a = Check.axis("argMax", axis, shape);
        Check.shape(shape.dim(a) > 0, "argMax: axis %d must not be empty, got shape %s", a, shape);
        Tensor indices = empty(shape.with(a, 1), DType.INT32, device());
        device().kernels().argMax(this, a, indices);
        return indices;
    }

    /** Returns the positions of the k largest along the last axis, falling, as INT32 (…, k); ties by rising index. */
    public Tensor topK(int k) {
        int n = dim(-1);
        Check.that(k >= 0 && k <= n, "topK: k must lie in [0, %d], got %d for shape %s", n, k, shape);
        Tensor values = empty(shape.with(-1, k), dtype, device());
        Tensor indices = empty(shape.with(-1, k), DType.INT32, device());
        device().kernels().topK(this, values, indices);
        return indices;
    }

    /**
     * Returns for each vector of this (…, D) the number of the row of {@code table} (K, D) that is nearest to it, the smallest
     * of equals, as INT32 (…); the N × K distances are never in memory together.
     */
    public Tensor nearestRow(Tensor table) {
        Check.rank("nearestRow", 2, "(K, D)", table);
        Check.shape(
                rank() >= 1 && dim(-1) == table.dim(1) && table.dim(0) > 0,
                "nearestRow: table must be (K, %s) with K > 0, got %s",
                rank() == 0 ? "D" : dim(-1),
                table.shape());
        Check.that(
                dtype == table.dtype() && dtype.isFloating(),
                "nearestRow: both must have one floating type, got %s and %s",
                dtype,
                table.dtype());
        Shape lead = shape.drop(-1);
        int n = Math.toIntExact(lead.size());
        Tensor indices = empty(Shape.of(n), DType.INT32, device());
        try {
            device().kernels().nearestCode(over(storage, offset, Shape.of(n, table.dim(1))), table, indices);
            return indices.reshape(lead);
        } finally {
            Reference.reachabilityFence(this); // kernels know memory by address only
            Reference.reachabilityFence(table);
        }
    }

    /** Returns the elements sorted along the last axis, rising or falling. */
    public Tensor sort(boolean descending) {
        Tensor sorted = gather(-1, topK(dim(-1)));
        return descending ? sorted : sorted.flip(-1);
    }

    /** Returns the running sum along an axis. */
    public Tensor cumulativeSum(int axis) {
        return Cumulate.of(Reduction.SUM, this, axis);
    }

    /** Returns the running product along an axis. */
    public Tensor cumulativeProduct(int axis) {
        return Cumulate.of(Reduction.PROD, this, axis);
    }

    // --- products ---------------------------------------------------------------------------------------------------

    /** Returns the matrix product over the last two axes; leading axes broadcast. */
    public Tensor matmul(Tensor other) {
        return new MatMul(false, false).apply(this, other);
    }

    /** Returns the matrix product, each factor transposed in its last two axes where said. */
    public Tensor matmul(Tensor other, boolean transposeThis, boolean transposeOther) {
        return new MatMul(transposeThis, transposeOther).apply(this, other);
    }

    // --- movement ---------------------------------------------------------------------------------------------------

    /** Returns the same elements in another element type. */
    public Tensor to(DType type) {
        return type == dtype ? this : new Cast(type).apply(this);
    }

    /** Returns the same elements in memory of their own, on the same device and outside the graph. */
    public Tensor copy() {
        Tensor copy = empty(shape, dtype, device());
        copy.assign(this);
        return copy;
    }

    /** Returns the same elements on another device, outside the graph. */
    public Tensor to(Device device) {
        if (device == device()) {
            return this;
        }
        Tensor t = empty(shape, dtype, device);
        device.upload(download(), t.storage, 0);
        return t;
    }

    /** Returns a view with another shape; one length may be −1 and is inferred. */
    public Tensor reshape(int... dims) {
        return reshape(Reshape.infer(shape, dims));
    }

    /** Returns a view with another shape of the same size. */
    public Tensor reshape(Shape target) {
        return target.equals(shape) ? this : new Reshape(target).apply(this);
    }

    /** Returns the axes in another order: axis i of the result is axis {@code axes[i]} of this. */
    public Tensor permute(int... axes) {
        return Permute.of(this, axes);
    }

    /** Returns the last two axes swapped. */
    public Tensor transpose() {
        int[] axes = new int[rank()];
        Arrays.setAll(axes, i -> i);
        Check.shape(rank() >= 2, "transpose: rank must be >= 2, got shape %s", shape);
        axes[rank() - 1] = rank() - 2;
        axes[rank() - 2] = rank() - 1;
        return permute(axes);
    }

    /** Returns this repeated along axes of length 1 to the given shape. */
    public Tensor broadcastTo(Shape target) {
        return target.equals(shape) ? this : Broadcast.of(this, target);
    }

    /** Returns entries {@code [start, start + length)} of one axis. */
    public Tensor slice(int axis, int start, int length) {
        return Slice.of(this, axis, start, length);
    }

    /** Returns one entry of an axis, which disappears. */
    public Tensor select(int axis, int index) {
        int a = Check.axis("select", axis, shape);
        return slice(a, index, 1).reshape(shape.drop(a));
    }

    /** Returns equal parts of one axis. */
    public List<Tensor> split(int axis, int parts) {
        int n = shape.dim(axis);
        Check.shape(
                parts > 0 && n % parts == 0, "split: %d parts must divide axis %d, got shape %s", parts, axis, shape);
        return java.util.stream.IntStream.range(0, parts)
                .mapToObj(i -> slice(axis, i * (n / parts), n / parts))
                .toList();
    }

    /** Returns this followed by {@code other} along an axis. */
    public Tensor concat(Tensor other, int axis) {
        return concat(axis, this, other);
    }

    /** Returns the tensors joined along an axis. */
    public static Tensor concat(int axis, Tensor... parts) {
        return Concat.of(axis, parts);
    }

    /** Returns the tensors joined along a new axis. */
    public static Tensor stack(int axis, Tensor... parts) {
        return concat(axis, Arrays.stream(parts).map(p -> p.unsqueeze(axis)).toArray(Tensor[]::new));
    }

    /** Returns a view with one more axis of length 1, whose place in the new shape {@code axis} is, in {@code [-rank - 1, rank]}. */
    public Tensor unsqueeze(int axis) {
        return reshape(shape.insert(axis, 1));
    }

    /** Returns a view without an axis of length 1. */
    public Tensor squeeze(int axis) {
        Check.shape(shape.dim(axis) == 1, "squeeze: axis %d must have length 1, got shape %s", axis, shape);
        return reshape(shape.drop(axis));
    }

    /** Returns this with zeros added at both ends of an axis. */
    public Tensor pad(int axis, int before, int after) {
        return Pad.of(this, axis, before, after);
    }

    /** Returns this with {@code amount} entries mirrored at both ends of an axis; the edge itself is not repeated. */
    public Tensor padReflect(int axis, int amount) {
        return Pad.reflect(this, axis, amount);
    }

    /** Returns an axis in reverse order. */
    public Tensor flip(int axis) {
        return new Flip(Check.axis("flip", axis, shape)).apply(this);
    }

    /** Returns an axis rotated: entry i goes to {@code (i + shift) mod n}. */
    public Tensor roll(int axis, int shift) {
        int n = shape.dim(axis);
        int cut = n == 0 ? 0 : Math.floorMod(-shift, n);
        return cut == 0 ? this : slice(axis, cut, n - cut).concat(slice(axis, 0, cut), axis);
    }

    /** Returns this repeated {@code times} along an axis, copies one after the other. */
    public Tensor tile(int axis, int times) {
        int a = Check.axis("tile", axis, shape);
        Shape wide = shape.insert(a, times);
        return unsqueeze(a).broadcastTo(wide).reshape(shape.with(a, shape.dim(a) * times));
    }

    /** Returns rows of this (N, D…) by INT32 indices (any shape): (indices…, D…). */
    public Tensor gatherRows(Tensor indices) {
        return GatherRows.of(this, indices);
    }

    /** Returns entries of an axis by INT32 indices (n). */
    public Tensor indexSelect(int axis, Tensor indices) {
        return GatherRows.indexSelect(this, axis, indices);
    }

    /** Returns {@code out[.., i, ..] = this[.., indices[.., i, ..], ..]} along one axis; indices INT32. */
    public Tensor gather(int axis, Tensor indices) {
        return GatherAxis.of(this, axis, indices);
    }

    /**
     * Returns zeros of length {@code length} along an axis plus {@code this[.., i, ..]} at {@code indices[.., i, ..]}, for
     * all i; INT32 indices of this shape. The adjoint of {@link #gather}.
     */
    public Tensor scatterAdd(int axis, Tensor indices, int length) {
        return ScatterAddAxis.of(this, axis, indices, length);
    }

    /**
     * Returns {@code rows} rows of zeros plus row {@code this[i…, :]} at row {@code indices[i…]}, for all i; INT32 indices of
     * this shape's leading axes. The adjoint of {@link #gatherRows}.
     */
    public Tensor scatterAddRows(Tensor indices, int rows) {
        return ScatterAddRows.of(this, indices, rows);
    }

    /** Returns this with elements set to 0 with probability p and else divided by 1 − p (Srivastava et al. 2014). */
    public Tensor dropout(double p, Rng rng) {
        Check.that(p >= 0 && p < 1, "dropout: p must lie in [0, 1), got %s", p);
        if (p == 0) {
            return this;
        }
        Tensor factors;
        try (TensorScope scope = TensorScope.open()) {
            Tensor kept = rng.bernoulli(1 - p, shape).to(device());
            factors = scope.keep(kept.to(dtype).mul(1 / (1 - p)));
        }
        return mul(factors);
    }

    // --- images -----------------------------------------------------------------------------------------------------

    /** Returns the largest of each window of (B, H, W, C). */
    public Tensor maxPool(int size, int stride, int padding) {
        return MaxPool.of(this, new Pooling(size, stride, padding));
    }

    /** Returns the mean of each window of (B, H, W, C); padding does not count. */
    public Tensor averagePool(int size, int stride, int padding) {
        return AveragePool.of(this, new Pooling(size, stride, padding));
    }

    /** Returns (B, H, W, C) resized to (B, height, width, C). */
    public Tensor resize(Interpolation mode, int height, int width) {
        return Resize.of(this, mode, height, width);
    }

    // --- softmax ----------------------------------------------------------------------------------------------------

    /** Returns softmax over one axis. */
    public Tensor softmax(int axis) {
        return Softmax.of(this, axis, false);
    }

    /** Returns the logarithm of softmax over one axis. */
    public Tensor logSoftmax(int axis) {
        return Softmax.of(this, axis, true);
    }

    /** Returns element type, shape, and up to eight leading elements. */
    @Override
    public String toString() {
        if (storage.isReleased()) {
            return dtype + shape.toString() + " (released)";
        }
        int n = (int) Math.min(8, size());
        double[] head =
                n == 0 ? new double[0] : over(storage, offset, Shape.of(n)).toDoubles();
        String values = Arrays.toString(head);
        return dtype + shape.toString() + " " + (n < size() ? values.replace("]", ", …]") : values);
    }
}
