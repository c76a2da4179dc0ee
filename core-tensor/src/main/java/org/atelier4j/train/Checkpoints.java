package org.atelier4j.train;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.atelier4j.io.CheckpointFolder;
import org.atelier4j.io.Json;
import org.atelier4j.io.MalformedFileException;
import org.atelier4j.io.SafeTensors;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;

/**
 * Saves a {@link TrainingState} every so many steps and when the run ends or is asked to stop, and brings it back.
 *
 * <p>A checkpoint holds one file {@value #FILE}; positions and progress are its metadata. Whatever kills the process, the
 * checkpoint before stays whole ({@link CheckpointFolder}).
 *
 * <pre>{@code
 * Checkpoints checkpoints = new Checkpoints(new CheckpointFolder(run, 2), state, 500);
 * TrainingProgress from = checkpoints.resume(TrainingLength.steps(2000));
 * new TrainingLoop<>(batches::next, Batch::size, step, List.of(checkpoints), stop).run(from);
 * }</pre>
 */
public final class Checkpoints implements StepListener {
    /** Name of the file within a checkpoint. */
    public static final String FILE = "state.safetensors";

    private static final String PROGRESS = "progress";
    private static final String POSITIONS = "positions";

    private final CheckpointFolder folder;
    private final TrainingState state;
    private final long every;
    private long savedStep = -1;

    /**
     * Makes the listener.
     *
     * @param folder where to save
     * @param state what to save
     * @param every steps between two checkpoints, ≥ 1
     */
    public Checkpoints(CheckpointFolder folder, TrainingState state, long every) {
        Check.that(every >= 1, "Checkpoints: steps between checkpoints must be >= 1, got %d", every);
        this.folder = folder;
        this.state = state;
        this.every = every;
    }

    /**
     * Restores the latest whole checkpoint and returns how far it had come, or the start of a run where there is none.
     *
     * @param length where the run shall end
     */
    public TrainingProgress resume(TrainingLength length) {
        Optional<CheckpointFolder.Checkpoint> latest = folder.latest();
        if (latest.isEmpty()) {
            return TrainingProgress.start(length);
        }
        Path file = latest.get().path().resolve(FILE);
        try (TensorScope scope = TensorScope.open();
                SafeTensors saved = SafeTensors.open(file)) {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            saved.names().forEach(name -> tensors.put(name, saved.tensor(name)));
            state.restore(tensors, positions(saved, file));
            TrainingProgress progress =
                    Json.record(TrainingProgress.class, Json.parse(metadata(saved, PROGRESS, file)));
            savedStep = progress.step();
            return progress.upTo(length);
        }
    }

    @Override
    public void stepped(TrainingProgress progress, StepReport report) {
        if (progress.step() % every == 0) {
            save(progress);
        }
    }

    @Override
    public void finished(TrainingProgress progress) {
        save(progress);
    }

    /** Returns in words where a run can go on from: the path of the latest whole checkpoint, or {@code none}. */
    public String last() {
        return folder.latest().map(c -> c.path().toString()).orElse("none");
    }

    private void save(TrainingProgress progress) {
        if (progress.step() == savedStep) {
            return;
        }
        try (TensorScope scope = TensorScope.open()) {
            Map<String, String> metadata = new LinkedHashMap<>();
            metadata.put(PROGRESS, Json.write(progress));
            metadata.put(POSITIONS, Json.write(state.positions()));
            Map<String, Tensor> tensors = state.tensors();
            folder.save(progress.step(), to -> SafeTensors.write(to.resolve(FILE), tensors, metadata));
        }
        savedStep = progress.step();
    }

    private static Map<String, Long> positions(SafeTensors saved, Path file) {
        Map<String, Long> positions = new LinkedHashMap<>();
        Json.object(Json.parse(metadata(saved, POSITIONS, file)), file).forEach((name, value) -> {
            if (!(value instanceof Long position)) {
                throw new MalformedFileException(file, "position " + name + " must be a whole number, got " + value);
            }
            positions.put(name, position);
        });
        return positions;
    }

    private static String metadata(SafeTensors saved, String key, Path file) {
        String text = saved.metadata().get(key);
        if (text == null) {
            throw new MalformedFileException(file, "metadata must have " + key + ": it is no checkpoint of a run");
        }
        return text;
    }
}
