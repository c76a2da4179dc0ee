package org.atelier4j.benchmarks.gpu;

import java.util.ArrayList;
import java.util.List;
import org.atelier4j.diffusion.Condition;
import org.atelier4j.diffusion.unet.UNet;
import org.atelier4j.diffusion.unet.UNetConfig;
import org.atelier4j.optim.AdamW;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.device.DeviceScope;
import org.atelier4j.tensor.device.cuda.CudaDevice;
import org.atelier4j.tensor.device.cuda.CudaEvent;
import org.atelier4j.tensor.device.cuda.CudaGraph;
import org.atelier4j.train.CapturedStep;

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

    /** Milliseconds of a training step, launched kernel by kernel and replayed as a graph, and whether losses are equal. */
    record Captured(double eager, double graph, boolean same) {}

    Captured captured(CudaDevice card, int steps) {
        try (DeviceScope on = DeviceScope.open(card);
                TensorScope scope = TensorScope.open()) {
            Repeated plain = new Repeated();
            List<Double> expected = plain.losses(plain::step, steps);
            double eager = millis(card, plain::step, steps);
            Repeated recorded = new Repeated();
            try (CapturedStep step =
                    new CapturedStep(card, List.of(recorded.optimizer), List.of(recorded.rng), recorded::step)) {
                boolean same = recorded.losses(step::run, steps).equals(expected);
                return new Captured(eager, millis(card, step::run, steps), same);
            }
        }
    }

    /** Training whose batches come from one stream that goes on. */
    private final class Repeated {
        final UNet net = new UNet(config, Rng.of(1));
        final AdamW optimizer = new AdamW(net.parameters(), AdamW.Config.of(1e-3));
        final Rng rng = Rng.of(5);
        final Tensor loss = Tensor.zeros();

        void step() {
            try (TensorScope inner = TensorScope.open()) {
                Tensor clean = rng.normal(images()).tanh();
                Tensor noise = rng.normal(images());
                Tensor time = rng.uniform(Shape.of(batch)).mul(1000);
                Tensor l = net.forward(clean.add(noise), time, Condition.none())
                        .sub(noise)
                        .square()
                        .mean();
                optimizer.step(l.backward());
                loss.assign(l);
            }
        }

        List<Double> losses(Runnable step, int steps) {
            List<Double> losses = new ArrayList<>();
            for (int i = 0; i < steps; i++) {
                step.run();
                losses.add(loss.item());
            }
            return losses;
        }
    }

    private Shape images() {
        UNetConfig.Images size = config.images();
        return Shape.of(batch, size.height(), size.width(), size.in());
    }

    /** Milliseconds of one prediction: launched kernel by kernel, and replayed as a graph. */
    record Forward(double eager, double graph) {}

    Forward forward(CudaDevice card, int runs) {
        try (DeviceScope on = DeviceScope.open(card);
                TensorScope scope = TensorScope.open();
                NoGrad off = NoGrad.open()) {
            UNet net = new UNet(config, Rng.of(1));
            Tensor x = Rng.of(3).normal(images());
            Tensor time = Rng.of(4).uniform(Shape.of(batch)).mul(1000);
            Runnable step = () -> {
                try (TensorScope inner = TensorScope.open()) {
                    net.forward(x, time, Condition.none());
                }
            };
            step.run();
            step.run();
            double eager = millis(card, step, runs);
            try (CudaGraph graph = card.capture(step)) {
                graph.replay();
                return new Forward(eager, millis(card, graph::replay, runs));
            }
        }
    }

    /** Returns the milliseconds of a run on the card, by its own clock. */
    static double millis(CudaDevice card, Runnable work, int runs) {
        card.synchronize();
        try (CudaEvent start = card.event();
                CudaEvent end = card.event()) {
            start.record();
            for (int i = 0; i < runs; i++) {
                work.run();
            }
            end.record();
            end.await();
            return end.millisSince(start) / runs;
        }
    }
}
