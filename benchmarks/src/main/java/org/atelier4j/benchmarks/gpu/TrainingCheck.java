package org.atelier4j.benchmarks.gpu;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.atelier4j.data.Batch;
import org.atelier4j.diffusion.Condition;
import org.atelier4j.diffusion.DenoisingLoss;
import org.atelier4j.diffusion.DiffusionLoss;
import org.atelier4j.diffusion.DiffusionStep;
import org.atelier4j.diffusion.GaussianDiffusion;
import org.atelier4j.diffusion.NoiseSchedule;
import org.atelier4j.diffusion.Prediction;
import org.atelier4j.diffusion.unet.UNet;
import org.atelier4j.diffusion.unet.UNetConfig;
import org.atelier4j.optim.AdamW;
import org.atelier4j.optim.Ema;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.device.DeviceScope;
import org.atelier4j.train.CapturedStep;
import org.atelier4j.train.StepReport;
import org.atelier4j.train.TrainStep;

/** The U-Net, trained on noise of known streams: the same losses must come out on every device. */
final class TrainingCheck {
    private final UNetConfig config;
    private final int batch;

    TrainingCheck(UNetConfig config, int batch) {
        this.config = config;
        this.batch = batch;
    }

    /** Losses of a run, and seconds per step after the first tenth of them. */
    record Run(List<Double> losses, double secondsPerStep) {}

    Run train(Device device, int steps) {
        try (DeviceScope on = DeviceScope.open(device)) {
            UNet net = new UNet(config, Rng.of(1));
            AdamW optimizer = new AdamW(net.parameters(), AdamW.Config.of(1e-3));
            List<Tensor> losses = new ArrayList<>();
            List<Double> values = new ArrayList<>();
            int warm = steps / 10 + 1;
            long start = 0;
            for (int step = 0; step < steps; step++) {
                if (step == warm) {
                    values.add(losses.get(warm - 1).item()); // waits for the card
                    start = System.nanoTime();
                }
                try (TensorScope scope = TensorScope.open()) {
                    Rng rng = Rng.of(2).split(step);
                    Tensor clean = rng.normal(images()).tanh();
                    Tensor noise = rng.normal(images());
                    Tensor time = rng.uniform(Shape.of(batch)).mul(1000);
                    Tensor predicted = net.forward(clean.add(noise), time, Condition.none());
                    Tensor loss = predicted.sub(noise).square().mean();
                    optimizer.step(loss.backward());
                    losses.add(scope.keep(loss.detach()));
                }
            }
            double last = losses.get(steps - 1).item();
            double seconds = (System.nanoTime() - start) / 1e9 / Math.max(1, steps - warm);
            List<Double> all = new ArrayList<>();
            losses.forEach(loss -> all.add(loss.item()));
            return new Run(all, Double.isNaN(last) ? Double.NaN : seconds);
        }
    }

    /** Returns whether a recorded training step reports what the same step does when it is run kernel by kernel. */
    boolean replaysAreEager(Device card, int steps) {
        try (DeviceScope on = DeviceScope.open(card);
                TensorScope scope = TensorScope.open();
                CapturedStep<Batch> captured = CapturedStep.of(step())) {
            return reports(captured, steps).equals(reports(step(), steps));
        }
    }

    private DiffusionStep step() {
        UNet net = new UNet(config, Rng.of(1));
        DiffusionLoss loss = new DenoisingLoss(new GaussianDiffusion(NoiseSchedule.cosine(1000), Prediction.V));
        AdamW optimizer = new AdamW(net.parameters(), AdamW.Config.of(1e-3));
        Ema ema = new Ema(net, Ema.Config.edm());
        return new DiffusionStep(net::forward, loss, optimizer, ema, DiffusionStep.Settings.unconditional(Rng.of(2)));
    }

    private List<Map<String, Double>> reports(TrainStep<Batch> step, int steps) {
        List<StepReport> reports = new ArrayList<>();
        for (int i = 0; i < steps; i++) {
            Tensor clean = Rng.of(5).split((long) i).normal(images()).tanh();
            reports.add(step.run(new Batch(clean, Tensor.arange(batch)), i));
        }
        return reports.stream().map(StepReport::scalars).toList();
    }

    private Shape images() {
        UNetConfig.Images size = config.images();
        return Shape.of(batch, size.height(), size.width(), size.in());
    }
}
