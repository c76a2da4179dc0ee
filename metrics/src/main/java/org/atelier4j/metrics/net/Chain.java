package org.atelier4j.metrics.net;

import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;

/**
 * A frozen network at work, one step after the other. Where nothing is recorded, each step has its own arena and its input
 * is given back as soon as it is done, so that a deep network needs the memory of its largest step; where gradients are
 * wanted, everything stays.
 */
final class Chain {
    private final boolean recording;
    private Tensor at;
    private boolean owned;

    /** Starts at images, which stay. */
    Chain(Tensor images) {
        this.at = images;
        this.recording = isRecording(images);
    }

    /** Returns what {@code body} makes of images; where nothing is recorded, all else it made is given back. */
    static Tensor run(Tensor images, Supplier<Tensor> body) {
        if (isRecording(images)) {
            return body.get();
        }
        try (TensorScope scope = TensorScope.open();
                NoGrad off = NoGrad.open()) {
            return scope.keep(body.get());
        }
    }

    private static boolean isRecording(Tensor images) {
        return images.node() != null && !NoGrad.isActive();
    }

    /** Takes a step. */
    Chain then(UnaryOperator<Tensor> step) {
        Tensor x = at;
        Tensor y = run(x, () -> step.apply(x));
        if (owned && !recording && y.storage() != x.storage()) {
            TensorScope.discard(x);
        }
        owned = owned || y.storage() != x.storage();
        at = y;
        return this;
    }

    /** Returns where the network is, which now stays. */
    Tensor tap() {
        owned = false;
        return at;
    }
}
