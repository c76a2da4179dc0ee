package org.atelier4j.metrics.net;

import java.util.function.Supplier;
import org.atelier4j.tensor.Tensor;

/** Distances of two batches, either of which may want gradients. */
final class Both {
    private Both() {}

    /** Returns what {@code body} makes of a and b; where neither is recorded, all else it made is given back. */
    static Tensor run(Tensor a, Tensor b, Supplier<Tensor> body) {
        return Chain.run(a.node() != null ? a : b, body);
    }
}
