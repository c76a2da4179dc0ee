package org.atelier4j.examples;

import java.util.Arrays;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.Gradients;
import org.atelier4j.tensor.autograd.UnaryOp;
import org.atelier4j.tensor.kernel.Kernels;

/**
 * A differentiable operation that the library does not have, in one record: forward in plain Java, backward in tensor
 * operations. The program prints its derivative beside the one by finite differences, and the second derivative, which
 * needed no code.
 *
 * <pre>{@code
 * java -cp examples/target/atelier.jar org.atelier4j.examples.WriteYourOwnOp
 * }</pre>
 */
public final class WriteYourOwnOp {
    private WriteYourOwnOp() {}

    // region op
    /**
     * Snake (Ziyin et al. 2020, "Neural networks fail to learn periodic functions", eq. 3):
     * {@code y = x + sin²(a·x)/a}; hence {@code dx = dy ⊙ (1 + sin(2a·x))}.
     *
     * @param a frequency, &gt; 0
     */
    public record Snake(double a) implements UnaryOp {

        @Override
        public Tensor forward(Kernels kernels, Tensor x) {
            double[] y = x.toDoubles();
            for (int i = 0; i < y.length; i++) {
                double sine = Math.sin(a * y[i]);
                y[i] += sine * sine / a;
            }
            return Tensor.of(y, x.shape().dims()).to(x.dtype());
        }

        @Override
        public Tensor backward(Tensor x, Tensor y, Tensor dy) {
            return dy.mul(x.mul(2 * a).sin().add(1));
        }
    }
    // endregion

    /** Prints three rows of numbers. */
    public static void main(String[] args) {
        Snake snake = new Snake(1.5);
        Tensor x = Tensor.of(new double[] {-2, -0.5, 0, 0.7, 3}).requireGradient();
        double h = 1e-5;

        Tensor first = Gradients.withGraph(snake.apply(x).sum(), x).get(x);
        Tensor second = first.sum().backward().get(x);
        Tensor byDifferences = snake.apply(x.add(h)).sub(snake.apply(x.sub(h))).div(2 * h);

        System.out.println("first derivative       " + Arrays.toString(first.toFloats()));
        System.out.println("by finite differences  " + Arrays.toString(byDifferences.toFloats()));
        System.out.println("second derivative      " + Arrays.toString(second.toFloats()));
    }
}
