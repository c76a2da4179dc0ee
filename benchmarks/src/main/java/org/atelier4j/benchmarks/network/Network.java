package org.atelier4j.benchmarks.network;

import org.atelier4j.nn.Layer;

/**
 * A network with its sizes: what tasks train and run. Each also says what its batches hold, the same numbers for every
 * engine.
 */
public sealed interface Network
        permits UNetNetwork,
                VqVaeNetwork,
                TransformerNetwork,
                PixelCnnNetwork,
                NerfNetwork,
                GanNetwork,
                AutoencoderNetwork {

    /** Returns the name by which tasks call it, as {@code unet}. */
    String name();

    /** Returns the library's network with random weights. */
    Layer make();

    /**
     * Returns whether all of its functions are smooth. Where they have kinks, as ReLU has, rounding decides on which side an
     * activation near 0 falls: one in a million changes the gradients by a thousandth.
     */
    default boolean isSmooth() {
        return true;
    }

    /** Returns the library's network with the weights that all engines share, on a batch of so many examples. */
    Model model(int batch);
}
