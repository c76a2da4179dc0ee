package org.atelier4j.tensor.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.TensorScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Tensors and ND4J arrays look at the same memory, in both directions and for every element type. */
@Timeout(120)
class Nd4jBridgeTest {

    private static DataType type(DType dtype) {
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

    private static Tensor tensor(DType dtype, int... shape) {
        int n = (int) Shape.of(shape).size();
        int[] values = new int[n];
        Arrays.setAll(values, i -> dtype == DType.BOOL ? i % 2 : i + 1);
        Tensor t = Tensor.of(values, n).to(dtype);
        return t.reshape(shape);
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void aTensorBecomesAnArrayOverTheSameMemory(DType dtype) {
        Tensor t = tensor(dtype, 2, 3);
        INDArray array = t.toINDArray();
        assertThat(array.dataType()).isEqualTo(type(dtype));
        assertThat(array.shape()).containsExactly(2, 3);
        double[] seen = new double[6];
        for (int i = 0; i < 6; i++) {
            seen[i] = array.getDouble(i / 3, i % 3);
        }
        assertThat(seen).isEqualTo(t.toDoubles());

        array.putScalar(1, 2, dtype == DType.BOOL ? 0 : 77);
        assertThat(t.toDoubles()[5]).isEqualTo(dtype == DType.BOOL ? 0 : 77);
        t.assign(tensor(dtype, 2, 3));
        assertThat(array.getDouble(1, 2)).isEqualTo(dtype == DType.BOOL ? 1 : 6);
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void anArrayBecomesATensorOverTheSameMemory(DType dtype) {
        INDArray array = Nd4j.createFromArray(1, 0, 1, 0, 1, 1)
                .reshape(2, 3)
                .castTo(type(dtype))
                .dup('c');
        Tensor t = Tensor.of(array);
        TensorAssert.assertThat(t).hasShape(2, 3).hasValues(1, 0, 1, 0, 1, 1);
        assertThat(t.dtype()).isEqualTo(dtype);
        array.putScalar(0, 1, 1);
        TensorAssert.assertThat(t).hasValues(1, 1, 1, 0, 1, 1);
        t.assign(Tensor.of(new int[] {0, 0, 0, 1, 0, 0}, 2, 3).to(dtype));
        assertThat(array.getDouble(1, 0)).isEqualTo(1);
        assertThat(array.getDouble(0, 0)).isZero();
    }

    @Test
    void nd4jComputesOnOurMemory() {
        Tensor t = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
        assertThat(t.toINDArray().sumNumber().doubleValue()).isEqualTo(21);
        t.toINDArray().addi(1);
        TensorAssert.assertThat(t).hasValues(2, 3, 4, 5, 6, 7);
        INDArray product = t.toINDArray().mmul(t.transpose().toINDArray());
        TensorAssert.assertThat(Tensor.of(product)).hasShape(2, 2).hasValues(29, 56, 56, 110);
    }

    @Test
    void aViewOfATensorIsAnArrayOfItsPart() {
        Tensor t = Tensor.arange(12).reshape(4, 3);
        INDArray row = t.slice(0, 2, 1).toINDArray();
        assertThat(row.shape()).containsExactly(1, 3);
        assertThat(row.getInt(0, 0)).isEqualTo(6);
        row.putScalar(0, 0, -1);
        assertThat(t.toInts()[6]).isEqualTo(-1);
    }

    @Test
    void viewsAndOtherOrdersAreCopied() {
        INDArray c = Nd4j.arange(12).reshape('c', 3, 4).castTo(DataType.FLOAT);
        INDArray f = c.dup('f');
        TensorAssert.assertThat(Tensor.of(f)).hasShape(3, 4).hasValues(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
        TensorAssert.assertThat(Tensor.of(c.transpose()))
                .hasShape(4, 3)
                .hasValues(0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11);
        TensorAssert.assertThat(Tensor.of(c.permute(1, 0))).hasValues(0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11);
        INDArray part = c.get(NDArrayIndex.interval(1, 3), NDArrayIndex.interval(1, 3));
        Tensor copy = Tensor.of(part);
        TensorAssert.assertThat(copy).hasShape(2, 2).hasValues(5, 6, 9, 10);
        TensorAssert.assertThat(Tensor.of(c.getRow(2))).hasValues(8, 9, 10, 11);
        TensorAssert.assertThat(Tensor.of(c.getColumn(1))).hasValues(1, 5, 9);
        c.putScalar(1, 1, 99);
        TensorAssert.assertThat(copy).hasValues(5, 6, 9, 10);
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void scalarsAndEmptyTensorsPassBothWays(DType dtype) {
        Tensor scalar = tensor(dtype, 1).reshape(Shape.scalar());
        INDArray array = scalar.toINDArray();
        assertThat(array.rank()).isZero();
        assertThat(array.getDouble(0)).isEqualTo(scalar.item());
        Tensor back = Tensor.of(array);
        assertThat(back.shape()).isEqualTo(Shape.scalar());
        assertThat(back.item()).isEqualTo(scalar.item());

        Tensor empty = Tensor.empty(Shape.of(3, 0, 2), dtype, Device.cpu());
        INDArray none = empty.toINDArray();
        assertThat(none.isEmpty()).isTrue();
        assertThat(none.shape()).containsExactly(3, 0, 2);
        assertThat(none.dataType()).isEqualTo(type(dtype));
        Tensor again = Tensor.of(none);
        assertThat(again.shape()).isEqualTo(Shape.of(3, 0, 2));
        assertThat(again.dtype()).isEqualTo(dtype);
    }

    @Test
    void otherDataTypesAreNamed() {
        assertThatThrownBy(() -> Tensor.of(Nd4j.create(DataType.FLOAT16, 2)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("got HALF");
    }

    /** The array alone holds the memory: other tensors of the size must not get it. */
    @Test
    void anArrayKeepsItsTensorAllocated() throws InterruptedException {
        INDArray array = arrayOfALostTensor();
        INDArray view = arrayOfALostTensor().getRow(3);
        collect();
        for (int i = 0; i < 20; i++) {
            Tensor.full(-1, DType.FLOAT32, Shape.of(300, 100));
        }
        assertThat(array.sumNumber().doubleValue()).isEqualTo(7 * 30_000);
        assertThat(view.sumNumber().doubleValue()).isEqualTo(700);
        assertThat(array.getDouble(299, 99)).isEqualTo(7);
    }

    private static INDArray arrayOfALostTensor() {
        return Tensor.full(7, DType.FLOAT32, Shape.of(300, 100)).toINDArray();
    }

    @Test
    void whenTheArrayIsGoneTheMemoryReturns() throws InterruptedException {
        HostPool.SHARED.trim();
        long capacity = HostPool.sizeClass(4 * 300 * 100);
        arrayOfALostTensor();
        for (int i = 0; i < 200 && HostPool.SHARED.pooledBytes() < capacity; i++) {
            collect();
        }
        assertThat(HostPool.SHARED.pooledBytes()).isGreaterThanOrEqualTo(capacity);
    }

    @Test
    void aTensorKeepsItsArrayAllocated() throws InterruptedException {
        Tensor t = tensorOfALostArray();
        collect();
        for (int i = 0; i < 20; i++) {
            Nd4j.valueArrayOf(new long[] {300, 100}, -1, DataType.FLOAT);
        }
        assertThat(t.mean().item()).isEqualTo(5);
    }

    private static Tensor tensorOfALostArray() {
        return Tensor.of(Nd4j.valueArrayOf(new long[] {300, 100}, 5, DataType.FLOAT));
    }

    private static void collect() throws InterruptedException {
        System.gc();
        Thread.sleep(20);
    }

    @Test
    void arraysOfAWorkspaceAreCopied() {
        Tensor t;
        try (MemoryWorkspace workspace = Nd4j.getWorkspaceManager()
                .getAndActivateWorkspace(
                        WorkspaceConfiguration.builder().initialSize(1 << 20).build(), "bridge")) {
            INDArray attached = Nd4j.valueArrayOf(new long[] {2, 2}, 3, DataType.FLOAT);
            assertThat(attached.isAttached()).isTrue();
            t = Tensor.of(attached);
            attached.assign(4);
        }
        TensorAssert.assertThat(t).hasValues(3, 3, 3, 3);
    }

    @Test
    void wrappedMemoryIsNotGivenToThePool() {
        HostPool.SHARED.trim();
        Tensor t = Tensor.of(Nd4j.ones(DataType.FLOAT, 50, 50));
        try (TensorScope scope = TensorScope.open()) {
            scope.keep(t);
        }
        TensorAssert.assertThat(t.sum()).hasValues(2500);
        TensorScope.discard(t);
        assertThat(HostPool.SHARED.pooledBytes()).isLessThan(10_000);
        assertThatThrownBy(t::toFloats).isInstanceOf(IllegalStateException.class);
    }
}
