package org.atelier4j.examples;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.atelier4j.image.Image;
import org.atelier4j.train.StepListener;
import org.atelier4j.train.TrainStep;
import org.atelier4j.train.TrainingState;

/**
 * A model in training, of any family: what {@link Training} must know to run, show, save and resume it. A family's run is
 * config → data → model → step → export in one file, the program to read before writing one's own.
 *
 * @param <B> type of a batch
 */
interface Run<B> extends AutoCloseable {

    /** Returns the next batch. */
    B next();

    /** Returns the number of images of a batch. */
    int size(B batch);

    /**
     * Returns what trains on a batch, on a card by one graph; its random numbers depend on the seed and the number of the step
     * alone. Its report has a {@code loss}.
     */
    TrainStep<B> step();

    /** Returns all that a checkpoint must hold. */
    TrainingState state();

    /** Returns what else watches the run, beside logs, display and checkpoints. */
    default List<StepListener> listeners() {
        return List.of();
    }

    /** Returns a picture of what the model can do by now. */
    Image samples();

    /**
     * Writes {@code model.safetensors}, and what else belongs to a finished run, into its folder.
     *
     * @param notes texts for the file's metadata
     * @return numbers about the finished model, for {@code scores.json} and the screen; none if there are none to tell
     */
    Map<String, Double> export(Path folder, Map<String, String> notes);

    @Override
    void close();
}
