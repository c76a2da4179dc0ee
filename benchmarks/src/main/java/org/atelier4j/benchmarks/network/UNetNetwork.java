package org.atelier4j.benchmarks.network;

import java.util.List;
import org.atelier4j.diffusion.Condition;
import org.atelier4j.diffusion.unet.UNet;
import org.atelier4j.diffusion.unet.UNetConfig;
import org.atelier4j.nn.Losses;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;

/**
 * The U-Net of the diffusion module.
 *
 * @param name of the network
 * @param config sizes
 */
public record UNetNetwork(String name, UNetConfig config) implements Network {

    /** Returns that of the benchmarks: 32×32, base 64, attention at 16 and 8. */
    public static UNetNetwork benchmark() {
        return new UNetNetwork("unet", UNetConfig.benchmark());
    }

    /** Returns one of a quarter of the width at 28×28, for long runs. */
    public static UNetNetwork small() {
        return new UNetNetwork(
                "small-unet",
                new UNetConfig(
                        new UNetConfig.Images(28, 28, 1, 1),
                        new UNetConfig.Channels(16, List.of(1, 2, 2), 2, 8),
                        new UNetConfig.Attention(List.of(14, 7), 1),
                        new UNetConfig.Conditions(0, 0),
                        0));
    }

    /** Returns noisy images (B, H, W, C). */
    public float[] images(int batch) {
        return Numbers.of(1, batch * pixels() * config.images().in());
    }

    /** Returns the noise that the network is to predict (B, H, W, C). */
    public float[] noise(int batch) {
        return Numbers.of(2, batch * pixels() * config.images().out());
    }

    /** Returns times (B) between 0 and 1,000. */
    public float[] times(int batch) {
        float[] times = Numbers.of(3, batch);
        for (int i = 0; i < batch; i++) {
            times[i] = 500 + 250 * times[i];
        }
        return times;
    }

    private int pixels() {
        return config.images().height() * config.images().width();
    }

    @Override
    public UNet make() {
        return new UNet(config, Rng.of(1));
    }

    @Override
    public Model model(int batch) {
        UNet net = make();
        UNetConfig.Images size = config.images();
        Tensor images = Model.images(images(batch), size.height(), size.width(), size.in());
        Tensor noise = Model.images(noise(batch), size.height(), size.width(), size.out());
        Tensor times = Tensor.of(times(batch), batch);
        return new Model(net) {
            @Override
            public Tensor predict() {
                return net.forward(images, times, Condition.none());
            }

            @Override
            public List<Objective> objectives() {
                return minimize(() -> Losses.mse(predict(), noise));
            }
        };
    }
}
