package org.atelier4j.diffusion.unet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Arrays;
import java.util.List;
import org.apache.commons.math3.stat.descriptive.DescriptiveStatistics;
import org.atelier4j.diffusion.Condition;
import org.atelier4j.optim.AdamW;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.device.Precision;
import org.atelier4j.tensor.device.PrecisionScope;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A small U-Net learns as well by products of bfloat16 factors as by exact ones. */
@Tag("slow")
class RoundedTrainingTest {
    private static final int STEPS = 500;
    private static final int LAST = 100;
    private static final int BATCH = 8;
    private static final UNetConfig CONFIG = new UNetConfig(
            new UNetConfig.Images(28, 28, 1, 1),
            new UNetConfig.Channels(16, List.of(1, 2, 2), 2, 8),
            new UNetConfig.Attention(List.of(14, 7), 1),
            new UNetConfig.Conditions(0, 0),
            0);

    @Test
    void lossesAfterFiveHundredStepsAreThoseOfFloat32() {
        assumeTrue(
                Device.cpu().kernels().multiplies(Precision.BF16),
                "skipped training in bfloat16: the processor does not multiply such numbers");
        double[] exact = losses(Precision.FLOAT32);
        double[] rounded = losses(Precision.BF16);
        assertThat(rounded).as("products are rounded").isNotEqualTo(exact);
        DescriptiveStatistics expected = new DescriptiveStatistics(last(exact));
        DescriptiveStatistics actual = new DescriptiveStatistics(last(rounded));
        double noise = expected.getStandardDeviation() / Math.sqrt(LAST);
        assertThat(expected.getMean()).as("it learns").isLessThan(0.5 * exact[0]);
        assertThat(Math.abs(actual.getMean() - expected.getMean()))
                .as("difference of mean losses %s and %s", actual.getMean(), expected.getMean())
                .isLessThan(2 * noise);
    }

    private static double[] last(double[] losses) {
        return Arrays.copyOfRange(losses, STEPS - LAST, STEPS);
    }

    /** Same weights, batches and noise for every precision. */
    private static double[] losses(Precision precision) {
        UNet net = new UNet(CONFIG, Rng.of(1));
        AdamW optimizer = new AdamW(net.parameters(), AdamW.Config.of(1e-3));
        double[] losses = new double[STEPS];
        for (int step = 0; step < STEPS; step++) {
            try (TensorScope scope = TensorScope.open();
                    PrecisionScope chosen = PrecisionScope.open(precision)) {
                Rng rng = Rng.of(2).split(step);
                Shape images = Shape.of(BATCH, 28, 28, 1);
                Tensor clean = rng.normal(images).tanh();
                Tensor noise = rng.normal(images);
                Tensor time = rng.uniform(Shape.of(BATCH)).mul(1000);
                Tensor predicted = net.forward(clean.add(noise), time, Condition.none());
                Tensor loss = predicted.sub(noise).square().mean();
                optimizer.step(loss.backward());
                losses[step] = loss.item();
            }
        }
        return losses;
    }
}
