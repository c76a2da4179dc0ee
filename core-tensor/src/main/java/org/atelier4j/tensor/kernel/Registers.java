package org.atelier4j.tensor.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * Where the values of a formula stand while a tile is computed: few places, used again as soon as nobody needs what was
 * there. Inputs are read just before the first step that needs them.
 */
public final class Registers {
    private final int[] place; // of each value
    private final List<int[]> reads = new ArrayList<>(); // for each step the inputs that it is the first to need
    private int count;

    /** Plans a formula. */
    public Registers(Formula formula) {
        int inputs = formula.inputs();
        int steps = formula.steps().size();
        int[] lastUse = lastUses(formula);
        place = new int[formula.values()];
        Arrays.fill(place, -1);
        BitSet taken = new BitSet();
        for (int s = 0; s < steps; s++) {
            int[] operands = operands(formula.steps().get(s));
            int[] first = new int[operands.length];
            int fresh = 0;
            for (int v : operands) {
                if (v < inputs && place[v] < 0) {
                    place[v] = take(taken);
                    first[fresh++] = v;
                }
            }
            reads.add(Arrays.copyOf(first, fresh));
            for (int v : operands) {
                if (lastUse[v] == s) {
                    taken.clear(place[v]); // the result may take its place: each element is read before it is written
                }
            }
            place[inputs + s] = take(taken);
            if (lastUse[inputs + s] < 0) {
                taken.clear(place[inputs + s]);
            }
        }
    }

    private int take(BitSet taken) {
        int free = taken.nextClearBit(0);
        taken.set(free);
        count = Math.max(count, free + 1);
        return free;
    }

    private static int[] lastUses(Formula formula) {
        int[] last = new int[formula.values()];
        Arrays.fill(last, -1);
        for (int s = 0; s < formula.steps().size(); s++) {
            for (int v : operands(formula.steps().get(s))) {
                last[v] = s;
            }
        }
        return last;
    }

    private static int[] operands(Formula.Step step) {
        if (step instanceof Formula.Step.Function f) {
            return new int[] {f.x()};
        }
        return step instanceof Formula.Step.Pair p ? new int[] {p.a(), p.b()} : new int[0];
    }

    /** Returns how many places there are. */
    public int count() {
        return count;
    }

    /** Returns the place of a value. */
    public int of(int value) {
        return place[value];
    }

    /** Returns the inputs to read before a step. */
    public int[] readBefore(int step) {
        return reads.get(step);
    }
}
