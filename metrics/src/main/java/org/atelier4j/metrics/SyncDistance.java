package org.atelier4j.metrics;

import java.util.Arrays;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;

/**
 * How well two sequences keep step, as lips and voice: Chung, Zisserman 2016, "Out of time: automated lip sync in the wild", sec.
 * 3, and the two numbers that Prajwal et al. 2020, "A lip sync expert is all you need for speech to lip generation in the wild"
 * (arXiv:2008.10010), sec. 4, make of it. For each offset o the mean distance of {@code video[t]} and {@code audio[t + o]} is
 * taken.
 *
 * <p><b>Differs from the usual code:</b> frames whose partner would lie outside the sequence are left out of the mean; there the
 * partner is zeros.
 *
 * @param reach the largest offset in frames, ≥ 1
 */
public record SyncDistance(int reach) {

    /**
     * The result.
     *
     * @param distance LSE-D, the least mean distance; smaller is better
     * @param confidence LSE-C, the median over offsets less the least; larger is better, about 0 for sequences that have
     *     nothing to do with each other
     * @param offset the offset of the least, in frames by which the second sequence comes late
     */
    public record Result(double distance, double confidence, int offset) {}

    /** Checks the reach. */
    public SyncDistance {
        Check.that(reach >= 1, "SyncDistance: reach must be >= 1, got %d", reach);
    }

    /** Returns the papers' setting, 15 frames to each side. */
    public static SyncDistance paper() {
        return new SyncDistance(15);
    }

    /**
     * Returns the result for two sequences of more frames than {@code reach}.
     *
     * @param video embeddings (T, D), one per frame
     * @param audio embeddings (T, D) at the same times
     */
    public Result measure(Tensor video, Tensor audio) {
        Rows.checkPair("SyncDistance", video, audio, 1);
        int frames = video.dim(0);
        Check.shape(
                audio.dim(0) == frames && frames > reach,
                "SyncDistance: both sequences must have one length > %d, got %s and %s",
                reach,
                video.shape(),
                audio.shape());
        double[] means = new double[2 * reach + 1];
        try (TensorScope scope = TensorScope.open();
                NoGrad off = NoGrad.open()) {
            Tensor v = video.to(DType.FLOAT64);
            Tensor a = audio.to(DType.FLOAT64);
            for (int o = -reach; o <= reach; o++) {
                int length = frames - Math.abs(o);
                Tensor left = v.slice(0, Math.max(0, -o), length);
                Tensor right = a.slice(0, Math.max(0, o), length);
                means[o + reach] = left.sub(right).norm(1).mean().item();
            }
        }
        int best = 0;
        for (int i = 1; i < means.length; i++) {
            best = means[i] < means[best] ? i : best;
        }
        double[] sorted = means.clone();
        Arrays.sort(sorted);
        return new Result(means[best], sorted[reach] - means[best], best - reach);
    }
}
