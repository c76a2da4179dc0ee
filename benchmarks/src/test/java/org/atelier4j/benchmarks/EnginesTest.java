package org.atelier4j.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.atelier4j.autoregressive.CodeSpace;
import org.atelier4j.autoregressive.pixel.PixelCnn;
import org.atelier4j.autoregressive.transformer.TransformerConfig;
import org.atelier4j.benchmarks.Task.Conv;
import org.atelier4j.benchmarks.Task.GroupNorm;
import org.atelier4j.benchmarks.Task.Image;
import org.atelier4j.benchmarks.Task.Pass;
import org.atelier4j.benchmarks.network.AutoencoderNetwork;
import org.atelier4j.benchmarks.network.GanNetwork;
import org.atelier4j.benchmarks.network.NerfNetwork;
import org.atelier4j.benchmarks.network.Numbers;
import org.atelier4j.benchmarks.network.PixelCnnNetwork;
import org.atelier4j.benchmarks.network.TransformerNetwork;
import org.atelier4j.benchmarks.network.UNetNetwork;
import org.atelier4j.benchmarks.network.VqVaeNetwork;
import org.atelier4j.vqvae.AutoencoderConfig;
import org.atelier4j.vqvae.NearestCodebook;
import org.atelier4j.vqvae.VqVaeConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every kind of task at small sizes: with the profile {@code bench} libtorch is among the engines. */
class EnginesTest {
    private static final TransformerNetwork TINY_TRANSFORMER =
            new TransformerNetwork("prior", new CodeSpace(13, 2, 3, 4), TransformerConfig.of(8, 2, 2));

    static Stream<Task> tasks() {
        Image image = new Image(2, 6, 5, 32);
        return Stream.of(
                new Task.MatMul(1, 7, 7, 7),
                new Task.MatMul(3, 8, 5, 6),
                new Task.NearestCode(9, 5, 7, false),
                new Task.NearestCode(9, 5, 7, true),
                new Task.Softmax(2, 3, 17),
                new Task.Silu(1000),
                new GroupNorm(image, 8, false, false),
                new GroupNorm(image, 8, true, false),
                new GroupNorm(image, 8, false, true),
                new GroupNorm(image, 8, true, true),
                new Conv(image, 16, Pass.FORWARD),
                new Conv(image, 16, Pass.BACKWARD_INPUT),
                new Conv(image, 16, Pass.BACKWARD_WEIGHT),
                new Task.BiasAdd(image),
                new Task.Adam(1000),
                new Task.SmallOps(false),
                new Task.SmallOps(true),
                new Task.Sample(TINY_TRANSFORMER, 3));
    }

    /** Networks at small sizes, trained and used. */
    static Stream<Task> networkTasks() {
        PixelCnn.Grid grid = new PixelCnn.Grid(5, 6, 1, 7);
        AutoencoderConfig levels = new AutoencoderConfig(1, 8, List.of(1, 2), 1, 4, true, 6);
        return Stream.of(
                        UNetNetwork.small(),
                        new VqVaeNetwork("vqvae", VqVaeConfig.of(levels, NearestCodebook.Config.lively(11, 5)), 8),
                        TINY_TRANSFORMER,
                        new PixelCnnNetwork("pixelcnn", new PixelCnn.Config(grid, 0, 0, new PixelCnn.Size(4, 2, 3), 3)),
                        new NerfNetwork("nerf", 12, 4, 2, 10, 4),
                        new GanNetwork("dcgan", 7, 4),
                        new AutoencoderNetwork("autoencoder", 8, 3))
                .flatMap(network -> Stream.of(new Task.Step(network, 2), new Task.Forward(network, 2)));
    }

    @ParameterizedTest
    @MethodSource({"tasks", "networkTasks"})
    void allEnginesGetTheSame(Task task) {
        Map<String, float[]> truth = new AtelierEngine().prepare(task).results();
        assertThat(truth).isNotEmpty();
        for (String name : Engine.names()) {
            Engine engine = Engine.named(name);
            if (engine.does(task)) {
                try (Work work = engine.prepare(task)) {
                    Numbers.checkSame(task.name(), name, work.results(), truth);
                    work.run();
                }
            } else {
                assertThatThrownBy(() -> engine.prepare(task)).hasMessageContaining("has no words for " + task.name());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("networkTasks")
    void gradientsOfAllParametersAndALossAreCompared(Task task) {
        if (task instanceof Task.Step step) {
            Map<String, float[]> results = new AtelierEngine().prepare(task).results();
            assertThat(results.keySet())
                    .containsAll(step.network().make().parameters().keySet().stream()
                            .map(path -> "gradient of " + path)
                            .toList())
                    .anyMatch(name -> name.endsWith("loss"));
        }
    }

    @Test
    void roundedStepsAreTheSameButForRounding() {
        Task task = new Task.RoundedStep(UNetNetwork.small(), 2);
        assumeTrue(
                new AtelierEngine().does(task),
                "skipped steps in bfloat16: the processor does not multiply such numbers");
        Map<String, float[]> truth = new AtelierEngine().prepare(task).results();
        for (String name : List.of(Engine.FLOAT32, Engine.LIBTORCH)) {
            if (Engine.names().contains(name)) {
                try (Work work = Engine.named(name).prepare(task)) {
                    Map<String, float[]> results = work.results();
                    Numbers.checkSame(task.name(), name, results, truth, task.tolerance(), task.gradientTolerance());
                    assertThatThrownBy(() -> Numbers.checkSame(task.name(), name, results, truth))
                            .hasMessageContaining("comparison is void");
                }
            }
        }
    }

    @Test
    void aStepChangesTheNetwork() {
        Work step = new AtelierEngine().prepare(new Task.Step(UNetNetwork.small(), 2));
        Map<String, float[]> before = step.results();
        step.run();
        assertThatThrownBy(() -> Numbers.checkSame("step", "itself", step.results(), before))
                .hasMessageStartingWith("step by itself: comparison is void: the relative error of ");
    }

    @Test
    void aWrongResultIsRefused() {
        float[] right = Numbers.of(1, 1000);
        float[] wrong = right.clone();
        wrong[7] += 0.01f; // relative to the norm 3e-4
        assertThatThrownBy(() -> Numbers.checkSame("t", "e", Map.of("y", wrong), Map.of("y", right)))
                .hasMessageStartingWith(
                        "t by e: comparison is void: the relative error of y must be <= 1.0E-4, got 3.");
        assertThatThrownBy(() -> Numbers.checkSame("t", "e", Map.of("z", right), Map.of("y", right)))
                .hasMessageEndingWith("results must be [y], got [z]");
        assertThatThrownBy(() -> Numbers.checkSame("t", "e", Map.of("y", new float[3]), Map.of("y", right)))
                .hasMessageEndingWith("y must have 1000 values, got 3");
    }

    @Test
    void kinksExcuseGradientsOnlyAndNotMuch() {
        Map<String, float[]> truth = Map.of("loss", new float[] {1}, "gradient of w", new float[] {1});
        Map<String, float[]> near = Map.of("loss", new float[] {1}, "gradient of w", new float[] {1.005f});
        Numbers.checkSame("t", "e", near, truth, Numbers.TOLERANCE, Numbers.WITH_KINKS);
        assertThatThrownBy(() -> Numbers.checkSame("t", "e", near, truth)).hasMessageContaining("gradient of w");
        Map<String, float[]> far = Map.of("loss", new float[] {1}, "gradient of w", new float[] {1.02f});
        assertThatThrownBy(() -> Numbers.checkSame("t", "e", far, truth, Numbers.TOLERANCE, Numbers.WITH_KINKS))
                .hasMessageContaining("gradient of w");
        Map<String, float[]> loss = Map.of("loss", new float[] {1.005f}, "gradient of w", new float[] {1});
        assertThatThrownBy(() -> Numbers.checkSame("t", "e", loss, truth, Numbers.TOLERANCE, Numbers.WITH_KINKS))
                .hasMessageContaining("the relative error of loss must be <= 1.0E-4");
    }

    @Test
    void notANumberIsRefused() {
        float[] right = Numbers.of(1, 10);
        float[] wrong = right.clone();
        wrong[3] = Float.NaN;
        assertThatThrownBy(() -> Numbers.checkSame("t", "e", Map.of("y", wrong), Map.of("y", right)))
                .hasMessageEndingWith("got NaN");
    }

    @Test
    void whatIsZeroButForRoundingIsMeasuredByTheOthers() {
        Map<String, float[]> truth = new LinkedHashMap<>();
        truth.put("gradient of w", Numbers.of(1, 100));
        truth.put("gradient of b", new float[100]);
        float[] rounding = Numbers.of(2, 100);
        for (int i = 0; i < rounding.length; i++) {
            rounding[i] *= 1e-8f;
        }
        Numbers.checkSame(
                "t", "e", Map.of("gradient of w", truth.get("gradient of w"), "gradient of b", rounding), truth);
    }

    @Test
    void aLargeLossDoesNotHideWrongGradients() {
        Map<String, float[]> truth = Map.of("loss", new float[] {1000}, "gradient of w", new float[] {1e-3f});
        Map<String, float[]> wrong = Map.of("loss", new float[] {1000}, "gradient of w", new float[] {2e-3f});
        assertThatThrownBy(() -> Numbers.checkSame("t", "e", wrong, truth))
                .hasMessageContaining("the relative error of gradient of w must be");
    }

    @Test
    void sharedNumbersHaveMeanZeroAndVarianceOne() {
        float[] values = Numbers.of(5, 100_000);
        double mean = 0;
        double square = 0;
        for (float v : values) {
            mean += v / values.length;
            square += (double) v * v / values.length;
        }
        assertThat(mean).isBetween(-0.015, 0.015); // five standard errors
        assertThat(square).isBetween(0.98, 1.02);
        assertThat(Numbers.of(5, 3)).isEqualTo(Arrays.copyOf(values, 3));
    }
}
