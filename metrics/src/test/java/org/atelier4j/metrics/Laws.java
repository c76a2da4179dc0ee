package org.atelier4j.metrics;

import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.kernel.Distribution;

/** Features of known laws. */
final class Laws {
    private Laws() {}

    /** Returns standard normal rows, FLOAT64 (n, d). */
    static Tensor normal(int n, int d, long seed) {
        return Rng.of(seed).draw(Distribution.NORMAL, Shape.of(n, d), DType.FLOAT64, Device.cpu());
    }

    /** Returns rows as the features of a network without a name. */
    static FeatureBank bank(Tensor rows) {
        return FeatureBank.of("test", "", rows);
    }

    /** Returns a bank of standard normal rows. */
    static FeatureBank bank(int n, int d, long seed) {
        return bank(normal(n, d, seed));
    }
}
