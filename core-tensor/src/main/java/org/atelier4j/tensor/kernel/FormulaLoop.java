package org.atelier4j.tensor.kernel;

import java.util.ArrayList;
import java.util.List;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/**
 * Evaluates a formula on the host, some thousand elements at a time: what lies between reading and writing stays in arrays
 * that fit into a core's cache. A subclass says what the arrays hold.
 *
 * @param <A> arrays of what is computed with, {@code float[]} or {@code double[]}
 */
public abstract class FormulaLoop<A> {

    /** For subclasses. */
    protected FormulaLoop() {}

    /** Evaluates, as {@link Kernels#evaluate}. */
    public final void run(Formula formula, List<Tensor> inputs, double[] numbers, List<Tensor> outputs) {
        Shape shape = outputs.get(0).shape();
        if (shape.size() == 0) {
            return;
        }
        Registers registers = new Registers(formula);
        List<Operand> from = inputs.stream().map(x -> new Operand(x, shape)).toList();
        List<Elements> to = outputs.stream().map(Elements::of).toList();
        Parallel.forTiles(to.get(0).size(), (lo, hi) -> {
            List<A> arrays = new ArrayList<>(registers.count());
            for (int i = 0; i < registers.count(); i++) {
                arrays.add(array(i, hi - lo));
            }
            tile(formula, registers, arrays, numbers, from, to, lo, hi - lo);
        });
    }

    private void tile(
            Formula formula,
            Registers registers,
            List<A> arrays,
            double[] numbers,
            List<Operand> from,
            List<Elements> to,
            int at,
            int n) {
        for (int s = 0; s < formula.steps().size(); s++) {
            for (int input : registers.readBefore(s)) {
                read(from.get(input), at, n, arrays.get(registers.of(input)));
            }
            int value = formula.inputs() + s;
            A result = arrays.get(registers.of(value));
            Formula.Step step = formula.steps().get(s);
            if (step instanceof Formula.Step.Number c) {
                fill(numbers[c.index()], result, n);
            } else if (step instanceof Formula.Step.Function f) {
                function(f.with(numbers), arrays.get(registers.of(f.x())), result, n);
            } else if (step instanceof Formula.Step.Pair p) {
                pair(p.f(), arrays.get(registers.of(p.a())), arrays.get(registers.of(p.b())), result, n);
            }
            for (int o = 0; o < to.size(); o++) {
                if (formula.outputs().get(o) == value) {
                    write(to.get(o), at, n, result);
                }
            }
        }
    }

    /** Returns array {@code slot} of this thread, for at least n numbers; few of them at a time are asked for. */
    protected abstract A array(int slot, int n);

    /** Reads an input. */
    protected abstract void read(Operand from, int at, int n, A to);

    /** Sets all numbers. */
    protected abstract void fill(double value, A to, int n);

    /** {@code y ← f(x)}; y may be x. */
    protected abstract void function(Unary f, A x, A y, int n);

    /** {@code y ← f(a, b)}; y may be a or b. */
    protected abstract void pair(Binary f, A a, A b, A y, int n);

    /** Writes a result. */
    protected abstract void write(Elements to, int at, int n, A from);
}
