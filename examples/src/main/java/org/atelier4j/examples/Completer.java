package org.atelier4j.examples;

import java.util.Set;
import org.atelier4j.autoregressive.pixel.PixelCnn;
import org.atelier4j.image.Image;

/** A model that draws one half of an image from the other half, not told what it shows. */
interface Completer extends AutoCloseable {

    /** Returns the halves that it can draw: a model that goes row by row knows nothing of what lies below. */
    Set<Edit.Half> halves();

    /** Returns the image with a half of it drawn. */
    Image complete(Image image, Edit.Half half, long seed);

    @Override
    void close();

    /**
     * Loads a prior of codes or a PixelCNN: a name of one that ships, a file or a run folder.
     *
     * @throws IllegalArgumentException if it cannot draw without being told a class
     */
    static Completer open(String model) {
        return Models.isOf(PixelCnn.class, model) ? PixelCompleter.open(model) : CodeCompleter.open(model);
    }
}
