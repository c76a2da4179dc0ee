package org.atelier4j.benchmarks;

import java.util.LinkedHashMap;
import java.util.Map;
import org.atelier4j.diffusion.Condition;
import org.atelier4j.diffusion.unet.UNet;
import org.atelier4j.diffusion.unet.UNetConfig;
import org.atelier4j.nn.Layer;
import org.atelier4j.optim.AdamW;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.Gradients;
import org.atelier4j.tensor.autograd.NoGrad;

/** The library's U-Net on the batch that all engines share. */
final class AtelierUNet {
    private final UNet net;
    private final Tensor images;
    private final Tensor times;
    private final Tensor noise;

    private AtelierUNet(UNetData data) {
        net = new UNet(data.config(), Rng.of(1));
        net.parameters()
                .forEach((path, p) ->
                        p.assign(Tensor.of(data.weight(path), p.shape().dims())));
        UNetConfig.Images size = data.config().images();
        images = Tensor.of(data.images(), data.batch(), size.height(), size.width(), size.in());
        noise = Tensor.of(data.noise(), data.batch(), size.height(), size.width(), size.out());
        times = Tensor.of(data.times(), data.batch());
    }

    /** Returns one training step. */
    static Work step(UNetData data) {
        AtelierUNet unet = new AtelierUNet(data);
        AdamW optimizer = new AdamW(unet.net.parameters(), AdamW.Config.of(UNetData.LEARNING_RATE));
        return new Work() {
            @Override
            public void run() {
                try (TensorScope scope = TensorScope.open()) {
                    optimizer.step(unet.loss(unet.predict()).backward());
                }
            }

            @Override
            public Map<String, float[]> results() {
                try (TensorScope scope = TensorScope.open()) {
                    Map<String, float[]> all = new LinkedHashMap<>();
                    Tensor prediction = unet.predict();
                    Gradients gradients = unet.loss(prediction).backward();
                    all.put("prediction", prediction.toFloats());
                    unet.net
                            .parameters()
                            .forEach((path, p) -> all.put(
                                    "gradient of " + path, gradients.get(p).toFloats()));
                    return all;
                }
            }
        };
    }

    /** Returns one prediction. */
    static Work forward(UNetData data) {
        AtelierUNet unet = new AtelierUNet(data);
        Layer.Mode evaluation = unet.net.evaluating();
        return new Work() {
            @Override
            public void run() {
                try (TensorScope scope = TensorScope.open();
                        NoGrad off = NoGrad.open()) {
                    unet.predict();
                }
            }

            @Override
            public Map<String, float[]> results() {
                try (TensorScope scope = TensorScope.open();
                        NoGrad off = NoGrad.open()) {
                    return Map.of("prediction", unet.predict().toFloats());
                }
            }

            @Override
            public void close() {
                evaluation.close();
            }
        };
    }

    private Tensor predict() {
        return net.forward(images, times, Condition.none());
    }

    private Tensor loss(Tensor prediction) {
        return prediction.sub(noise).square().mean();
    }
}
