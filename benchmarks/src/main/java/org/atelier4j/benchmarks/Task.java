package org.atelier4j.benchmarks;

import java.util.List;
import java.util.Locale;
import org.atelier4j.benchmarks.network.AutoencoderNetwork;
import org.atelier4j.benchmarks.network.GanNetwork;
import org.atelier4j.benchmarks.network.NerfNetwork;
import org.atelier4j.benchmarks.network.Network;
import org.atelier4j.benchmarks.network.Numbers;
import org.atelier4j.benchmarks.network.PixelCnnNetwork;
import org.atelier4j.benchmarks.network.TransformerNetwork;
import org.atelier4j.benchmarks.network.UNetNetwork;
import org.atelier4j.benchmarks.network.VqVaeNetwork;
import org.atelier4j.tensor.Check;

/** What is measured: one piece of work with its sizes. Images are (B, H, W, C), convolution weights (O, C, kH, kW). */
public sealed interface Task {

    /** Returns the name by which the task is chosen and reported, as {@code matmul-1024}. */
    String name();

    /** Returns the suite of JMH to which the task belongs. */
    Class<? extends TaskBenchmark> suite();

    /** Returns the largest relative error of results at which engines still have done the same. */
    default double tolerance() {
        return Numbers.TOLERANCE;
    }

    /** Returns the same for gradients. */
    default double gradientTolerance() {
        return Numbers.TOLERANCE;
    }

    // --- networks ---------------------------------------------------------------------------------------------------

    /** Forward, backward and AdamW of a network, and whatever else belongs to a step of its training. */
    record Step(Network network, int batch) implements Task {
        @Override
        public String name() {
            return network.name() + "-step-" + batch;
        }

        @Override
        public Class<? extends TaskBenchmark> suite() {
            return StepBenchmark.class;
        }

        @Override
        public double gradientTolerance() {
            return network.isSmooth() ? Numbers.TOLERANCE : Numbers.WITH_KINKS;
        }
    }

    /** A step whose products are of factors rounded to bfloat16, see {@link org.atelier4j.tensor.device.Precision}. */
    record RoundedStep(Network network, int batch) implements Task {
        /** Two engines round at different places; each is within 1e-2 of exact products, and gradients gather many of them. */
        private static final double ROUNDED = 2e-2;

        private static final double ROUNDED_GRADIENTS = 1e-1;

        @Override
        public String name() {
            return network.name() + "-bf16-step-" + batch;
        }

        @Override
        public Class<? extends TaskBenchmark> suite() {
            return StepBenchmark.class;
        }

        @Override
        public double tolerance() {
            return ROUNDED;
        }

        @Override
        public double gradientTolerance() {
            return ROUNDED_GRADIENTS;
        }
    }

    /** What a network is used for, in evaluation mode, nothing recorded. */
    record Forward(Network network, int batch) implements Task {
        @Override
        public String name() {
            return network.name() + "-forward-" + batch;
        }

        @Override
        public Class<? extends TaskBenchmark> suite() {
            return ForwardBenchmark.class;
        }
    }

    /** Whole grids of codes, drawn one code after the other with a cache of what was read. */
    record Sample(TransformerNetwork network, int batch) implements Task {
        @Override
        public String name() {
            return network.name() + "-sample-" + batch;
        }

        @Override
        public Class<? extends TaskBenchmark> suite() {
            return ForwardBenchmark.class;
        }
    }

    // --- single operations ------------------------------------------------------------------------------------------

    /** An operation in which models spend their time. */
    sealed interface Kernel extends Task {

        /** Returns its arithmetic, in operations; an exponential, a square root or a quotient counts as one. */
        double flops();

        /** Returns how many numbers it must at least read and write, each counted once. */
        double traffic();

        @Override
        default Class<? extends TaskBenchmark> suite() {
            return KernelBenchmark.class;
        }
    }

    /** {@code a·b} for (batch, m, k) and (batch, k, n); plain matrices where batch is 1. */
    record MatMul(int batch, int m, int k, int n) implements Kernel {
        @Override
        public String name() {
            return batch == 1 ? "matmul-" + m : "batched-matmul-" + batch + "x" + m + "x" + k;
        }

        @Override
        public double flops() {
            return 2.0 * batch * m * k * n;
        }

        @Override
        public double traffic() {
            return (double) batch * ((double) m * k + (double) k * n + (double) m * n);
        }
    }

    /**
     * The nearest of {@code codes} vectors for each of {@code points}, all of {@code width} numbers.
     *
     * <p>Engines may find another code where two are as near as rounding can tell; results are squared distances.
     *
     * @param whole whether the library writes all distances before it looks at them, as other engines do in any case
     */
    record NearestCode(int points, int codes, int width, boolean whole) implements Kernel {
        @Override
        public String name() {
            return (whole ? "nearest-code-whole-" : "nearest-code-") + points + "x" + codes + "x" + width;
        }

        @Override
        public double flops() {
            return 2.0 * points * codes * width;
        }

        @Override
        public double traffic() {
            return (double) points * width + (double) codes * width + points;
        }
    }

    /** Softmax over the last axis of (batch, rows, length). */
    record Softmax(int batch, int rows, int length) implements Kernel {
        @Override
        public String name() {
            return "softmax-" + batch + "x" + rows + "x" + length;
        }

        @Override
        public double flops() {
            return 5.0 * batch * rows * length; // maximum, difference, exponential, sum, quotient
        }

        @Override
        public double traffic() {
            return 2.0 * batch * rows * length;
        }
    }

    /** {@code x·σ(x)} of so many numbers. */
    record Silu(int size) implements Kernel {
        @Override
        public String name() {
            return "silu-" + millions(size);
        }

        @Override
        public double flops() {
            return 4.0 * size; // exponential, sum, quotient, product
        }

        @Override
        public double traffic() {
            return 2.0 * size;
        }
    }

    /** Group norm with weight and bias, its gradients, or both followed by SiLU. */
    record GroupNorm(Image image, int groups, boolean silu, boolean backward) implements Kernel {
        @Override
        public String name() {
            return "group-norm-" + (silu ? "silu-" : "") + (backward ? "backward-" : "") + image;
        }

        @Override
        public double flops() {
            int each = backward ? 11 : 7; // sums of x and x², or of dy and x̂·dy; then the affine map
            return (double) (each + (silu ? 4 : 0)) * image.size();
        }

        @Override
        public double traffic() {
            return (backward ? 3.0 : 2.0) * image.size();
        }
    }

    /** A 3×3 convolution of stride 1 and padding 1 with bias, or its gradient in the input or in weight and bias. */
    record Conv(Image image, int out, Pass pass) implements Kernel {
        private static final int TAPS = 9;

        @Override
        public String name() {
            return "conv3x3-" + pass.name().toLowerCase(Locale.ROOT).replace('_', '-') + "-" + image;
        }

        @Override
        public double flops() {
            return 2.0 * TAPS * image.size() * out;
        }

        @Override
        public double traffic() {
            return image.size() + (double) image.size() / image.channels() * out + TAPS * image.channels() * out;
        }
    }

    /** Which of a convolution's three functions. */
    enum Pass {
        /** y from x and w. */
        FORWARD,
        /** dx from dy and w. */
        BACKWARD_INPUT,
        /** dw and db from x and dy. */
        BACKWARD_WEIGHT
    }

    /** {@code x + bias}, one number per channel. */
    record BiasAdd(Image image) implements Kernel {
        @Override
        public String name() {
            return "bias-add-" + image;
        }

        @Override
        public double flops() {
            return image.size();
        }

        @Override
        public double traffic() {
            return 2.0 * image.size();
        }
    }

    /** One step of Adam over so many parameters. */
    record Adam(int size) implements Kernel {
        @Override
        public String name() {
            return "adam-" + millions(size);
        }

        @Override
        public double flops() {
            return 12.0 * size; // two averages, two corrections, square root, quotient, the step
        }

        @Override
        public double traffic() {
            return 7.0 * size; // parameter, gradient and both averages in; all but the gradient out
        }
    }

    /**
     * A chain of recorded additions, products and activations of 16 numbers each: what an operation costs when its
     * arithmetic costs nothing. Times are given for one operation.
     *
     * @param backward whether the chain is also differentiated
     */
    record SmallOps(boolean backward) implements Task {
        /** Length of the chain. */
        public static final int COUNT = 120;

        /** Numbers per tensor. */
        public static final int SIZE = 16;

        @Override
        public String name() {
            return backward ? "small-op-backward" : "small-op";
        }

        @Override
        public Class<? extends TaskBenchmark> suite() {
            return OverheadBenchmark.class;
        }
    }

    /** A batch of images. */
    record Image(int batch, int height, int width, int channels) {

        /** Returns the number of values. */
        public int size() {
            return batch * height * width * channels;
        }

        /** Returns batch, height, width, channels. */
        public int[] shape() {
            return new int[] {batch, height, width, channels};
        }

        @Override
        public String toString() {
            return batch + "x" + height + "x" + width + "x" + channels;
        }
    }

    // --- all of them ------------------------------------------------------------------------------------------------

    /** The product that shows how fast the machine can compute. */
    Kernel COMPUTE_ROOF = new MatMul(1, 2048, 2048, 2048);

    /** The sum, of more numbers than any cache holds, that shows how fast it can read and write. */
    Kernel MEMORY_ROOF = new BiasAdd(new Image(64, 64, 64, 128));

    /** Returns every task that is measured, in the order of the report: what tells most comes first. */
    static List<Task> all() {
        Image wide = new Image(64, 32, 32, 64);
        Image deep = new Image(64, 16, 16, 128);
        Image few = new Image(16, 32, 32, 64);
        return List.of(
                new Step(UNetNetwork.benchmark(), 64),
                new Step(VqVaeNetwork.fashionMnist(), 32),
                new Step(TransformerNetwork.prior(), 32),
                new Step(PixelCnnNetwork.fashionMnist(), 16),
                new Step(TransformerNetwork.gpt(), 32),
                new Step(NerfNetwork.paper(), 4096),
                new Step(GanNetwork.dcgan(), 64),
                new Step(AutoencoderNetwork.standard(), 64),
                new Step(UNetNetwork.small(), 8),
                new RoundedStep(UNetNetwork.benchmark(), 64),
                new Sample(TransformerNetwork.prior(), 64),
                new Forward(UNetNetwork.benchmark(), 1),
                new Forward(UNetNetwork.benchmark(), 16),
                new Forward(VqVaeNetwork.fashionMnist(), 1),
                new Forward(VqVaeNetwork.fashionMnist(), 32),
                new Forward(PixelCnnNetwork.fashionMnist(), 1),
                new Forward(TransformerNetwork.gpt(), 1),
                new Forward(NerfNetwork.paper(), 4096),
                new Forward(GanNetwork.dcgan(), 1),
                new Forward(AutoencoderNetwork.standard(), 1),
                COMPUTE_ROOF,
                MEMORY_ROOF,
                new MatMul(1, 256, 256, 256),
                new MatMul(1, 1024, 1024, 1024),
                new MatMul(64, 256, 32, 256),
                new NearestCode(16_384, 1024, 64, false),
                new NearestCode(16_384, 1024, 64, true),
                new Softmax(64, 256, 256),
                new Silu(1 << 20),
                new Silu(1 << 22),
                new GroupNorm(wide, 32, false, false),
                new GroupNorm(wide, 32, true, false),
                new GroupNorm(wide, 32, false, true),
                new GroupNorm(wide, 32, true, true),
                new GroupNorm(deep, 32, false, false),
                new GroupNorm(deep, 32, true, false),
                new GroupNorm(deep, 32, false, true),
                new GroupNorm(deep, 32, true, true),
                new Conv(few, 64, Pass.FORWARD),
                new Conv(few, 64, Pass.BACKWARD_INPUT),
                new Conv(few, 64, Pass.BACKWARD_WEIGHT),
                new BiasAdd(few),
                new Adam(1 << 20),
                new SmallOps(false),
                new SmallOps(true));
    }

    /** Returns the task of a name. */
    static Task named(String name) {
        List<Task> all = all();
        Task found = all.stream().filter(t -> t.name().equals(name)).findFirst().orElse(null);
        Check.that(
                found != null,
                "task must be one of %s, got %s",
                all.stream().map(Task::name).toList(),
                name);
        return java.util.Objects.requireNonNull(found);
    }

    private static String millions(int size) {
        return (size >> 20) + "M";
    }
}
