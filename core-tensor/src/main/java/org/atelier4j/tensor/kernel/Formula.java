package org.atelier4j.tensor.kernel;

import java.util.List;
import org.atelier4j.tensor.Check;

/**
 * What one pass over memory does with each element: steps, each a function of what earlier ones gave. It knows neither
 * tensors nor numbers, only how many there are, so that providers can compile it once;
 * {@link org.atelier4j.tensor.Expression} makes it.
 *
 * <p>Values are numbered: first one for each input, then one for each step.
 *
 * @param inputs how many tensors are read, from 1 to {@value #MOST_INPUTS}
 * @param numbers how many numbers are told at each call, up to {@value #MOST_NUMBERS}
 * @param steps in an order in which each comes after those that it needs
 * @param outputs which values are written, up to {@value #MOST_OUTPUTS}, each that of a step
 */
public record Formula(int inputs, int numbers, List<Step> steps, List<Integer> outputs) {
    private static final int MOST_INPUTS = 20;
    private static final int MOST_NUMBERS = 128;
    /** How many results a formula may have. */
    public static final int MOST_OUTPUTS = 8;

    /** How a value comes from earlier ones. */
    public sealed interface Step {

        /** The same for every element: number {@code index} of those told at the call. */
        record Number(int index) implements Step {}

        /** {@code f(x)}, its constants being numbers {@code first} and {@code first + 1} if it has any. */
        record Function(Unary.Function f, int x, int first) implements Step {

            /** Returns the function with its constants. */
            public Unary with(double[] numbers) {
                return f.hasConstants() ? new Unary(f, numbers[first], numbers[first + 1]) : Unary.of(f);
            }
        }

        /** {@code f(a, b)}; comparisons give 1 or 0. */
        record Pair(Binary f, int a, int b) implements Step {
            /** Checks the function. */
            public Pair {
                Check.that(f != Binary.POW, "Formula: POW is not taken, got %s", f);
            }
        }
    }

    /** Copies the lists and checks the sizes. */
    public Formula {
        steps = List.copyOf(steps);
        outputs = List.copyOf(outputs);
        Check.that(
                inputs >= 1 && inputs <= MOST_INPUTS && numbers <= MOST_NUMBERS,
                "Formula: there must be 1 to %d tensors and at most %d numbers, got %d and %d",
                MOST_INPUTS,
                MOST_NUMBERS,
                inputs,
                numbers);
        Check.that(
                !outputs.isEmpty() && outputs.size() <= MOST_OUTPUTS,
                "Formula: there must be 1 to %d results, got %d",
                MOST_OUTPUTS,
                outputs.size());
        for (int output : outputs) {
            Check.that(
                    output >= inputs && output < inputs + steps.size(),
                    "Formula: a result must be the value of a step, from %d to %d, got %d",
                    inputs,
                    inputs + steps.size() - 1,
                    output);
        }
    }

    /** Returns how many values there are. */
    public int values() {
        return inputs + steps.size();
    }
}
