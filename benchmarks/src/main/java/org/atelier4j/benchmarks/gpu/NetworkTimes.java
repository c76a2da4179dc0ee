package org.atelier4j.benchmarks.gpu;

import java.util.ArrayList;
import java.util.List;
import org.atelier4j.benchmarks.gpu.KernelTimes.Time;
import org.atelier4j.diffusion.CapturedDenoiser;
import org.atelier4j.diffusion.Condition;
import org.atelier4j.diffusion.Denoiser;
import org.atelier4j.diffusion.GaussianDiffusion;
import org.atelier4j.diffusion.NoiseSchedule;
import org.atelier4j.diffusion.Prediction;
import org.atelier4j.diffusion.Spacing;
import org.atelier4j.diffusion.sampler.DdimSampler;
import org.atelier4j.diffusion.sampler.ImageNoise;
import org.atelier4j.diffusion.unet.UNet;
import org.atelier4j.diffusion.unet.UNetConfig;
import org.atelier4j.nn.Losses;
import org.atelier4j.optim.AdamW;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.DeviceScope;
import org.atelier4j.tensor.device.Precision;
import org.atelier4j.tensor.device.PrecisionScope;
import org.atelier4j.tensor.device.cuda.CudaDevice;
import org.atelier4j.train.CapturedStep;
import org.atelier4j.train.StepReport;
import org.atelier4j.train.TrainStep;

/** Times a U-Net at work: a training step and the sampling of one image, kernel by kernel and as graphs. */
final class NetworkTimes {
    private static final int SAMPLER_STEPS = 20;

    private final CudaDevice card;
    private final UNetConfig config;
    private final int batch;
    private final int runs;
    private final List<Time> times = new ArrayList<>();

    NetworkTimes(CudaDevice card, UNetConfig config, int batch, int runs) {
        this.card = card;
        this.config = config;
        this.batch = batch;
        this.runs = runs;
    }

    List<Time> run() {
        for (Precision precision : Precision.values()) {
            String with = ", " + precision.name().toLowerCase(java.util.Locale.ROOT);
            try (DeviceScope there = DeviceScope.open(card);
                    TensorScope scope = TensorScope.open();
                    PrecisionScope chosen = PrecisionScope.open(precision)) {
                train(with);
                sample(with);
            }
        }
        return times;
    }

    private void time(String name, Runnable work) {
        times.add(new Time(
                name,
                CardClock.millis(
                        card,
                        () -> {
                            try (TensorScope scope = TensorScope.open()) {
                                work.run();
                            }
                        },
                        runs),
                0,
                0));
    }

    private void train(String with) {
        UNet net = new UNet(config, Rng.of(1));
        AdamW optimizer = new AdamW(net.parameters(), AdamW.Config.of(1e-4));
        Tensor noise = Rng.of(2).normal(images(batch));
        Tensor told = Rng.of(3).uniform(Shape.of(batch)).mul(1000);
        TrainStep<Tensor> step = (x, number) -> {
            Tensor loss = Losses.mse(net.forward(x, told, Condition.none()), noise);
            optimizer.step(loss.backward());
            return StepReport.of("loss", loss);
        };
        Tensor images = Rng.of(4).normal(images(batch));
        String name = "U-Net step, " + batch + " images" + with;
        time(name, () -> step.run(images, 0));
        try (CapturedStep<Tensor> captured = new CapturedStep<>(step, List::of, t -> t.get(0))) {
            long[] number = {0};
            time(name + ", graph", () -> captured.run(images, number[0]++));
        }
    }

    private void sample(String with) {
        GaussianDiffusion process =
                new GaussianDiffusion(NoiseSchedule.cosine(1000), Prediction.V).spaced(Spacing.TRAILING, SAMPLER_STEPS);
        DdimSampler sampler = new DdimSampler(process, 0);
        UNetConfig.Images size = config.images();
        ImageNoise noise = ImageNoise.of(Shape.of(size.height(), size.width(), size.in()), 1, 5);
        Denoiser net = new UNet(config, Rng.of(1))::forward;
        String name = "U-Net sampling, 1 image, " + SAMPLER_STEPS + " steps" + with;
        time(name, () -> sampler.sample(net, Condition.none(), noise));
        try (CapturedDenoiser captured = new CapturedDenoiser(net)) {
            time(name + ", graph", () -> sampler.sample(captured, Condition.none(), noise));
        }
    }

    private Shape images(int count) {
        UNetConfig.Images size = config.images();
        return Shape.of(count, size.height(), size.width(), size.in());
    }
}
