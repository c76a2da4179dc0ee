package org.atelier4j.tensor.kernel;

import java.util.Arrays;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/**
 * One input of a loop over a broadcast shape: gives the values that stand at any range of the result's elements. An
 * input that repeats is small, so it is read once as a whole.
 */
public final class Operand {
    private final Elements elements;
    private final boolean dense;
    private final double[] reals;
    private final long[] integers;

    // the result's axes, neighbours joined where this input allows it, and the distance between neighbours in it
    private final int[] lengths;
    private final int[] steps;
    private final int rank;

    /** Reads {@code x}, which broadcasts to {@code result}. */
    public Operand(Tensor x, Shape result) {
        elements = Elements.of(x);
        lengths = new int[result.rank() + 1];
        steps = new int[result.rank() + 1];
        long[] strides = x.shape().strides();
        int r = 0;
        for (int i = 0; i < result.rank(); i++) {
            int length = result.dim(i);
            int own = i - result.rank() + x.rank();
            int step = own < 0 || x.shape().dim(own) == 1 ? 0 : Math.toIntExact(strides[own]);
            if (length == 1) {
                continue;
            }
            boolean joins = r > 0 && steps[r - 1] == step * length;
            int at = joins ? r - 1 : r++;
            lengths[at] = joins ? lengths[at] * length : length;
            steps[at] = step;
        }
        if (r == 0) {
            lengths[r] = 1;
            r = 1;
        }
        rank = r;
        dense = x.size() == result.size();
        boolean real = x.dtype().isFloating();
        reals = dense || !real ? new double[0] : new double[elements.size()];
        integers = dense || real ? new long[0] : new long[elements.size()];
        if (!dense && real) {
            elements.get(0, reals.length, reals, 0);
        } else if (!dense) {
            elements.get(0, integers.length, integers, 0);
        }
    }

    /** Reads what stands at elements {@code [at, at + n)} of the result; the operand must be floating. */
    public void get(int at, int n, double[] to) {
        if (dense) {
            elements.get(at, n, to, 0);
        } else {
            expand(at, n, (from, start, count, repeat) -> {
                if (repeat) {
                    Arrays.fill(to, start, start + count, reals[from]);
                } else {
                    System.arraycopy(reals, from, to, start, count);
                }
            });
        }
    }

    /** The same as floats. */
    public void get(int at, int n, float[] to) {
        if (dense) {
            elements.get(at, n, to, 0);
        } else {
            expand(at, n, (from, start, count, repeat) -> {
                if (repeat) {
                    Arrays.fill(to, start, start + count, (float) reals[from]);
                } else {
                    for (int i = 0; i < count; i++) {
                        to[start + i] = (float) reals[from + i];
                    }
                }
            });
        }
    }

    /** Reads what stands at elements {@code [at, at + n)} of the result; the operand must not be floating. */
    public void get(int at, int n, long[] to) {
        if (dense) {
            elements.get(at, n, to, 0);
        } else {
            expand(at, n, (from, start, count, repeat) -> {
                if (repeat) {
                    Arrays.fill(to, start, start + count, integers[from]);
                } else {
                    System.arraycopy(integers, from, to, start, count);
                }
            });
        }
    }

    private interface Run {
        void put(int from, int start, int count, boolean repeat);
    }

    /** Walks the rows of the last joined axis that meet the range. */
    private void expand(int at, int n, Run run) {
        int inner = rank - 1;
        int length = lengths[inner];
        boolean repeat = steps[inner] == 0;
        int column = at % length;
        int row = at / length;
        for (int done = 0; done < n; row++, column = 0) {
            int base = 0;
            int rest = row;
            for (int i = inner - 1; i >= 0; i--) {
                base += rest % lengths[i] * steps[i];
                rest /= lengths[i];
            }
            int count = Math.min(length - column, n - done);
            run.put(base + column * steps[inner], done, count, repeat);
            done += count;
        }
    }
}
