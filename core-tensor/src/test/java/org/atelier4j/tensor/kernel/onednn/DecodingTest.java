package org.atelier4j.tensor.kernel.onednn;

import org.atelier4j.nn.Attention;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Attention of one token to a cache against attention to a copy of what is in it, in float64. */
class DecodingTest {
    private static final int CAPACITY = 40;

    /** Lengths of keys and values: below, at and beyond multiples of eight; one token, some, a full cache; large scores. */
    @ParameterizedTest
    @CsvSource({"32,32,1,1", "32,32,25,1", "19,33,7,1", "3,5,40,1", "64,8,40,1", "32,16,31,40"})
    void readsWhatIsThereAndNothingBehindIt(int d, int e, int length, double size) {
        Rng rng = Rng.of(5);
        Tensor q = rng.normal(Shape.of(2, 3, 1, d)).mul(size);
        Tensor k = rng.normal(Shape.of(2, 3, length, d));
        Tensor v = rng.normal(Shape.of(2, 3, length, e));
        Tensor y = Tensor.empty(Shape.of(2, 3, 1, e), DType.FLOAT32, q.device());
        new Decoding(q, cache(k), cache(v), length).run(1 / Math.sqrt(d), y);
        Tensor expected = Attention.of(q.to(DType.FLOAT64), k.to(DType.FLOAT64), v.to(DType.FLOAT64));
        TensorAssert.assertThat(y).isCloseTo(expected.to(DType.FLOAT32), 1e-5, 1e-5 * size);
    }

    private static Tensor cache(Tensor x) {
        Tensor behind = Tensor.full(Double.NaN, x.dtype(), x.shape().with(2, CAPACITY - x.dim(2)));
        return x.concat(behind, 2); // (B, H, CAPACITY, …)
    }
}
