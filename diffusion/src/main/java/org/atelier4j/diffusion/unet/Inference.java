package org.atelier4j.diffusion.unet;

import java.util.function.Supplier;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;

/** What blocks do where nothing is recorded for differentiation. */
final class Inference {
    private Inference() {}

    /**
     * Returns what a block makes. Where nothing is recorded, all else that it made on the way goes back to the pool at once: a
     * network that draws holds the tensors of one block, not those of all.
     */
    static Tensor only(Supplier<Tensor> block) {
        if (!NoGrad.isActive()) {
            return block.get();
        }
        try (TensorScope scope = TensorScope.open()) {
            return scope.keep(block.get());
        }
    }
}
