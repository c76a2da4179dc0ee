package org.atelier4j.vqvae;

import java.util.LinkedHashMap;
import java.util.Map;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.NamedTensors;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.train.StepListener;
import org.atelier4j.train.StepReport;
import org.atelier4j.train.TrainingProgress;

/**
 * Watches how a codebook is used over whole epochs of training. A single batch holds too few codes to tell which are never
 * used, and its perplexity misleads.
 *
 * <p>A {@link VqVaeStep} adds the codes of each batch; as a listener of the loop this begins anew after each epoch. Its
 * state belongs into checkpoints, so that a resumed run counts on.
 */
public final class CodebookUsage implements StepListener {
    private final long batchesPerEpoch;
    private final CodeCounts running;
    private final CodeCounts finished;

    /**
     * Starts at no uses, on the current device.
     *
     * @param size K, the number of codes
     * @param batchesPerEpoch how many batches show every image once, ≥ 1
     */
    public CodebookUsage(int size, long batchesPerEpoch) {
        Check.that(batchesPerEpoch >= 1, "CodebookUsage: batches per epoch must be >= 1, got %d", batchesPerEpoch);
        this.batchesPerEpoch = batchesPerEpoch;
        running = new CodeCounts(size);
        finished = new CodeCounts(size);
    }

    /** Counts the codes of a batch, INT32 of any shape. */
    public void add(Tensor codes) {
        running.add(codes);
    }

    @Override
    public void stepped(TrainingProgress progress, StepReport report) {
        if (progress.step() % batchesPerEpoch == 0) {
            finished.tensor().assign(running.tensor());
            running.clear();
        }
    }

    /** Returns the counts of the last whole epoch; in the first epoch those of its batches so far. */
    public CodeCounts epoch() {
        return finished.orElse(running);
    }

    /** Returns the counts as INT64 (K) by name: {@code running} and {@code finished}, the tensors it works on. */
    public Map<String, Tensor> state() {
        Map<String, Tensor> state = new LinkedHashMap<>();
        state.put("running", running.tensor());
        state.put("finished", finished.tensor());
        return state;
    }

    /**
     * Takes what {@link #state} gave.
     *
     * @throws IllegalArgumentException naming everything missing, unexpected or of another shape; nothing is changed then
     */
    public void load(Map<String, Tensor> saved) {
        NamedTensors.assign("CodebookUsage.load", state(), saved);
    }
}
