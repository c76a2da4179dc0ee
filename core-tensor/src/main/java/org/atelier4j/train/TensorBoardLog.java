package org.atelier4j.train;

import java.nio.file.Path;
import java.util.Map;
import org.atelier4j.io.EventFile;
import org.atelier4j.tensor.Check;
import org.jspecify.annotations.Nullable;

/**
 * Writes the numbers of every n-th step for {@code tensorboard --logdir FOLDER}, under {@code train/}. Each start of a run,
 * also a resumed one, makes a file of its own in the folder.
 */
public final class TensorBoardLog implements StepListener {
    private final Path folder;
    private final long every;
    private @Nullable EventFile events;

    /**
     * Makes a log.
     *
     * @param folder made if it is missing
     * @param every steps between two entries, ≥ 1
     */
    public TensorBoardLog(Path folder, long every) {
        Check.that(every >= 1, "TensorBoardLog: steps between entries must be >= 1, got %d", every);
        this.folder = folder;
        this.every = every;
    }

    @Override
    public void started(TrainingProgress progress) {
        events = EventFile.create(folder);
    }

    @Override
    public void stepped(TrainingProgress progress, StepReport report) {
        if (progress.step() % every != 0) {
            return;
        }
        EventFile file = events;
        Check.state(file != null, "TensorBoardLog: started must be called before stepped");
        for (Map.Entry<String, Double> scalar : report.scalars().entrySet()) {
            file.scalar("train/" + scalar.getKey(), progress.step(), scalar.getValue());
        }
    }

    @Override
    public void close() {
        if (events != null) {
            events.close();
        }
    }
}
