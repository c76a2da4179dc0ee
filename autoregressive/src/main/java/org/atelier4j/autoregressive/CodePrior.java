package org.atelier4j.autoregressive;

import java.util.List;
import org.atelier4j.model.CodeGrid;
import org.atelier4j.nn.Layer;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;

/**
 * A model of grids of codes, {@code p(codes | class)}: learns from those that an image tokenizer made, and draws new ones or
 * completes given ones.
 */
public interface CodePrior {

    /** Returns what the prior was made for. */
    CodeSpace space();

    /** Returns the network: what is trained and saved. */
    Layer network();

    /**
     * Returns the training loss as a scalar, in nats per code.
     *
     * @param grid codes (B, h, w) of this space
     * @param labels INT32 (B), the number of classes for none
     * @param rng of what the loss draws, as masks
     */
    Tensor loss(CodeGrid grid, Tensor labels, Rng rng);

    /**
     * Returns drawn grids (B, h, w); given codes stay as they are. Runs unrecorded and in evaluation mode.
     *
     * @param canvas what is wanted; a prior says which sizes it takes
     * @param streams one for each image, which draws from its own alone: it is the same in a batch of any size, up to the
     *     rounding of kernels that choose their loops by batch size
     * @param listener told after each step, and asked whether to go on
     * @throws IllegalArgumentException if the canvas does not fit
     * @throws java.util.concurrent.CancellationException if the listener said no
     */
    CodeGrid draw(Canvas canvas, Decoding decoding, List<Rng> streams, DrawingListener listener);
}
