package org.atelier4j.autoregressive.transformer;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Tensor;

/** Chang et al. 2022, sec. 3.3: which share of codes is masked, {@code γ(r) = cos(πr/2)}. */
public final class MaskSchedule {

    private MaskSchedule() {}

    /** Returns γ(r), 1 at r = 0 and 0 at r = 1. */
    public static double share(double r) {
        return Math.cos(Math.PI / 2 * r);
    }

    /** Returns how many of n codes training masks at ratios r in [0, 1), INT32: {@code ⌈γ(r)·n⌉}, at least one. */
    public static Tensor trained(int n, Tensor r) {
        Tensor share = r.to(DType.FLOAT64).mul(Math.PI / 2).cos();
        return share.mul(-n).floor().neg().clamp(1, n).to(DType.INT32);
    }

    /**
     * Returns how many of the {@code open} codes of a grid are still masked after round {@code done} of {@code steps}:
     * {@code ⌊γ(done/steps)·open⌋}, but each round settles at least one code and leaves at least one for each round to come.
     *
     * @param done rounds done, from 0 to {@code steps}
     * @param steps rounds in all, at most {@code open}
     */
    public static int remaining(int open, int done, int steps) {
        Check.that(
                done >= 0 && done <= steps && steps >= 1 && steps <= open,
                "MaskSchedule: 0 <= done <= steps <= open must hold, got %d, %d and %d",
                done,
                steps,
                open);
        int wanted = done == steps ? 0 : (int) Math.floor(share((double) done / steps) * open);
        return Math.max(steps - done, Math.min(open - done, wanted));
    }
}
