package org.atelier4j.benchmarks.torch;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.atelier4j.benchmarks.network.GanNetwork;
import org.atelier4j.benchmarks.network.Weights;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/** {@link GanNetwork} in libtorch's functions. */
final class TorchGan extends TorchModel {
    private static final double MOMENTUM = 0.1;
    private static final double EPS = 1e-5;
    private static final Scalar SLOPE = new Scalar(0.2);

    private final Tensor noises;
    private final Tensor images;
    private final Map<String, Tensor> generator = new LinkedHashMap<>();
    private final Map<String, Tensor> discriminator = new LinkedHashMap<>();
    private boolean training = true;
    private @Nullable Tensor fake;

    TorchGan(GanNetwork network, int batch) {
        super(Weights.of(network));
        noises = Torch.images(network.noises(batch), layout(), batch, 1, 1, network.noise());
        images = Torch.images(network.images(batch), layout(), batch, 32, 32, 3);
        parameters().forEach((path, p) -> (path.startsWith("generator.") ? generator : discriminator).put(path, p));
    }

    @Override
    void train(boolean on) {
        training = on;
    }

    @Override
    Tensor predict() {
        return Torch.tensor(() -> {
            Tensor h = torch.relu(norm("generator.1", convTranspose("generator.0", noises, 1, 0))); // (B, 4C, 4, 4)
            h = torch.relu(norm("generator.4", convTranspose("generator.3", h, 2, 1))); // (B, 2C, 8, 8)
            h = torch.relu(norm("generator.7", convTranspose("generator.6", h, 2, 1))); // (B, C, 16, 16)
            return torch.tanh(convTranspose("generator.9", h, 2, 1)); // (B, 3, 32, 32)
        });
    }

    private Tensor judge(Tensor x) {
        return Torch.tensor(() -> {
            Tensor h = torch.leaky_relu(conv("discriminator.0", x, 2, 1), SLOPE); // (B, C, 16, 16)
            h = torch.leaky_relu(norm("discriminator.3", conv("discriminator.2", h, 2, 1)), SLOPE); // (B, 2C, 8, 8)
            h = torch.leaky_relu(norm("discriminator.6", conv("discriminator.5", h, 2, 1)), SLOPE); // (B, 4C, 4, 4)
            return conv("discriminator.8", h, 1, 0); // (B, 1, 1, 1)
        });
    }

    private Tensor norm(String name, Tensor x) {
        return torch.batch_norm(
                x,
                Torch.optional(get(name + ".weight")),
                Torch.optional(get(name + ".bias")),
                Torch.optional(get(name + ".running_mean")),
                Torch.optional(get(name + ".running_var")),
                training,
                MOMENTUM,
                EPS,
                true);
    }

    @Override
    List<Objective> objectives() {
        return List.of(
                new Objective("discriminator's loss", discriminator, this::discriminatorLoss),
                new Objective("generator's loss", generator, this::generatorLoss));
    }

    private Tensor discriminatorLoss() {
        Tensor drawn = predict();
        fake = drawn;
        Tensor onReal = judge(images);
        Tensor onFake = judge(drawn.detach());
        return torch.binary_cross_entropy_with_logits(onReal, torch.ones_like(onReal))
                .add(torch.binary_cross_entropy_with_logits(onFake, torch.zeros_like(onFake)));
    }

    /** The discriminator takes no gradients here. */
    private Tensor generatorLoss() {
        discriminator.values().forEach(p -> p.set_requires_grad(false));
        Tensor logits = judge(Objects.requireNonNull(fake));
        discriminator.values().forEach(p -> p.set_requires_grad(true));
        return torch.binary_cross_entropy_with_logits(logits, torch.ones_like(logits));
    }
}
