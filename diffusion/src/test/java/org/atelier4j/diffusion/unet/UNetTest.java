package org.atelier4j.diffusion.unet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import org.atelier4j.diffusion.Condition;
import org.atelier4j.diffusion.DenoisingLoss;
import org.atelier4j.diffusion.GaussianDiffusion;
import org.atelier4j.diffusion.NoiseSchedule;
import org.atelier4j.diffusion.Prediction;
import org.atelier4j.optim.Adam;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;
import org.atelier4j.tensor.device.HostPool;
import org.junit.jupiter.api.Test;

class UNetTest {
    private static UNetConfig small(int size, int classes, int contextWidth) {
        return new UNetConfig(
                new UNetConfig.Images(size, size, 1, 1),
                new UNetConfig.Channels(8, List.of(1, 2, 2), 1, 4),
                new UNetConfig.Attention(List.of(size / 2), 2),
                new UNetConfig.Conditions(classes, contextWidth),
                0);
    }

    /** A network whose zero-initialized layers were filled, so that everything has an effect. */
    private static UNet stirred(UNetConfig config) {
        UNet unet = new UNet(config, Rng.of(1));
        int[] i = new int[1];
        unet.parameters().forEach((path, p) -> {
            if (p.abs().max().item() == 0) {
                p.assign(Rng.of(2).split(i[0]++).normal(p.shape()).mul(0.2));
            }
        });
        return unet;
    }

    private static Tensor run(UNet unet, Tensor x, Condition condition) {
        try (NoGrad off = NoGrad.open()) {
            return unet.forward(x, Tensor.full(500, DType.FLOAT32, Shape.of(x.dim(0))), condition);
        }
    }

    @Test
    void theResultHasTheShapeOfTheImages() {
        UNet odd = new UNet(
                new UNetConfig(
                        new UNetConfig.Images(28, 12, 3, 5),
                        new UNetConfig.Channels(8, List.of(1, 2, 3), 2, 4),
                        new UNetConfig.Attention(List.of(7), 1),
                        new UNetConfig.Conditions(0, 0),
                        0),
                Rng.of(1));

        TensorAssert.assertThat(run(odd, Rng.of(2).normal(Shape.of(2, 28, 12, 3)), Condition.none()))
                .hasShape(2, 28, 12, 5);
    }

    /** The numbers are those of the same networks in PyTorch ({@code src/test/golden/unet.py}). */
    @Test
    void networksHaveAsManyParametersAsTheirSizesSay() {
        assertThat(new UNet(UNetConfig.fashionMnist(), Rng.of(1)).parameterCount())
                .isEqualTo(1_242_945);
        assertThat(new UNet(UNetConfig.benchmark(), Rng.of(1)).parameterCount()).isEqualTo(7_278_401);
        assertThat(new UNet(UNetConfig.paper(), Rng.of(1)).parameterCount()).isEqualTo(38_307_203);
    }

    @Test
    void theSmallModelFitsIntoEightMegabytes() {
        assertThat(new UNet(UNetConfig.fashionMnist(), Rng.of(1)).parameterCount() * 4)
                .isLessThan(8_000_000L - 100_000);
    }

    @Test
    void aNewNetworkPredictsZero() {
        UNet unet = new UNet(small(8, 3, 0), Rng.of(1));

        assertThat(run(unet, Rng.of(2).normal(Shape.of(2, 8, 8, 1)), Condition.labels(0, 1))
                        .abs()
                        .max()
                        .item())
                .isZero();
    }

    @Test
    void aNewBlockIsItsShortcut() {
        Tensor x = Rng.of(2).normal(Shape.of(2, 4, 4, 8));
        ResidualBlock block = new ResidualBlock(8, 8, small(8, 0, 0), Rng.of(1));
        AttentionBlock attention = new AttentionBlock(8, small(8, 0, 5), Rng.of(1));
        Condition context = Condition.context(Rng.of(3).normal(Shape.of(2, 3, 5)), null);

        TensorAssert.assertThat(
                        block.forward(x, Rng.of(4).normal(Shape.of(2, 32))).detach())
                .isIdenticalTo(x);
        TensorAssert.assertThat(attention.forward(x, context).detach()).isIdenticalTo(x);
    }

    @Test
    void timeAndClassChangeThePrediction() {
        UNet unet = stirred(small(8, 3, 0));
        Tensor x = Rng.of(3).normal(Shape.of(1, 8, 8, 1));
        Tensor at500 = run(unet, x, Condition.labels(0));
        Tensor at10;
        try (NoGrad off = NoGrad.open()) {
            at10 = unet.forward(x, Tensor.of(new float[] {10}, 1), Condition.labels(0));
        }

        assertThat(at500.sub(at10).abs().max().item()).isGreaterThan(1e-3);
        assertThat(at500.sub(run(unet, x, Condition.labels(1))).abs().max().item())
                .isGreaterThan(1e-3);
    }

    @Test
    void noLabelsMeanTheNullClass() {
        UNet unet = stirred(small(8, 3, 0));
        Tensor x = Rng.of(3).normal(Shape.of(2, 8, 8, 1));

        TensorAssert.assertThat(run(unet, x, Condition.none())).isIdenticalTo(run(unet, x, Condition.labels(3, 3)));
    }

    @Test
    void theContextChangesThePredictionAndMaskedTokensDoNot() {
        UNet unet = stirred(small(8, 0, 5));
        Tensor x = Rng.of(3).normal(Shape.of(1, 8, 8, 1));
        Tensor tokens = Rng.of(4).normal(Shape.of(1, 3, 5));
        Tensor padded = tokens.concat(Rng.of(5).normal(Shape.of(1, 2, 5)).mul(100), 1);
        Tensor mask = Tensor.of(new boolean[] {true, true, true, false, false}, 1, 5);

        Tensor plain = run(unet, x, Condition.context(tokens, null));
        TensorAssert.assertThat(run(unet, x, Condition.context(padded, mask))).isCloseTo(plain, 1e-5, 1e-6);
        assertThat(run(unet, x, Condition.context(padded, null))
                        .sub(plain)
                        .abs()
                        .max()
                        .item())
                .isGreaterThan(1e-3);
        assertThat(run(unet, x, Condition.context(tokens.mul(2), null))
                        .sub(plain)
                        .abs()
                        .max()
                        .item())
                .isGreaterThan(1e-3);
    }

    /** One network serves batches of all sizes in turn; kernels may sum in another order for each. */
    @Test
    void imagesOfABatchDoNotSeeEachOther() {
        UNet unet = stirred(UNetConfig.fashionMnist());
        Tensor x = Rng.of(3).normal(Shape.of(8, 28, 28, 1));
        int[] labels = {0, 1, 2, 10, 0, 5, 6, 9};

        Tensor one = run(unet, x.slice(0, 3, 1), Condition.labels(10));
        for (int count : new int[] {8, 5, 4}) {
            Condition condition = Condition.labels(Arrays.copyOf(labels, count));
            Tensor all = run(unet, x.slice(0, 0, count), condition);
            TensorAssert.assertThat(all.slice(0, 3, 1)).isCloseTo(one, 1e-3, 1e-4);
        }
    }

    /** Recording keeps the tensors of all blocks; drawing needs those of one, and what blocks give. The result is the same. */
    @Test
    void whatIsNotRecordedTakesLessMemory() {
        UNet unet = stirred(small(32, 3, 0));
        Tensor x = Rng.of(3).normal(Shape.of(4, 32, 32, 1));
        Tensor time = Tensor.full(500, DType.FLOAT32, Shape.of(4));
        Condition condition = Condition.labels(1).repeated(4);
        Tensor drawn = run(unet, x, condition); // weights are packed now

        try (TensorScope scope = TensorScope.open()) {
            HostPool.SHARED.trim();
            long before = HostPool.SHARED.reservedBytes();
            run(unet, x, condition);
            long drawing = HostPool.SHARED.reservedBytes() - before;
            HostPool.SHARED.trim();
            before = HostPool.SHARED.reservedBytes();
            Tensor recorded = unet.forward(x, time, condition);
            long recording = HostPool.SHARED.reservedBytes() - before;

            assertThat(drawing).isPositive().isLessThan(recording * 8 / 10); // 0.72; 1 if all is kept
            TensorAssert.assertThat(recorded).isCloseTo(drawn, 1e-5, 1e-6);
        }
    }

    @Test
    void dropoutActsInTrainingOnly() {
        UNetConfig c = small(8, 0, 0);
        UNet unet = stirred(new UNetConfig(c.images(), c.channels(), c.attention(), c.conditions(), 0.5));
        Tensor x = Rng.of(3).normal(Shape.of(1, 8, 8, 1));

        assertThat(run(unet, x, Condition.none())
                        .sub(run(unet, x, Condition.none()))
                        .abs()
                        .max()
                        .item())
                .isGreaterThan(1e-4);
        try (var evaluation = unet.evaluating()) {
            TensorAssert.assertThat(run(unet, x, Condition.none())).isIdenticalTo(run(unet, x, Condition.none()));
        }
    }

    @Test
    void gradientsReachEveryParameter() {
        UNet unet = stirred(small(8, 3, 5));
        Condition condition =
                new Condition(Tensor.of(new int[] {0, 3}, 2), Rng.of(4).normal(Shape.of(2, 3, 5)), null);
        Tensor y = unet.forward(Rng.of(3).normal(Shape.of(2, 8, 8, 1)), Tensor.of(new float[] {5, 800}, 2), condition);

        var gradients = y.square().mean().backward();

        unet.parameters()
                .forEach((path, p) ->
                        assertThat(gradients.get(p).abs().max().item()).as(path).isPositive());
    }

    @Test
    void itOverfitsOneBatch() {
        UNet unet = new UNet(small(8, 2, 0), Rng.of(1));
        Tensor x0 = Rng.of(2).normal(Shape.of(4, 8, 8, 1)).clamp(-1, 1);
        Tensor eps = Rng.of(3).normal(x0.shape());
        Condition labels = Condition.labels(0, 1, 0, 1);
        DenoisingLoss loss = new DenoisingLoss(new GaussianDiffusion(NoiseSchedule.cosine(1000), Prediction.V));
        Adam adam = new Adam(unet.parameters(), Adam.Config.of(2e-3));

        double first = 0;
        double last = 0;
        for (int step = 0; step < 200; step++) {
            try (TensorScope scope = TensorScope.open()) {
                Tensor error = loss.at(unet::forward, x0, labels, Tensor.of(new int[] {100, 300, 500, 900}, 4), eps);
                adam.step(error.backward());
                first = step == 0 ? error.item() : first;
                last = error.item();
            }
        }

        assertThat(first).isGreaterThan(0.3);
        assertThat(last).isLessThan(0.03);
    }

    @Test
    void namesAreThoseOfDiffusers() {
        assertThat(new UNet(small(8, 3, 5), Rng.of(1)).parameters().keySet())
                .contains(
                        "conv_in.weight",
                        "time_embedding.linear_1.weight",
                        "class_embedding.weight",
                        "down_blocks.0.resnets.0.norm1.weight",
                        "down_blocks.0.resnets.0.time_emb_proj.bias",
                        "down_blocks.1.attentions.0.attention.to_q.weight",
                        "down_blocks.1.attentions.0.context_attention.to_k.weight",
                        "down_blocks.0.downsamplers.0.conv.weight",
                        "mid_block.attentions.0.group_norm.weight",
                        "up_blocks.0.resnets.0.conv_shortcut.weight",
                        "up_blocks.1.upsamplers.0.conv.bias",
                        "conv_norm_out.bias",
                        "conv_out.weight");
    }

    @Test
    void errorsNameTheNumbers() {
        UNet plain = new UNet(small(8, 0, 0), Rng.of(1));
        UNet labelled = new UNet(small(8, 3, 0), Rng.of(1));
        UNet captioned = new UNet(small(8, 0, 5), Rng.of(1));
        Tensor x = Tensor.zeros(2, 8, 8, 1);

        assertThatThrownBy(() -> run(plain, Tensor.zeros(2, 8, 9, 1), Condition.none()))
                .hasMessage("UNet: x must be (B, H, W, C) = (B, 8, 8, 1), got [2, 8, 9, 1]");
        assertThatThrownBy(() -> plain.forward(x, Tensor.zeros(3), Condition.none()))
                .hasMessage("UNet: time must be (B) = [2], got [3]");
        assertThatThrownBy(() -> run(plain, x, Condition.labels(0, 0)))
                .hasMessage("UNet: labels must not be given to a network without classes");
        assertThatThrownBy(() -> run(labelled, x, Condition.labels(0, 4)))
                .hasMessage("UNet: labels must lie in [0, 3], 3 meaning no class, got 4");
        assertThatThrownBy(() -> run(labelled, x, Condition.labels(0)))
                .hasMessage("Condition: must be for 2 images, got 1");
        assertThatThrownBy(() -> run(captioned, x, Condition.none()))
                .hasMessage("UNet: a context (B, T, D) must be given, got none");
        assertThatThrownBy(() -> run(captioned, x, Condition.context(Tensor.zeros(2, 3, 4), null)))
                .hasMessage("UNet: context must be (B, T, 5), got [2, 3, 4]");
        assertThatThrownBy(() -> small(30, 0, 0))
                .hasMessage("UNetConfig: height and width must be multiples of 4 for 3 levels, got 30 and 30");
        assertThatThrownBy(() -> new UNetConfig.Channels(9, List.of(1), 1, 3))
                .hasMessage("UNetConfig: base must be even, >= 4 and a multiple of the groups, got 9 and 3");
        assertThatThrownBy(() -> UNetConfig.benchmark().withBase(48))
                .hasMessage("UNetConfig: base must be even, >= 4 and a multiple of the groups, got 48 and 32");
        UNetConfig c = small(8, 0, 0);
        assertThatThrownBy(() -> new UNetConfig(
                        c.images(), c.channels(), new UNetConfig.Attention(List.of(16), 1), c.conditions(), 0))
                .hasMessage("UNetConfig: attention resolutions must be among 8, halved up to 2 times, got 16");
        assertThatThrownBy(() -> new UNetConfig(
                        c.images(), c.channels(), new UNetConfig.Attention(List.of(), 3), c.conditions(), 0))
                .hasMessage("UNetConfig: heads must divide the 16 channels at level 2, got 3");
        assertThatThrownBy(() -> new UNetConfig(c.images(), c.channels(), c.attention(), c.conditions(), 1))
                .hasMessage("UNetConfig: dropout must lie in [0, 1), got 1.0");
    }
}
