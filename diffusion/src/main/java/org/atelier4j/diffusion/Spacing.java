package org.atelier4j.diffusion;

/**
 * Which n of T steps a shorter sampling visits: the three conventions in use, as Lin et al. 2023 (arXiv:2305.08891), table
 * 2, names them. With T = 1000 and n = 10, 0-based:
 *
 * <pre>
 * LEADING    0, 100, …, 900     never the last step: wrong where nothing of the data is left there
 * LINSPACE   0, 111, …, 999     both ends
 * TRAILING   99, 199, …, 999    the last step, but not the first: best for few steps
 * </pre>
 */
public enum Spacing {
    /** {@code i·⌊T/n⌋}. */
    LEADING {
        @Override
        int step(int i, int total, int count) {
            return i * (total / count);
        }
    },
    /** {@code i·(T − 1)/(n − 1)}, rounded; the last step alone for n = 1. */
    LINSPACE {
        @Override
        int step(int i, int total, int count) {
            return count == 1 ? total - 1 : (int) Math.round((double) i * (total - 1) / (count - 1));
        }
    },
    /** {@code (i + 1)·T/n − 1}, rounded. */
    TRAILING {
        @Override
        int step(int i, int total, int count) {
            return (int) Math.round((i + 1.0) * total / count) - 1;
        }
    };

    abstract int step(int i, int total, int count);

    /** Returns {@code count} of the steps {@code [0, total)}, rising; {@code 1 ≤ count ≤ total}. */
    int[] steps(int total, int count) {
        int[] steps = new int[count];
        for (int i = 0; i < count; i++) {
            steps[i] = step(i, total, count);
        }
        return steps;
    }
}
