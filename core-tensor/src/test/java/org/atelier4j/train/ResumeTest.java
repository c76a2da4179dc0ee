package org.atelier4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atelier4j.io.CheckpointFolder;
import org.atelier4j.nn.Activation;
import org.atelier4j.nn.Dropout;
import org.atelier4j.nn.Linear;
import org.atelier4j.nn.Sequential;
import org.atelier4j.optim.AdamW;
import org.atelier4j.optim.Ema;
import org.atelier4j.optim.LearningRate;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A small run with everything that can be forgotten: dropout, noise, momentum, a schedule, averages, a data position. */
class ResumeTest {
    private static final int BATCH = 8;

    @TempDir
    private Path folder;

    /** A run that knows nothing of a former one but what its checkpoint tells. */
    private static final class Run {
        long position;
        final Rng rng = Rng.of(7);
        final Sequential model = new Sequential(
                new Linear(6, 16, rng.split("a")),
                Activation.silu(),
                new Dropout(0.2, rng.split("mask")),
                new Linear(16, 6, rng.split("b")));
        final AdamW optimizer = new AdamW(
                model.parameters(),
                AdamW.Config.of(1e-2).withRate(LearningRate.cosine(1e-2, 0, 40).warmUp(5)));
        final Ema ema = new Ema(model, new Ema.Config(100, 0.05));
        final Rng noise = rng.split("noise");
        final TrainingState state = new TrainingState()
                .tensors("model", model::state, model::load)
                .tensors("streams", model::positions, model::seek)
                .tensors("optim", optimizer::state, optimizer::load)
                .tensors("ema", ema::state, ema::load)
                .position("noise", noise::position, noise::seek)
                .position("data", () -> position, p -> position = p);
        final StopSignal stop = new StopSignal();
        final Checkpoints checkpoints;
        final Map<Long, Double> losses = new LinkedHashMap<>();

        Run(Path folder) {
            checkpoints = new Checkpoints(new CheckpointFolder(folder, 2), state, 10);
        }

        Tensor batch() {
            return rng.split("data").split(position++).normal(Shape.of(BATCH, 6));
        }

        StepReport step(Tensor x, long step) {
            Tensor noisy = x.add(noise.normal(x.shape()).mul(0.1));
            Tensor loss = model.forward(noisy).sub(x).square().mean();
            optimizer.step(loss.backward());
            ema.update(BATCH, step * BATCH);
            return StepReport.of("loss", loss.item());
        }

        /** Trains up to 40 steps, interrupted after {@code stopAfter}. */
        Run train(long stopAfter) {
            StepListener watcher = (progress, report) -> {
                losses.put(progress.step(), report.scalars().get("loss"));
                if (progress.step() == stopAfter) {
                    stop.request("test");
                }
            };
            TrainingProgress from = checkpoints.resume(TrainingLength.steps(40));
            new TrainingLoop<>(this::batch, b -> BATCH, this::step, List.of(checkpoints, watcher), stop).run(from);
            return this;
        }

        Map<String, float[]> values() {
            Map<String, float[]> values = new LinkedHashMap<>();
            state.tensors().forEach((path, t) -> values.put(path, t.toFloats()));
            ema.state().forEach((path, t) -> values.put("averaged " + path, t.toFloats()));
            return values;
        }
    }

    private static void assertSameBits(Run actual, Run expected) {
        Map<String, float[]> a = actual.values();
        Map<String, float[]> b = expected.values();
        assertThat(a.keySet()).isEqualTo(b.keySet());
        b.forEach((path, values) -> assertThat(a.get(path)).as(path).isEqualTo(values));
        assertThat(actual.state.positions()).isEqualTo(expected.state.positions());
    }

    @Test
    void aRunStoppedTwiceEqualsTheUnbrokenOneBitForBit() {
        Run unbroken = new Run(folder.resolve("unbroken")).train(1000);

        Path broken = folder.resolve("broken");
        new Run(broken).train(13);
        Run second = new Run(broken).train(14);
        Run third = new Run(broken).train(1000);

        assertThat(second.losses.keySet()).containsExactly(14L);
        assertThat(third.losses.keySet()).first().isEqualTo(15L);
        third.losses.forEach(
                (step, loss) -> assertThat(loss).as("loss of step %d", step).isEqualTo(unbroken.losses.get(step)));
        assertSameBits(third, unbroken);
    }

    @Test
    void aKilledRunGoesOnFromTheCheckpointBefore() throws IOException {
        Run unbroken = new Run(folder.resolve("unbroken")).train(1000);
        Path killed = folder.resolve("killed");
        new Run(killed).train(23);
        Files.delete(killed.resolve("checkpoint-00000023").resolve(Checkpoints.FILE)); // as if it had never been whole

        Run resumed = new Run(killed);

        assertThat(resumed.checkpoints.resume(TrainingLength.steps(40)).step()).isEqualTo(20);
        assertSameBits(new Run(killed).train(1000), unbroken);
    }

    @Test
    void aFinishedRunStaysAsItIsAndCanBeMadeLonger() {
        Path run = folder.resolve("run");
        Run first = new Run(run).train(1000);

        Run again = new Run(run).train(1000);

        assertThat(again.losses).isEmpty();
        assertSameBits(again, first);
        TrainingProgress longer = new Run(run).checkpoints.resume(TrainingLength.steps(50));
        assertThat(longer.step()).isEqualTo(40);
        assertThat(longer.images()).isEqualTo(40 * BATCH);
        assertThat(longer.isComplete()).isFalse();
    }

    @Test
    void lastNamesTheLatestCheckpoint() {
        Run run = new Run(folder.resolve("run"));
        assertThat(run.checkpoints.last()).isEqualTo("none");

        run.train(4);

        assertThat(run.checkpoints.last()).endsWith("checkpoint-00000004");
    }

    @Test
    void aCheckpointOfAnotherRunIsRefused() {
        Path run = folder.resolve("run");
        new Run(run).train(4);
        TrainingState other = new TrainingState().position("data", () -> 0, p -> {});

        assertThatThrownBy(
                        () -> new Checkpoints(new CheckpointFolder(run, 2), other, 10).resume(TrainingLength.steps(40)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("TrainingState: positions must be [data], got [noise, data]");
    }
}
