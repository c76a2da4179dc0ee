package org.atelier4j.benchmarks;

import java.util.List;
import java.util.Locale;
import org.atelier4j.diffusion.unet.UNetConfig;
import org.atelier4j.tensor.Check;

/** What is measured: one piece of work with its sizes. Images are (B, H, W, C), convolution weights (O, C, kH, kW). */
public sealed interface Task {

    /** Returns the name by which the task is chosen and reported, as {@code matmul-1024}. */
    String name();

    /** Returns how many operations one run consists of; times are given for one. */
    default int operations() {
        return 1;
    }

    /** {@code a·b} for (batch, m, k) and (batch, k, n); plain matrices where batch is 1. */
    record MatMul(int batch, int m, int k, int n) implements Task {
        @Override
        public String name() {
            return batch == 1 ? "matmul-" + m : "batched-matmul-" + batch + "x" + m + "x" + k;
        }
    }

    /** Softmax over the last axis of (batch, rows, length). */
    record Softmax(int batch, int rows, int length) implements Task {
        @Override
        public String name() {
            return "softmax-" + batch + "x" + rows + "x" + length;
        }
    }

    /** {@code x·σ(x)} of so many numbers. */
    record Silu(int size) implements Task {
        @Override
        public String name() {
            return "silu-" + millions(size);
        }
    }

    /** Group norm with weight and bias, its gradients, or both followed by SiLU. */
    record GroupNorm(Image image, int groups, boolean silu, boolean backward) implements Task {
        @Override
        public String name() {
            return "group-norm-" + (silu ? "silu-" : "") + (backward ? "backward-" : "") + image;
        }
    }

    /** A 3×3 convolution of stride 1 and padding 1 with bias, or its gradient in the input or in weight and bias. */
    record Conv(Image image, int out, Pass pass) implements Task {
        @Override
        public String name() {
            return "conv3x3-" + pass.name().toLowerCase(Locale.ROOT).replace('_', '-') + "-" + image;
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
    record BiasAdd(Image image) implements Task {
        @Override
        public String name() {
            return "bias-add-" + image;
        }
    }

    /** One step of Adam over so many parameters. */
    record Adam(int size) implements Task {
        @Override
        public String name() {
            return "adam-" + millions(size);
        }
    }

    /**
     * A chain of recorded additions, products and activations of 16 numbers each: what an operation costs when its
     * arithmetic costs nothing.
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
        public int operations() {
            return COUNT;
        }
    }

    /** Forward, backward and AdamW of a U-Net. */
    record UNetStep(Network network, int batch) implements Task {
        @Override
        public String name() {
            return network.prefix + "unet-step-" + batch;
        }
    }

    /** Forward of a U-Net in evaluation mode, nothing recorded. */
    record UNetForward(Network network, int batch) implements Task {
        @Override
        public String name() {
            return network.prefix + "unet-forward-" + batch;
        }
    }

    /** Which U-Net. */
    enum Network {
        /** That of the benchmarks: 32×32, base 64, attention at 16 and 8. */
        BENCHMARK("", UNetConfig.benchmark()),
        /** A quarter of the width at 28×28, for long runs. */
        SMALL(
                "small-",
                new UNetConfig(
                        new UNetConfig.Images(28, 28, 1, 1),
                        new UNetConfig.Channels(16, List.of(1, 2, 2), 2, 8),
                        new UNetConfig.Attention(List.of(14, 7), 1),
                        new UNetConfig.Conditions(0, 0),
                        0));

        private final String prefix;
        private final UNetConfig config;

        Network(String prefix, UNetConfig config) {
            this.prefix = prefix;
            this.config = config;
        }

        /** Returns the sizes. */
        public UNetConfig config() {
            return config;
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

    /** Returns every task that is measured, in the order of the report. */
    static List<Task> all() {
        Image wide = new Image(64, 32, 32, 64);
        Image deep = new Image(64, 16, 16, 128);
        Image few = new Image(16, 32, 32, 64);
        return List.of(
                new UNetStep(Network.BENCHMARK, 64),
                new UNetForward(Network.BENCHMARK, 1),
                new UNetForward(Network.BENCHMARK, 16),
                new UNetStep(Network.SMALL, 8),
                new MatMul(1, 256, 256, 256),
                new MatMul(1, 1024, 1024, 1024),
                new MatMul(64, 256, 32, 256),
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
