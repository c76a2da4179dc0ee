package org.atelier4j.nn;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.atelier4j.tensor.Einsum;
import org.atelier4j.tensor.GoldenCases;
import org.atelier4j.tensor.GoldenFile;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.TensorFunction;
import org.atelier4j.tensor.kernel.Convolution;
import org.atelier4j.tensor.kernel.Interpolation;
import org.atelier4j.tensor.kernel.Norm;
import org.atelier4j.tensor.op.Normalize;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Functions and their gradients equal PyTorch's; the files are made by {@code src/test/golden/functions.py, images.py}. */
class FunctionsGoldenTest {
    private final Map<String, TensorFunction> cases = new LinkedHashMap<>();

    @TestFactory
    Stream<DynamicTest> losses() {
        cases.put("mse", in -> Losses.mse(in[0], in[1]));
        cases.put("l1", in -> Losses.l1(in[0], in[1]));
        cases.put("huber", in -> Losses.huber(in[0], in[1], 0.7));
        cases.put("smoothL1", in -> Losses.smoothL1(in[0], in[1], 0.5));
        cases.put("bce", in -> Losses.binaryCrossEntropy(in[0], in[1]));
        cases.put("bceElements", in -> Losses.binaryCrossEntropies(in[0], in[1]));
        cases.put("crossEntropy", in -> Losses.crossEntropy(in[0], in[1]));
        cases.put("crossEntropySmoothed", in -> Losses.crossEntropy(in[0], in[1], new Losses.ClassTargets(0.1, -100)));
        cases.put("crossEntropyIgnored", in -> Losses.crossEntropy(in[0], in[1]));
        cases.put(
                "crossEntropySmoothedIgnored",
                in -> Losses.crossEntropy(in[0], in[1], new Losses.ClassTargets(0.2, 2)));
        cases.put("crossEntropyTokens", in -> Losses.crossEntropy(in[0], in[1]));
        cases.put("crossEntropyItems", in -> Losses.crossEntropies(in[0], in[1], new Losses.ClassTargets(0.1, -100)));
        cases.put("standardNormal", in -> Losses.standardNormalDivergences(in[0], in[1]));
        cases.put("normals", in -> Losses.normalDivergences(in[0], in[1], in[2], in[3]));
        cases.put("categoricals", in -> Losses.categoricalDivergences(in[0], in[1]));
        cases.put("discriminatorHinge", in -> Losses.discriminatorHinge(in[0], in[1]));
        cases.put("generatorHinge", in -> Losses.generatorHinge(in[0]));
        return GoldenCases.of("golden/losses.safetensors", cases);
    }

    @TestFactory
    Stream<DynamicTest> attention() {
        AttentionMask padding = AttentionMask.lengths(7, 4, 7);
        cases.put("plain", in -> Attention.of(in[0], in[1], in[2]));
        cases.put("causal", in -> Attention.of(in[0], in[1], in[2], AttentionMask.CAUSAL));
        cases.put("cross", in -> Attention.of(in[0], in[1], in[2]));
        cases.put("causalTail", in -> Attention.of(in[0], in[1], in[2], AttentionMask.CAUSAL));
        cases.put("padding", in -> Attention.of(in[0], in[1], in[2], padding));
        cases.put("causalPadding", in -> Attention.of(in[0], in[1], in[2], AttentionMask.CAUSAL.and(padding)));
        cases.put("boolean", in -> Attention.of(in[0], in[1], in[2], AttentionMask.allowing(in[3])));
        cases.put("additive", in -> Attention.of(in[0], in[1], in[2], AttentionMask.adding(in[3])));
        Tensor past = Tensor.arange(7).lessEqual(Tensor.of(new int[] {2, 3, 4, 5, 6}, 5, 1));
        Tensor infinite = Tensor.where(past, Tensor.scalar(0), Tensor.scalar(Double.NEGATIVE_INFINITY));
        cases.put("additiveInfinite", in -> Attention.of(in[0], in[1], in[2], AttentionMask.adding(infinite)));
        return GoldenCases.of("golden/attention.safetensors", cases);
    }

    @TestFactory
    Stream<DynamicTest> einsum() {
        GoldenFile.load("golden/einsum.safetensors").names().stream()
                .filter(n -> n.endsWith(".out"))
                .map(n -> n.substring(0, n.lastIndexOf('.')))
                .forEach(equation -> cases.put(equation, in -> Einsum.of(equation, in)));
        return GoldenCases.of("golden/einsum.safetensors", cases);
    }

    @TestFactory
    Stream<DynamicTest> elementary() {
        activation("relu", Tensor::relu);
        activation("leakyRelu", x -> x.leakyRelu(0.2));
        activation("elu", x -> x.elu(1.3));
        activation("silu", Tensor::silu);
        activation("gelu", Tensor::gelu);
        activation("geluTanh", Tensor::geluTanh);
        activation("sigmoid", Tensor::sigmoid);
        activation("tanh", Tensor::tanh);
        activation("softplus", Tensor::softplus);
        cases.remove("softplusFar");
        activation("sin", Tensor::sin);
        activation("cos", Tensor::cos);
        activation("erf", Tensor::erf);
        activation("abs", Tensor::abs);
        activation("square", Tensor::square);
        activation("clamp", x -> x.clamp(-1.5, 0.5));
        activation("exp", x -> x.div(1000).exp());
        cases.put("log", in -> in[0].log());
        cases.put("sqrt", in -> in[0].sqrt());
        cases.put("rsqrt", in -> in[0].rsqrt());
        cases.put("reciprocal", in -> in[0].reciprocal());
        cases.put("pow", in -> in[0].pow(2.7));
        cases.put("powers", in -> in[0].pow(in[1]));
        cases.put("max", in -> in[0].max(in[1]));
        cases.put("min", in -> in[0].min(in[1]));
        cases.put("softmax", in -> in[0].softmax(-1));
        cases.put("softmaxMiddle", in -> in[0].softmax(1));
        cases.put("softmaxHuge", in -> in[0].softmax(-1));
        cases.put("logSoftmax", in -> in[0].logSoftmax(-1));
        cases.put("logSoftmaxHuge", in -> in[0].logSoftmax(-1));
        cases.put("logSumExp", in -> in[0].logSumExp(1));
        cases.put("logSumExpInfinite", in -> in[0].logSumExp(1));
        cases.put("sum", in -> in[0].sum(0, 2));
        cases.put("mean", in -> in[0].mean(0, 1));
        cases.put("variance", in -> in[0].variance(1, 2));
        cases.put("norm", in -> in[0].norm(2));
        cases.put("normOfZero", in -> in[0].norm(1));
        cases.put("amax", in -> in[0].max(1));
        cases.put("amin", in -> in[0].min(1));
        cases.put("prod", in -> in[0].prod(1));
        cases.put("cumsum", in -> in[0].cumulativeSum(1));
        cases.put("cumprod", in -> in[0].cumulativeProduct(1));
        cases.put("sortFalling", in -> in[0].sort(true));
        cases.put("sortRising", in -> in[0].sort(false));
        cases.put("topk", in -> in[0].gather(-1, in[0].topK(2)));
        cases.put("gather", in -> in[0].gather(1, in[1]));
        cases.put("embedding", in -> in[0].gatherRows(in[1]));
        cases.put("indexSelect", in -> in[0].indexSelect(1, in[1]));
        cases.put("scatterAdd", in -> in[0].scatterAdd(1, in[1], 6));
        cases.put("roll", in -> in[0].roll(1, 2));
        cases.put("flip", in -> in[0].flip(1));
        cases.put("tile", in -> in[0].tile(1, 2));
        cases.put("where", in -> Tensor.where(in[0], in[1], in[2]));
        return GoldenCases.of("golden/elementary.safetensors", cases);
    }

    private void activation(String name, java.util.function.UnaryOperator<Tensor> f) {
        cases.put(name, in -> f.apply(in[0]));
        cases.put(name + "Far", in -> f.apply(in[0]));
    }

    @TestFactory
    Stream<DynamicTest> convolutions() {
        for (int n = 1; n <= 3; n++) {
            conv(n, "Plain", 1, 0, 1, 1);
            conv(n, "Same", 1, 1, 1, 1);
            conv(n, "Strided", 2, 1, 1, 1);
            conv(n, "Dilated", 1, 1, 2, 1);
            conv(n, "Groups", 1, 1, 1, 2);
            conv(n, "DepthwiseStrided", 2, 1, 1, 4);
            conv(n, "Pointwise", 1, 0, 1, 1);
            transposed(n, "Plain", 1, 0, 0, 1, 1);
            transposed(n, "Doubling", 2, 1, 0, 1, 1);
            transposed(n, "OutputPadding", 2, 1, 1, 1, 1);
            transposed(n, "Groups", 2, 0, 1, 1, 2);
            transposed(n, "Dilated", 1, 1, 0, 2, 1);
        }
        Convolution uneven = new Convolution(Shape.of(2, 1), Shape.of(1, 2), Shape.of(1, 2), 1);
        cases.put("conv2dUneven", in -> Convolutions.conv(in[0], in[1], null, uneven));
        return GoldenCases.of("golden/convolutions.safetensors", cases);
    }

    private void conv(int n, String what, int stride, int padding, int dilation, int groups) {
        Convolution g = new Convolution(all(n, stride), all(n, padding), all(n, dilation), groups);
        cases.put("conv" + n + "d" + what, in -> Convolutions.conv(in[0], in[1], in[2], g));
    }

    private void transposed(int n, String what, int stride, int padding, int outputPadding, int dilation, int groups) {
        Convolution g = new Convolution(all(n, stride), all(n, padding), all(n, dilation), groups);
        cases.put(
                "convTranspose" + n + "d" + what, in -> Convolutions.transposed(in[0], in[1], in[2], g, outputPadding));
    }

    private static Shape all(int n, int value) {
        int[] values = new int[n];
        java.util.Arrays.fill(values, value);
        return Shape.of(values);
    }

    @TestFactory
    Stream<DynamicTest> resampling() {
        cases.put("averagePool", in -> in[0].averagePool(2, 2, 0));
        cases.put("averagePoolPadded", in -> in[0].averagePool(3, 2, 1));
        cases.put("maxPool", in -> in[0].maxPool(2, 2, 0));
        cases.put("maxPoolPadded", in -> in[0].maxPool(3, 2, 1));
        cases.put("adaptiveAverage", in -> Resampling.adaptiveAveragePool(in[0], 3, 4));
        cases.put("adaptiveAverageGlobal", in -> Resampling.adaptiveAveragePool(in[0], 1, 1));
        cases.put("adaptiveAverageLarger", in -> Resampling.adaptiveAveragePool(in[0], 7, 3));
        cases.put("adaptiveMax", in -> Resampling.adaptiveMaxPool(in[0], 3, 4));
        Map<String, int[]> sizes = Map.of(
                "Double",
                new int[] {10, 12},
                "Up",
                new int[] {7, 11},
                "Down",
                new int[] {2, 4},
                "Half",
                new int[] {2, 3},
                "Mixed",
                new int[] {8, 3},
                "One",
                new int[] {1, 1});
        sizes.forEach((name, size) -> {
            cases.put("nearest" + name, in -> in[0].resize(Interpolation.NEAREST, size[0], size[1]));
            cases.put("bilinear" + name, in -> in[0].resize(Interpolation.BILINEAR, size[0], size[1]));
        });
        cases.put("pixelShuffle", in -> Resampling.pixelShuffle(in[0], 2));
        cases.put("pixelShuffle3", in -> Resampling.pixelShuffle(in[0], 3));
        cases.put("pixelUnshuffle", in -> Resampling.pixelUnshuffle(in[0], 2));
        cases.put("padReflect", in -> in[0].padReflect(1, 1).padReflect(2, 2));
        cases.put("padReflectMost", in -> in[0].padReflect(1, 4));
        cases.put("padZero", in -> in[0].pad(1, 0, 3).pad(2, 2, 1));
        return GoldenCases.of("golden/resampling.safetensors", cases);
    }

    @TestFactory
    Stream<DynamicTest> norms() {
        cases.put("group", in -> byImage(new Norm(3, 1e-5, true, false), in));
        cases.put("groupSilu", in -> byImage(new Norm(2, 1e-6, true, true), in));
        cases.put("groupPlain", in -> byImage(new Norm(3, 1e-5, true, false), in));
        cases.put("groupAdaptive", in -> byImage(new Norm(3, 1e-5, true, true), in));
        cases.put("instance", in -> byImage(new Norm(6, 1e-5, true, false), in));
        cases.put("layer", in -> normalize(new Norm(1, 1e-5, true, false), Shape.of(24, 1, 6), in));
        cases.put("layerSilu", in -> normalize(new Norm(1, 1e-5, true, true), Shape.of(24, 1, 6), in));
        cases.put("rms", in -> normalize(new Norm(1, 1e-6, false, false), Shape.of(24, 1, 6), in));
        cases.put("batch", in -> normalize(new Norm(6, 1e-5, true, false), Shape.of(1, 24, 6), in));
        return GoldenCases.of("golden/norms.safetensors", cases);
    }

    private static Tensor byImage(Norm norm, Tensor... in) {
        return normalize(norm, Shape.of(2, 12, 6), in);
    }

    private static Tensor normalize(Norm norm, Shape view, Tensor... in) {
        Tensor[] inputs = in.clone();
        inputs[0] = in[0].reshape(view);
        return new Normalize(norm).apply(inputs).reshape(in[0].shape());
    }
}
