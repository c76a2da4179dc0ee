package org.atelier4j.diffusion.sampler;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.atelier4j.diffusion.CapturedDenoiser;
import org.atelier4j.diffusion.ClassifierFreeGuidance;
import org.atelier4j.diffusion.Condition;
import org.atelier4j.diffusion.Denoiser;
import org.atelier4j.diffusion.EdmPreconditioning;
import org.atelier4j.diffusion.EdmSchedule;
import org.atelier4j.diffusion.GaussianDiffusion;
import org.atelier4j.diffusion.NoiseSchedule;
import org.atelier4j.diffusion.Prediction;
import org.atelier4j.diffusion.RectifiedFlow;
import org.atelier4j.diffusion.Spacing;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.device.DeviceScope;
import org.atelier4j.tensor.device.cuda.Emulator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Guided sampling on an (emulated) card gives the host's images, with one kernel a step beside the network. */
class SamplersOnCardTest {
    private static final int STEPS = 4;
    private static final GaussianDiffusion FEW =
            new GaussianDiffusion(NoiseSchedule.cosine(1000), Prediction.V).spaced(Spacing.TRAILING, STEPS);
    private static final EdmSchedule LEVELS = EdmSchedule.of(STEPS);

    /** Differs with the label; of kernels that no formula uses. */
    private static final Denoiser NETWORK = (x, time, condition) -> {
        Tensor labels =
                Objects.requireNonNull(condition.labels()).to(DType.FLOAT32).reshape(-1, 1, 1, 1);
        return x.mul(0.5).sin().add(labels.mul(0.1));
    };

    /** Passes over memory of a run: one a step, with Heun's method two but for the last, and what precedes a network. */
    record Way(Sampler sampler, UnaryOperator<Denoiser> around, int passes) {
        @Override
        public String toString() {
            return sampler.getClass().getSimpleName();
        }
    }

    static List<Way> ways() {
        UnaryOperator<Denoiser> network = UnaryOperator.identity();
        UnaryOperator<Denoiser> clean = EdmPreconditioning.paper()::around; // a pass for its factors, one for its input
        UnaryOperator<Denoiser> flow = new RectifiedFlow()::around;
        return List.of(
                new Way(new DdpmSampler(FEW), network, STEPS),
                new Way(new DdimSampler(FEW, 0), network, STEPS),
                new Way(new DdimSampler(FEW, 1), network, STEPS),
                new Way(new DpmSolverSampler(FEW), network, STEPS),
                new Way(new SdeDpmSolverSampler(FEW), network, STEPS),
                new Way(new EulerSampler(LEVELS), clean, 3 * STEPS),
                new Way(new HeunSampler(LEVELS), clean, 3 * (2 * STEPS - 1)),
                new Way(new FlowSampler(STEPS, FlowSampler.Method.EULER), flow, STEPS),
                new Way(new FlowSampler(STEPS, FlowSampler.Method.HEUN), flow, 2 * STEPS));
    }

    /** Guidance over the network; its condition lives where the images do. */
    private static final Denoiser.Lazy GUIDED =
            (x, time, condition) -> new ClassifierFreeGuidance(NETWORK, 3, 1.5).predict(x, time, condition);

    private static Tensor sample(Way way, Denoiser denoiser, Device device) {
        try (TensorScope scope = TensorScope.open();
                DeviceScope there = DeviceScope.open(device)) {
            ImageNoise noise = ImageNoise.of(Shape.of(4, 4, 1), 2, 7);
            Tensor images = way.sampler().sample(way.around().apply(denoiser), Condition.labels(0, 2), noise);
            return scope.keep(images.to(Device.cpu()));
        }
    }

    private static long passes() {
        return Emulator.launches("evaluate") + Emulator.launches("evaluateWide");
    }

    @ParameterizedTest
    @MethodSource("ways")
    void imagesAreTheHostsAndStepsOneKernel(Way way) {
        Device card = Emulator.device();
        Tensor expected = sample(way, GUIDED, Device.cpu());
        long before = passes();

        Tensor actual = sample(way, GUIDED, card);

        TensorAssert.assertThat(actual).isCloseTo(expected, 2e-5, 2e-5);
        assertThat(passes() - before).isEqualTo(way.passes());
    }

    /** A step replays the network as one graph and launches a few copies and the arithmetic after it. */
    @ParameterizedTest
    @MethodSource("ways")
    void capturedImagesAreTheSameBitForBitWithFewerLaunches(Way way) {
        Device card = Emulator.device();
        Tensor eager = sample(way, GUIDED, card);
        try (CapturedDenoiser captured = new CapturedDenoiser(GUIDED)) {
            sample(way, captured, card); // compiles, records

            long before = Emulator.hostLaunches();
            Tensor replayed = sample(way, captured, card);
            long launches = Emulator.hostLaunches() - before;
            before = Emulator.hostLaunches();
            sample(way, GUIDED, card);

            TensorAssert.assertThat(replayed).isIdenticalTo(eager);
            assertThat(launches).isLessThan(Emulator.hostLaunches() - before);
        }
    }
}
