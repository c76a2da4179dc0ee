package org.atelier4j.diffusion.sampler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.atelier4j.diffusion.Condition;
import org.atelier4j.diffusion.Denoiser;
import org.atelier4j.diffusion.EdmSchedule;
import org.atelier4j.diffusion.GaussianDiffusion;
import org.atelier4j.diffusion.NoiseSchedule;
import org.atelier4j.diffusion.Prediction;
import org.atelier4j.diffusion.Spacing;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Expression;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for all samplers. */
class SamplersTest {
    private static final Shape IMAGE = Shape.of(4, 4, 1);
    private static final GaussianDiffusion FEW =
            new GaussianDiffusion(NoiseSchedule.cosine(1000), Prediction.V).spaced(Spacing.TRAILING, 9);

    /** A function of each image alone, as networks are. */
    private static final Denoiser NETWORK =
            (x, time, condition) -> x.mul(0.5).sin().add(x.mean(1, 2, 3).mul(0.1));

    static List<Sampler> samplers() {
        return List.of(
                new DdpmSampler(FEW),
                new DdimSampler(FEW, 0),
                new DdimSampler(FEW, 1),
                new DpmSolverSampler(FEW),
                new SdeDpmSolverSampler(FEW),
                new EulerSampler(EdmSchedule.of(9)),
                new HeunSampler(EdmSchedule.of(9)),
                new HeunSampler(EdmSchedule.of(9), new HeunSampler.Churn(40, 0.05, 50, 1.003)),
                new FlowSampler(9, FlowSampler.Method.EULER),
                new FlowSampler(9, FlowSampler.Method.HEUN));
    }

    @ParameterizedTest
    @MethodSource("samplers")
    void imageIDoesNotDependOnHowManyAreDrawn(Sampler sampler) {
        Tensor seven = sampler.sample(NETWORK, Condition.none(), ImageNoise.of(IMAGE, 7, 11));
        Tensor one = sampler.sample(NETWORK, Condition.none(), ImageNoise.of(IMAGE, 1, 11));
        Tensor last = sampler.sample(NETWORK, Condition.none(), ImageNoise.of(IMAGE, 6, 1, 11));

        TensorAssert.assertThat(one).isIdenticalTo(seven.slice(0, 0, 1));
        TensorAssert.assertThat(last).isIdenticalTo(seven.slice(0, 6, 1));
        TensorAssert.assertThat(seven).hasShape(7, 4, 4, 1).isFinite();
    }

    @ParameterizedTest
    @MethodSource("samplers")
    void listenersSeeEveryStepAndAnEstimate(Sampler sampler) {
        List<String> seen = new ArrayList<>();
        double[] last = new double[1];
        Tensor end = sampler.sample(NETWORK, Condition.none(), ImageNoise.of(IMAGE, 2, 1), progress -> {
            seen.add(progress.step() + "/" + progress.steps());
            last[0] = progress.x0().mean().item();
            TensorAssert.assertThat(progress.x0()).hasShape(2, 4, 4, 1);
            return true;
        });

        assertThat(sampler.steps()).isEqualTo(9);
        assertThat(seen).hasSize(9).startsWith("1/9").endsWith("9/9");
        assertThat(last[0]).isCloseTo(end.mean().item(), within(1e-4)); // the last estimate is the result
    }

    @ParameterizedTest
    @MethodSource("samplers")
    void aListenerCanCancel(Sampler sampler) {
        int[] calls = new int[1];
        assertThatThrownBy(() -> sampler.sample(
                        NETWORK, Condition.none(), ImageNoise.of(IMAGE, 1, 1), progress -> ++calls[0] < 3))
                .isInstanceOf(CancellationException.class)
                .hasMessage("sampling was cancelled after step 3 of 9");
        assertThat(calls[0]).isEqualTo(3);
    }

    @ParameterizedTest
    @MethodSource("samplers")
    void nothingIsRecordedAndConditionsArePassedOn(Sampler sampler) {
        Tensor weight = Tensor.ones(1).requireGradient();
        Condition condition = Condition.labels(4);

        Tensor end = sampler.sample(
                (x, t, c) -> {
                    assertThat(NoGrad.isActive()).isTrue();
                    assertThat(c).isSameAs(condition);
                    return x.mul(weight);
                },
                condition,
                ImageNoise.of(IMAGE, 1, 1));

        assertThat(end.node()).isNull();
        assertThat(NoGrad.isActive()).isFalse();
    }

    /** A step's tensors are freed with it, and of the states only the last stays. */
    @ParameterizedTest
    @MethodSource("samplers")
    void stepsLeaveNothingBehind(Sampler sampler) {
        List<Tensor> made = new ArrayList<>();
        Tensor end;
        try (TensorScope scope = TensorScope.open()) {
            end = scope.keep(sampler.sample(
                    (x, t, c) -> {
                        made.add(x);
                        made.add(x.mul(0.5));
                        return made.get(made.size() - 1);
                    },
                    Condition.none(),
                    ImageNoise.of(IMAGE, 1, 1)));
            long alive = made.stream().filter(t -> !t.storage().isReleased()).count();
            assertThat(alive).isLessThanOrEqualTo(3); // the start and the last state
        }
        TensorAssert.assertThat(end).isFinite();
    }

    @Test
    void noiseIsTheSameForFloatAndDouble() {
        Tensor single = ImageNoise.of(IMAGE, 2, 3).draw();
        Tensor twice =
                new ImageNoise(IMAGE, List.of(Rng.of(3).split(0L), Rng.of(3).split(1L)), DType.FLOAT64).draw();

        TensorAssert.assertThat(twice).isIdenticalTo(single.to(DType.FLOAT64));
    }

    @Test
    void churnRaisesLevelsWithinItsRangeOnly() {
        HeunSampler sampler = new HeunSampler(EdmSchedule.of(18), new HeunSampler.Churn(3.6, 0.05, 50, 1.003));
        EdmSchedule levels = EdmSchedule.of(18);

        assertThat(sampler.raised(0)).isEqualTo(80); // above 50
        assertThat(sampler.raised(9)).isCloseTo(levels.sigma(9) * 1.2, within(1e-12));
        assertThat(sampler.raised(17)).isEqualTo(levels.sigma(17)); // 0.002
        HeunSampler wild = new HeunSampler(EdmSchedule.of(4), new HeunSampler.Churn(1000, 0, 100, 1));
        assertThat(wild.raised(1)).isCloseTo(EdmSchedule.of(4).sigma(1) * Math.sqrt(2), within(1e-9));
    }

    @Test
    void aStraightFlowNeedsOneStep() {
        Tensor target = Rng.of(9).normal(IMAGE).unsqueeze(0);
        Denoiser straight = (x, t, c) -> x.sub(target).div(t.reshape(-1, 1, 1, 1)); // all paths end at one image

        Tensor end = new FlowSampler(1, FlowSampler.Method.EULER)
                .sample(straight, Condition.none(), ImageNoise.of(IMAGE, 1, 1));

        TensorAssert.assertThat(end).isCloseTo(target, 1e-5, 1e-5);
    }

    @Test
    void dpmSolversFirstAndLastStepsAreDdim() {
        Tensor above = Rng.of(1).normal(Shape.of(1, 10));
        Expression xt = Expression.of(above);
        Expression x0 = Expression.of(Rng.of(2).normal(Shape.of(1, 10)));
        DpmSolverSampler solver = new DpmSolverSampler(FEW);
        DdimSampler ddim = new DdimSampler(FEW, 0);
        ImageNoise unused = ImageNoise.of(Shape.of(10), 1, 1);

        TensorAssert.assertThat(solver.step(xt, x0, null, 8).tensor())
                .isCloseTo(ddim.step(xt, x0, 8, unused).tensor(), 1e-5, 1e-5);
        TensorAssert.assertThat(solver.step(xt, x0, above, 0).tensor()).isCloseTo(x0.tensor(), 1e-5, 1e-5);
    }

    /** Algorithm 2 on numbers: α and σ from ᾱ = ½, 0.8 and 0.9, x = 2, estimates 0.3 and, above, 0.7. */
    private static final class SecondStep {
        static final GaussianDiffusion PROCESS =
                new GaussianDiffusion(NoiseSchedule.ofAlphasCumprod(0.9, 0.8, 0.5), Prediction.V);
        static final double H1 = Math.log(0.8 / 0.2) / 2 - Math.log(0.5 / 0.5) / 2;
        static final double H2 = Math.log(0.9 / 0.1) / 2 - Math.log(0.8 / 0.2) / 2;
        static final double D = 0.3 + H2 / (2 * H1) * (0.3 - 0.7); // line 9
        static final Expression X = Expression.of(Tensor.of(new double[] {2}, 1, 1));
        static final Expression X0 = Expression.of(Tensor.of(new double[] {0.3}, 1, 1));
        static final Tensor ABOVE = Tensor.of(new double[] {0.7}, 1, 1);
    }

    @Test
    void dpmSolversSecondOrderStepIsThePapers() {
        double expected = Math.sqrt(0.1) / Math.sqrt(0.2) * 2
                - Math.sqrt(0.9) * (Math.exp(-SecondStep.H2) - 1) * SecondStep.D; // line 10

        Tensor got = new DpmSolverSampler(SecondStep.PROCESS)
                .step(SecondStep.X, SecondStep.X0, SecondStep.ABOVE, 1)
                .tensor();

        assertThat(got.item()).isCloseTo(expected, within(1e-12));
    }

    @Test
    void theStochasticSolversStepIsThePapers() {
        double fresh = 1 - Math.exp(-2 * SecondStep.H2);
        double z = ImageNoise.of(Shape.of(1), 1, 5).draw().item();
        double expected = Math.sqrt(0.1 / 0.2) * Math.exp(-SecondStep.H2) * 2
                + Math.sqrt(0.9) * fresh * SecondStep.D
                + Math.sqrt(0.1) * Math.sqrt(fresh) * z;
        SdeDpmSolverSampler solver = new SdeDpmSolverSampler(SecondStep.PROCESS);
        ImageNoise noise = new ImageNoise(Shape.of(1), List.of(Rng.of(5).split(0L)), DType.FLOAT64);

        assertThat(solver.step(SecondStep.X, SecondStep.X0, SecondStep.ABOVE, 1, noise)
                        .tensor()
                        .item())
                .isCloseTo(expected, within(1e-12));
        assertThat(solver.step(SecondStep.X, SecondStep.X0, SecondStep.ABOVE, 0, noise)
                        .tensor()
                        .item())
                .isEqualTo(0.3); // the end is the estimate
    }

    @Test
    void limitsDoWhatTheySay() {
        Tensor x0 = Tensor.of(new float[] {-3, 0.5f, 2, -0.25f, 0.1f, 0.2f, -0.3f, 0.4f}, 2, 4);

        assertThat(X0Limit.none().apply(x0)).isSameAs(x0);
        assertThat(X0Limit.clip().apply(x0).toFloats()).containsExactly(-1, 0.5f, 1, -0.25f, 0.1f, 0.2f, -0.3f, 0.4f);
        // the third largest magnitude of four is the 50th percentile: ½ → below 1, so this is clipping
        TensorAssert.assertThat(X0Limit.dynamic(0.5).apply(x0))
                .isCloseTo(X0Limit.clip().apply(x0), 0, 0);
        // the 75th percentile of the first image is 2: clamped to [−2, 2] and halved; the second image stays
        assertThat(X0Limit.dynamic(0.75).apply(x0).toFloats())
                .containsExactly(-1, 0.25f, 1, -0.125f, 0.1f, 0.2f, -0.3f, 0.4f);
        assertThat(X0Limit.dynamic(1).apply(x0).abs().max().item()).isEqualTo(1);
        assertThat(X0Limit.clip()
                        .around((x, t, c) -> x.mul(9))
                        .denoise(x0, x0, Condition.none())
                        .abs()
                        .max()
                        .item())
                .isEqualTo(1);
    }

    @Test
    void errorsNameTheNumbers() {
        assertThatThrownBy(() -> X0Limit.dynamic(0)).hasMessage("X0Limit: percentile must lie in (0, 1], got 0.0");
        assertThatThrownBy(() -> new FlowSampler(0, FlowSampler.Method.EULER))
                .hasMessage("FlowSampler: steps must be >= 1, got 0");
        assertThatThrownBy(() -> new HeunSampler.Churn(-1, 0, 1, 1))
                .hasMessage("Churn: amount >= 0, min <= max and noise > 0 must hold, got -1.0, 0.0, 1.0 and 1.0");
        assertThatThrownBy(() -> new ImageNoise(IMAGE, List.of(), DType.FLOAT32))
                .hasMessage("ImageNoise: at least one stream must be given, got none");
        assertThatThrownBy(() -> new ImageNoise(IMAGE, List.of(Rng.of(1)), DType.INT32))
                .hasMessage("ImageNoise: dtype must be floating, got INT32");
    }
}
