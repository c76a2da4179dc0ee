package org.atelier4j.train;

/**
 * What one batch does to a model: draw, forward, loss, backward, optimizer. The loop around it knows no loss and no
 * optimizer, so GANs, diffusion and NeRF share it.
 *
 * @param <B> type of a batch
 */
@FunctionalInterface
public interface TrainStep<B> {

    /** Trains on one batch and returns named scalars; {@code step} counts from 0. */
    StepReport run(B batch, long step);

    /**
     * Returns a number that differs between steps that do different things, as those before and after a discriminator joins
     * in: a {@link CapturedStep} is recorded again where it changes.
     */
    default long phase(long step) {
        return 0;
    }
}
