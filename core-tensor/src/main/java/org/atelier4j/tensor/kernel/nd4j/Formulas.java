package org.atelier4j.tensor.kernel.nd4j;

import java.util.Arrays;
import org.atelier4j.tensor.kernel.Binary;
import org.atelier4j.tensor.kernel.Elements;
import org.atelier4j.tensor.kernel.FormulaLoop;
import org.atelier4j.tensor.kernel.Operand;
import org.atelier4j.tensor.kernel.Scratch;
import org.atelier4j.tensor.kernel.Unary;

/** Formulas of any floating type, computed in double precision. */
final class Formulas extends FormulaLoop<double[]> {

    @Override
    protected double[] array(int slot, int n) {
        return slot < Scratch.CALL ? Scratch.doubles(slot, n) : new double[n];
    }

    @Override
    protected void read(Operand from, int at, int n, double[] to) {
        from.get(at, n, to);
    }

    @Override
    protected void fill(double value, double[] to, int n) {
        Arrays.fill(to, 0, n, value);
    }

    @Override
    protected void function(Unary f, double[] x, double[] y, int n) {
        Elementwise.apply(f, x, y, n);
    }

    @Override
    protected void pair(Binary f, double[] a, double[] b, double[] y, int n) {
        Elementwise.apply(f, a, b, y, n);
    }

    @Override
    protected void write(Elements to, int at, int n, double[] from) {
        to.put(at, n, from, 0);
    }
}
