package org.atelier4j.autoregressive.transformer;

import org.atelier4j.tensor.Check;

/** Chang et al. 2022, sec. 3.3: which share of codes is masked, {@code γ(r) = cos(πr/2)}. */
public final class MaskSchedule {

    private MaskSchedule() {}

    /** Returns γ(r), 1 at r = 0 and 0 at r = 1. */
    public static double share(double r) {
        return Math.cos(Math.PI / 2 * r);
    }

    /** Returns how many of n codes training masks at a ratio r in [0, 1): {@code ⌈γ(r)·n⌉}, at least one. */
    public static int trained(int n, double r) {
        Check.that(n >= 1 && r >= 0 && r < 1, "MaskSchedule: n must be >= 1 and r lie in [0, 1), got %d and %s", n, r);
        return Math.max(1, Math.min(n, (int) Math.ceil(share(r) * n)));
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
