package org.atelier4j.tensor;

import org.assertj.core.api.AbstractAssert;

/** AssertJ's style for tensors; a failure names the first differing index, both values and both shapes. */
public final class TensorAssert extends AbstractAssert<TensorAssert, Tensor> {

    private TensorAssert(Tensor actual) {
        super(actual, TensorAssert.class);
    }

    /** Starts an assertion. */
    public static TensorAssert assertThat(Tensor actual) {
        return new TensorAssert(actual);
    }

    /** Checks the shape. */
    public TensorAssert hasShape(int... dims) {
        return hasShape(Shape.of(dims));
    }

    /** Checks the shape. */
    public TensorAssert hasShape(Shape shape) {
        isNotNull();
        if (!actual.shape().equals(shape)) {
            failWithMessage("shape must be %s, got %s", shape, actual.shape());
        }
        return this;
    }

    /** Checks shape, element type and values: NaN equals NaN, and 0 equals −0. */
    public TensorAssert isEqualTo(Tensor expected) {
        return isCloseTo(expected, 0, 0);
    }

    /** Checks the elements in order, last axis fastest, as {@link #isCloseTo(Tensor, double, double)} does. */
    public TensorAssert isCloseTo(double[] expected, double rtol, double atol) {
        isNotNull();
        if (actual.size() != expected.length) {
            failWithMessage("must have %d elements, got shape %s", expected.length, actual.shape());
        }
        return compare(expected, rtol, atol);
    }

    /** Checks the elements in order, last axis fastest, for equality. */
    public TensorAssert hasValues(double... expected) {
        return isCloseTo(expected, 0, 0);
    }

    /** Checks shape, element type and every bit. */
    public TensorAssert isIdenticalTo(Tensor expected) {
        sameKind(expected);
        if (!actual.download().equals(expected.download())) {
            int i = actual.download().mismatch(expected.download())
                    / actual.dtype().bytes();
            failWithMessage(
                    "elements must be identical, first difference at %s: expected %s, got %s",
                    position(i), expected.toDoubles()[i], actual.toDoubles()[i]);
        }
        return this;
    }

    /** Checks {@code |actual − expected| ≤ atol + rtol·|expected|} for each element; NaN equals NaN. */
    public TensorAssert isCloseTo(Tensor expected, double rtol, double atol) {
        sameKind(expected);
        return compare(expected.toDoubles(), rtol, atol);
    }

    private TensorAssert compare(double[] e, double rtol, double atol) {
        double[] a = actual.toDoubles();
        int bad = 0;
        int first = -1;
        int worst = -1;
        double worstExcess = 0;
        for (int i = 0; i < a.length; i++) {
            double excess = Math.abs(a[i] - e[i]) / (atol + rtol * Math.abs(e[i]));
            boolean fine = Double.compare(a[i], e[i]) == 0 || a[i] == e[i] || excess <= 1;
            if (!fine) {
                bad++;
                first = first < 0 ? i : first;
                boolean further = worst >= 0 && Math.abs(a[i] - e[i]) > Math.abs(a[worst] - e[worst]);
                if (!(excess <= worstExcess) || excess == worstExcess && further) {
                    worst = i;
                    worstExcess = Double.isNaN(excess) ? Double.POSITIVE_INFINITY : excess;
                }
            }
        }
        if (bad > 0) {
            failWithMessage(
                    "%d of %d elements of shape %s differ (rtol %s, atol %s); first at %s: expected %s, got %s; worst"
                            + " at %s: expected %s, got %s",
                    bad,
                    a.length,
                    actual.shape(),
                    rtol,
                    atol,
                    position(first),
                    e[first],
                    a[first],
                    position(worst),
                    e[worst],
                    a[worst]);
        }
        return this;
    }

    /** Checks that no element is NaN or infinite. */
    public TensorAssert isFinite() {
        isNotNull();
        double[] a = actual.toDoubles();
        for (int i = 0; i < a.length; i++) {
            if (!Double.isFinite(a[i])) {
                failWithMessage("elements must be finite, got %s at %s of shape %s", a[i], position(i), actual.shape());
            }
        }
        return this;
    }

    private void sameKind(Tensor expected) {
        isNotNull();
        if (!actual.shape().equals(expected.shape()) || actual.dtype() != expected.dtype()) {
            failWithMessage(
                    "must be %s%s, got %s%s", expected.dtype(), expected.shape(), actual.dtype(), actual.shape());
        }
    }

    private String position(int index) {
        long[] strides = actual.shape().strides();
        StringBuilder text = new StringBuilder("[");
        long rest = index;
        for (int i = 0; i < strides.length; i++) {
            text.append(i > 0 ? ", " : "").append(rest / strides[i]);
            rest %= strides[i];
        }
        return text.append(']').toString();
    }
}
