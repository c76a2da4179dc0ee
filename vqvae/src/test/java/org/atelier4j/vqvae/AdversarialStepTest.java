package org.atelier4j.vqvae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.atelier4j.data.Batch;
import org.atelier4j.nn.Layer;
import org.atelier4j.optim.Adam;
import org.atelier4j.optim.GradientClip;
import org.atelier4j.optim.LearningRate;
import org.atelier4j.optim.Optimizer;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.kernel.Interpolation;
import org.atelier4j.train.StepReport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class AdversarialStepTest {
    private static final AutoencoderConfig NETWORK = new AutoencoderConfig(1, 8, List.of(1, 2), 1, 4, false, 4);
    private static final int NEVER = 1_000_000;

    /** A model in training on one batch of smooth random images. */
    private static final class Setting {
        private final Layer model;
        private final PatchDiscriminator judge =
                new PatchDiscriminator(new PatchDiscriminator.Config(1, 8, 1), Rng.of(2));
        private final Optimizer generator;
        private final Optimizer discriminator;
        private final AdversarialStep step;
        private final Batch batch;

        Setting(boolean codes, VqGanLoss.Config loss) {
            Autoencoder autoencoder;
            if (codes) {
                VqVae vqVae = new VqVae(VqVaeConfig.of(NETWORK, NearestCodebook.Config.lively(64, 4)), Rng.of(1));
                model = vqVae;
                autoencoder = Autoencoder.of(vqVae, new CodebookUsage(64, 1));
            } else {
                AutoencoderKl kl = new AutoencoderKl(AutoencoderKl.Config.of(NETWORK), Rng.of(1));
                model = kl;
                autoencoder = Autoencoder.of(kl, 1e-6);
            }
            generator = new Adam(model.parameters(), Adam.Config.of(3e-3));
            Adam.Config quick = Adam.Config.gan().withRate(LearningRate.constant(1e-3)); // it has few steps to learn in
            discriminator = new Adam(judge.parameters(), quick);
            VqGanLoss judged = new VqGanLoss(loss, null, judge);
            step = new AdversarialStep(
                    autoencoder,
                    judged,
                    generator,
                    discriminator,
                    new AdversarialStep.Settings(new GradientClip(1), Rng.of(3)));
            Tensor coarse = Rng.of(4).uniform(Shape.of(4, 4, 4, 1)).affine(2, -1);
            Tensor smooth = coarse.resize(Interpolation.BILINEAR, 16, 16);
            batch = new Batch(smooth, Tensor.zeros(4).to(DType.INT32));
        }

        List<StepReport> run(int from, int to) {
            List<StepReport> reports = new ArrayList<>();
            for (int i = from; i < to; i++) {
                reports.add(step.run(batch, i));
            }
            return reports;
        }
    }

    private static VqGanLoss.Config loss(AdversarialStart start) {
        return VqGanLoss.Config.standard(1).withPerceptualWeight(0).withStart(start);
    }

    private static double number(StepReport report, String name) {
        return report.scalars().getOrDefault(name, Double.NaN);
    }

    @Test
    @Tag("slow")
    void bothKindsOverfitABatchAlsoAgainstADiscriminator() {
        for (boolean codes : new boolean[] {true, false}) {
            Setting s = new Setting(codes, loss(new AdversarialStart(60, 80, 100)));

            List<StepReport> reports = s.run(0, 150);

            assertThat(number(reports.get(0), "loss")).isGreaterThan(0.3);
            assertThat(mean(reports, 70, 80)).as("without it; codes: %s", codes).isLessThan(0.1);
            assertThat(mean(reports, 140, 150))
                    .as("against it; codes: %s", codes)
                    .isLessThan(0.2);
            assertThat(number(reports.get(149), "adversarialWeight")).isPositive();
        }
    }

    @Test
    void theDiscriminatorRestsAndLearnsAndCountsAsItsStartSays() {
        Setting s = new Setting(false, loss(new AdversarialStart(1, 2, 2)));
        Tensor before = s.judge.parameters().get("conv_out.weight").detach().mul(1);

        StepReport first = s.run(0, 1).get(0);
        TensorAssert.assertThat(s.judge.parameters().get("conv_out.weight").detach())
                .isIdenticalTo(before);
        StepReport second = s.run(1, 2).get(0);
        StepReport third = s.run(2, 3).get(0);

        assertThat(number(first, "discriminator")).isZero();
        assertThat(number(second, "discriminator")).isPositive();
        assertThat(s.judge
                        .parameters()
                        .get("conv_out.weight")
                        .sub(before)
                        .abs()
                        .max()
                        .item())
                .isPositive();
        assertThat(number(second, "adversarialWeight")).isZero();
        assertThat(number(third, "adversarialWeight")).isPositive();
    }

    @Test
    void aResumedRunGoesOnBitForBit() {
        AdversarialStart start = new AdversarialStart(1, 2, 4);
        Setting whole = new Setting(true, loss(start));
        whole.run(0, 6);
        Setting first = new Setting(true, loss(start));
        first.run(0, 3);

        Setting second = new Setting(true, loss(start));
        second.model.load(first.model.state());
        second.judge.load(first.judge.state());
        second.generator.load(first.generator.state());
        second.discriminator.load(first.discriminator.state());
        second.run(3, 6);

        whole.model
                .state()
                .forEach((path, expected) -> TensorAssert.assertThat(
                                second.model.state().get(path).detach())
                        .as(path)
                        .isIdenticalTo(expected.detach()));
        whole.judge
                .state()
                .forEach((path, expected) -> TensorAssert.assertThat(
                                second.judge.state().get(path).detach())
                        .as(path)
                        .isIdenticalTo(expected.detach()));
    }

    @Test
    void theReportNamesTheTermsAndTheUseOfCodes() {
        Map<String, Double> report = new Setting(true, loss(new AdversarialStart(NEVER, NEVER, NEVER)))
                .run(0, 1)
                .get(0)
                .scalars();

        assertThat(report.keySet())
                .containsExactly(
                        "loss",
                        "perceptual",
                        "commitment",
                        "perplexity",
                        "used",
                        "adversarial",
                        "adversarialWeight",
                        "discriminator",
                        "gradientNorm",
                        "learningRate");
    }

    @Test
    void aPerceptualWeightWithoutANetworkIsRefused() {
        PatchDiscriminator judge = new PatchDiscriminator(new PatchDiscriminator.Config(1, 8, 1), Rng.of(2));
        assertThatThrownBy(() -> new VqGanLoss(VqGanLoss.Config.standard(10), null, judge))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("VqGanLoss: a perceptual weight of 1.0 needs a network that sees; 0 needs none");
        assertThatThrownBy(() -> VqGanLoss.Config.standard(10).withAdversarialWeight(-1))
                .hasMessage("VqGanLoss: weights must be >= 0, got 1.0 and -1.0");
    }

    /**
     * The common complaint about VQGAN, and what helps: a start by degrees, and above all a smaller weight. Images are never
     * the same twice and hold noise that no codec can keep, as photographs do. The control is what the authors' code does.
     */
    @Test
    @Tag("slow")
    void theLossDoesNotJumpWhenTheDiscriminatorComesInAsItDoesWithThePublishedSettings() {
        double ours = jump(loss(new AdversarialStart(90, 130, 170)));
        double published = jump(loss(AdversarialStart.sudden(130)).withAdversarialWeight(0.8));

        assertThat(ours).isLessThan(1.2);
        assertThat(published).isGreaterThan(1.2);
    }

    /** Returns the highest loss (mean of 10 steps) after step 130 over that of the last 10 steps before it. */
    private static double jump(VqGanLoss.Config loss) {
        Setting s = new Setting(false, loss);
        List<StepReport> reports = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            reports.add(s.step.run(new Batch(noisy(i), Tensor.zeros(8).to(DType.INT32)), i));
        }
        double before = mean(reports, 120, 130);
        double worst = 0;
        for (int i = 130; i <= 190; i++) {
            worst = Math.max(worst, mean(reports, i, i + 10));
        }
        return worst / before;
    }

    private static Tensor noisy(int number) {
        Tensor coarse = Rng.of(5).split(number).uniform(Shape.of(8, 5, 5, 1)).affine(2, -1);
        Tensor noise = Rng.of(6).split(number).normal(Shape.of(8, 16, 16, 1)).mul(0.3);
        return coarse.resize(Interpolation.BILINEAR, 16, 16).add(noise);
    }

    private static double mean(List<StepReport> reports, int from, int to) {
        return reports.subList(from, to).stream()
                .mapToDouble(r -> number(r, "loss"))
                .average()
                .orElseThrow();
    }
}
