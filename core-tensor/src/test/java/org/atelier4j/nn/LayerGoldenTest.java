package org.atelier4j.nn;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Stream;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.GoldenFile;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.autograd.Gradients;
import org.atelier4j.tensor.autograd.NoGrad;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every layer gives PyTorch's values and gradients under PyTorch's parameter names ({@code golden/layers.py}). */
class LayerGoldenTest {
    private static final GoldenFile GOLDEN = GoldenFile.load("golden/layers.safetensors");
    private static final Rng RNG = Rng.of(7);

    private record Case(String name, Layer layer, Function<List<Tensor>, Tensor> forward, boolean training) {}

    private final List<Case> cases = new ArrayList<>();

    private void unary(String name, UnaryLayer layer) {
        cases.add(new Case(name, layer, in -> layer.forward(in.get(0)), true));
    }

    private void evaluating(String name, UnaryLayer layer) {
        cases.add(new Case(name, layer, in -> layer.forward(in.get(0)), false));
    }

    private <L extends Layer> void many(String name, L layer, BiFunction<L, List<Tensor>, Tensor> forward) {
        cases.add(new Case(name, layer, in -> forward.apply(layer, in), true));
    }

    private List<Case> cases() {
        unary("linear", new Linear(5, 7, RNG));
        unary("linear_no_bias", new Linear(Linear.Config.of(5, 7).withoutBias(), RNG));
        unary("conv1d", new Conv1d(4, 6, 5, 2, 2, RNG));
        unary("conv2d", new Conv2d(4, 6, 3, 1, 1, RNG));
        unary("conv2d_stride", new Conv2d(3, 8, 3, 2, 1, RNG));
        ConvConfig dilated = ConvConfig.of2d(4, 6, 3).withDilation(2).withPadding(2);
        unary("conv2d_dilated", new Conv2d(dilated.withGroups(2).withoutBias(), RNG));
        unary("conv2d_depthwise", new Conv2d(ConvConfig.of2d(6, 6, 3).withGroups(6), RNG));
        unary("conv2d_pointwise", new Conv2d(5, 4, 1, 1, 0, RNG));
        unary("conv2d_kernel", new Conv2d(ConvConfig.of(4, 4, Shape.of(1, 5)), RNG));
        unary("conv3d", new Conv3d(2, 4, 3, 1, 1, RNG));
        Conv2d same = new Conv2d(4, 6, 3, 1, 1, RNG);
        many("conv2d_residual", same, (l, in) -> l.forward(in.get(0), in.get(1)));
        Conv2d plain = new Conv2d(ConvConfig.of2d(4, 6, 3).withoutBias(), RNG);
        many("conv2d_residual_no_bias", plain, (l, in) -> l.forward(in.get(0), in.get(1)));
        unary("conv_transpose2d", new ConvTranspose2d(4, 6, 4, 2, 1, RNG));
        ConvConfig up = ConvConfig.of2d(4, 6, 3).withStride(2).withGroups(2);
        unary("conv_transpose2d_output_padding", new ConvTranspose2d(up, 1, RNG));
        ConvConfig wide = ConvConfig.of2d(4, 3, 3).withDilation(2).withoutBias();
        unary("conv_transpose2d_dilated", new ConvTranspose2d(wide, 0, RNG));
        norms();
        unary("spectral_linear", new SpectralNorm<>(new Linear(5, 7, RNG), RNG));
        unary("spectral_conv2d", new SpectralNorm<>(new Conv2d(3, 5, 3, 1, 1, RNG), RNG));
        unary("spectral_conv_transpose2d", new SpectralNorm<>(new ConvTranspose2d(3, 5, 4, 2, 1, RNG), RNG));
        evaluating("spectral_evaluating", new SpectralNorm<>(new Conv2d(3, 5, 3, 1, 1, RNG), RNG));
        unary("embedding", new Embedding(7, 5, RNG));
        attention();
        unary("upsample", Upsample.withConv(4, RNG));
        unary("upsample_nearest", Upsample.nearest());
        unary("downsample", Downsample.withConv(4, RNG));
        unary("downsample_average", Downsample.averagePool());
        unary("timestep_embedding", new TimestepEmbedding(SinusoidalEmbedding.ddpm(8), 12, RNG));
        unary("position_embedding", new PositionEmbedding(6, 4, RNG));
        Sequential chain = new Sequential(
                new Linear(4, 6, RNG),
                Activation.silu(),
                new LayerNorm(6),
                new Linear(6, 3, RNG),
                Activation.leakyRelu(0.2));
        unary("sequential", chain);
        unary("activation_relu", Activation.relu());
        unary("activation_silu", Activation.silu());
        unary("activation_gelu", Activation.gelu());
        unary("activation_gelu_tanh", Activation.geluTanh());
        unary("activation_sigmoid", Activation.sigmoid());
        unary("activation_tanh", Activation.tanh());
        return cases;
    }

    private void norms() {
        unary("group_norm", new GroupNorm(3, 6));
        unary(
                "group_norm_silu",
                new GroupNorm(GroupNorm.Config.of(2, 8).withEps(1e-6).withSilu()));
        unary("group_norm_rows", new GroupNorm(2, 8));
        unary("group_norm_volume", new GroupNorm(GroupNorm.Config.of(2, 4).withoutAffine()));
        GroupNorm adaptive = new GroupNorm(GroupNorm.Config.of(2, 6).withSilu());
        many("group_norm_adaptive", adaptive, (l, in) -> l.forward(in.get(0), in.get(1), in.get(2)));
        unary("layer_norm", new LayerNorm(6));
        unary("rms_norm", new RmsNorm(6));
        unary("instance_norm", new InstanceNorm(4));
        unary("instance_norm_affine", new InstanceNorm(4, true));
        unary("batch_norm", new BatchNorm2d(new BatchNorm2d.Config(4, 1e-5, 0.3, true)));
        evaluating("batch_norm_evaluating", new BatchNorm2d(new BatchNorm2d.Config(4, 1e-5, 0.3, true)));
    }

    private void attention() {
        unary("attention", new MultiHeadAttention(MultiHeadAttention.Config.self(8, 2), RNG));
        MultiHeadAttention causal = new MultiHeadAttention(MultiHeadAttention.Config.self(8, 4), RNG);
        many("attention_causal", causal, (l, in) -> l.forward(in.get(0), in.get(0), AttentionMask.CAUSAL));
        MultiHeadAttention.Config cross = MultiHeadAttention.Config.cross(8, 6, 2);
        many("attention_cross", new MultiHeadAttention(cross, RNG), (l, in) -> l.forward(in.get(0), in.get(1)));
        AttentionMask mask = AttentionMask.allowing(GOLDEN.tensor("attention_masked.mask"));
        many("attention_masked", new MultiHeadAttention(cross, RNG), (l, in) -> l.forward(in.get(0), in.get(1), mask));
    }

    @TestFactory
    Stream<DynamicTest> forwardAndAllGradientsEqualPyTorchs() {
        return cases().stream().map(c -> DynamicTest.dynamicTest(c.name(), () -> check(c, DType.FLOAT32, 2e-5, 2e-5)));
    }

    @TestFactory
    Stream<DynamicTest> forwardInBfloat16StaysNearFloat32() {
        return cases().stream()
                .filter(c -> GOLDEN.tensor(c.name() + ".x").dtype().isFloating())
                .map(c -> DynamicTest.dynamicTest(c.name(), () -> checkBfloat16(c)));
    }

    @Test
    void everyGoldenCaseIsChecked() {
        List<String> checked = cases().stream().map(Case::name).toList();
        assertThat(GOLDEN.names().stream().filter(n -> n.endsWith(".dy")).map(n -> n.replace(".dy", "")))
                .containsExactlyInAnyOrderElementsOf(checked);
    }

    @Test
    void attentionEqualsPyTorchsOwnLayer() {
        MultiHeadAttention layer = new MultiHeadAttention(MultiHeadAttention.Config.self(8, 2), RNG);
        layer.load(state("attention_torch", "p"));
        TensorAssert.assertThat(layer.forward(GOLDEN.tensor("attention_torch.x")))
                .isCloseTo(GOLDEN.tensor("attention_torch.y"), 1e-5, 1e-5);
    }

    @Test
    void gradientPenaltiesAreDifferentiatedThroughLayers() {
        Sequential net = new Sequential(
                new Conv2d(3, 6, 3, 1, 1, RNG),
                new GroupNorm(GroupNorm.Config.of(2, 6).withSilu()),
                new BatchNorm2d(6),
                new ConvTranspose2d(6, 4, 4, 2, 1, RNG),
                Activation.gelu(),
                Downsample.averagePool(),
                new Linear(4, 2, RNG),
                Activation.tanh());
        Map<String, Tensor> all = state("penalty", "p");
        net.state().forEach(all::putIfAbsent); // the buffers
        net.load(all);
        Tensor x = GOLDEN.tensor("penalty.x").requireGradient();
        Tensor slope = Gradients.withGraph(net.forward(x).sum(), x).get(x);
        Tensor penalty = slope.square().sum();
        TensorAssert.assertThat(penalty.detach()).isCloseTo(GOLDEN.tensor("penalty.value"), 1e-4, 1e-4);
        Gradients g = penalty.backward();
        TensorAssert.assertThat(g.get(x)).isCloseTo(GOLDEN.tensor("penalty.dx"), 1e-3, 2e-3);
        net.parameters()
                .forEach((path, p) -> TensorAssert.assertThat(g.get(p))
                        .as(path)
                        .isCloseTo(GOLDEN.tensor("penalty.d." + path), 1e-3, 2e-3));
    }

    @Test
    void gradientsOfBfloat16RunsArriveInFloat32() {
        Linear layer = new Linear(5, 7, RNG);
        layer.load(state("linear", "p"));
        Tensor x = GOLDEN.tensor("linear.x").to(DType.BFLOAT16).requireGradient();
        Tensor dy = GOLDEN.tensor("linear.dy").to(DType.BFLOAT16);
        Gradients g = layer.forward(x).mul(dy).sum().backward();
        assertThat(g.get(x).dtype()).isEqualTo(DType.BFLOAT16);
        TensorAssert.assertThat(g.get(layer.weight())).isCloseTo(GOLDEN.tensor("linear.d.weight"), 0, 0.05);
    }

    private void check(Case c, DType dtype, double rtol, double atol) {
        load(c);
        List<Tensor> inputs = inputs(c, dtype, true);
        Tensor y = run(c, inputs);
        TensorAssert.assertThat(y).isCloseTo(GOLDEN.tensor(c.name() + ".y"), rtol, atol);
        boolean differentiable = y.node() != null;
        assertThat(differentiable).isTrue();
        Gradients g = y.mul(GOLDEN.tensor(c.name() + ".dy")).sum().backward();
        for (int i = 0; i < inputs.size(); i++) {
            if (inputs.get(i).dtype().isFloating()) {
                TensorAssert.assertThat(g.get(inputs.get(i)))
                        .as("gradient of input %d", i)
                        .isCloseTo(GOLDEN.tensor(c.name() + ".dx" + suffix(i)), rtol, atol);
            }
        }
        c.layer()
                .parameters()
                .forEach((path, p) -> TensorAssert.assertThat(g.get(p))
                        .as("gradient of %s", path)
                        .isCloseTo(GOLDEN.tensor(c.name() + ".d." + path), rtol, 4 * atol));
        state(c.name(), "a")
                .forEach((path, expected) -> TensorAssert.assertThat(
                                c.layer().state().get(path).to(expected.dtype()))
                        .as("buffer %s after the forward pass", path)
                        .isCloseTo(expected, rtol, atol));
    }

    /** The error of bfloat16 (8 bits) is measured in units of the largest output. */
    private void checkBfloat16(Case c) {
        load(c);
        Tensor y;
        try (NoGrad off = NoGrad.open()) {
            y = run(c, inputs(c, DType.BFLOAT16, false));
        }
        assertThat(y.dtype()).isEqualTo(DType.BFLOAT16);
        Tensor expected = GOLDEN.tensor(c.name() + ".y");
        double largest = expected.abs().max().item();
        TensorAssert.assertThat(y.to(DType.FLOAT32)).isFinite().isCloseTo(expected, 0, 2e-2 * Math.max(1, largest));
    }

    private static Tensor run(Case c, List<Tensor> inputs) {
        try (Layer.Mode mode = c.training() ? c.layer().training() : c.layer().evaluating()) {
            return c.forward().apply(inputs);
        }
    }

    private static List<Tensor> inputs(Case c, DType dtype, boolean leaves) {
        List<Tensor> inputs = new ArrayList<>();
        for (int i = 0; GOLDEN.names().contains(c.name() + ".x" + suffix(i)); i++) {
            Tensor x = GOLDEN.tensor(c.name() + ".x" + suffix(i));
            x = x.dtype().isFloating() ? x.to(dtype) : x;
            inputs.add(leaves && x.dtype().isFloating() ? x.requireGradient() : x);
        }
        return inputs;
    }

    private static String suffix(int i) {
        return i == 0 ? "" : Integer.toString(i + 1);
    }

    private static void load(Case c) {
        Map<String, Tensor> all = state(c.name(), "p");
        all.putAll(state(c.name(), "b"));
        c.layer().load(all);
    }

    private static Map<String, Tensor> state(String name, String kind) {
        String prefix = name + "." + kind + ".";
        Map<String, Tensor> found = new LinkedHashMap<>();
        for (String key : GOLDEN.names()) {
            if (key.startsWith(prefix)) {
                found.put(key.substring(prefix.length()), GOLDEN.tensor(key));
            }
        }
        return found;
    }
}
