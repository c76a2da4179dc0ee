package org.atelier4j.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointFolderTest {
    private static final int ELEMENTS = 200_000;

    @TempDir
    Path folder;

    @Test
    void keepsTheLastFewAndTheBest() throws IOException {
        CheckpointFolder checkpoints = new CheckpointFolder(folder.resolve("run"), 2);
        assertThat(checkpoints.latest()).isEmpty();
        assertThat(checkpoints.best()).isEmpty();
        double[] scores = {5, 1, 3, Double.NaN, 4};
        for (int i = 0; i < scores.length; i++) {
            save(checkpoints, 10 * (i + 1), scores[i]);
        }
        assertThat(names()).containsExactly("checkpoint-00000020", "checkpoint-00000040", "checkpoint-00000050");
        assertThat(checkpoints.latest()).hasValueSatisfying(c -> {
            assertThat(c.step()).isEqualTo(50);
            assertThat(c.score()).isEqualTo(4);
            assertThat(stepIn(c)).isEqualTo(50);
        });
        assertThat(checkpoints.best())
                .hasValueSatisfying(c -> assertThat(c.step()).isEqualTo(20));
    }

    @Test
    void goesBackPastDamagedOnesAndSaysWhy() throws IOException {
        CheckpointFolder checkpoints = new CheckpointFolder(folder.resolve("run"), 9);
        for (int step = 1; step <= 5; step++) {
            save(checkpoints, step, Double.NaN);
        }
        Path run = folder.resolve("run");
        flipOneBit(run.resolve("checkpoint-00000005/model.safetensors"));
        Files.delete(run.resolve("checkpoint-00000004/model.safetensors"));
        Files.writeString(run.resolve("checkpoint-00000003/manifest.json"), "{");
        Files.createDirectory(run.resolve("checkpoint-00000009"));
        assertThat(checkpoints.latest())
                .hasValueSatisfying(c -> assertThat(c.step()).isEqualTo(2));
        List<String> damaged = checkpoints.damaged();
        assertThat(damaged).hasSize(4);
        assertThat(damaged.get(0)).contains("checkpoint-00000009").contains("there is no");
        assertThat(damaged.get(1)).endsWith("checkpoint-00000005/model.safetensors: contents must be as saved");
        assertThat(damaged.get(2)).contains("checkpoint-00000004").contains("there is no");
        assertThat(damaged.get(3)).contains("checkpoint-00000003").contains("must be JSON");
    }

    @Test
    void replacesTheSameStepAndRefusesAnEarlierOne() throws IOException {
        CheckpointFolder checkpoints = new CheckpointFolder(folder.resolve("run"), 3);
        save(checkpoints, 7, 1);
        save(checkpoints, 7, 2);
        assertThat(names()).containsExactly("checkpoint-00000007");
        assertThat(checkpoints.latest())
                .hasValueSatisfying(c -> assertThat(c.score()).isEqualTo(2));
        assertThatThrownBy(() -> save(checkpoints, 6, 0))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("CheckpointFolder: step must not lie before that of "
                        + folder.resolve("run/checkpoint-00000007") + ", got 6; resume from it or use another folder");
    }

    @Test
    void aCheckpointBetweenItsTwoRenamesIsStillFound() throws IOException {
        CheckpointFolder checkpoints = new CheckpointFolder(folder.resolve("run"), 3);
        save(checkpoints, 6, 1);
        save(checkpoints, 7, 1);
        Path run = folder.resolve("run");
        Files.move(run.resolve("checkpoint-00000007"), run.resolve(".replaced-checkpoint-00000007"));
        assertThat(checkpoints.latest())
                .hasValueSatisfying(c -> assertThat(stepIn(c)).isEqualTo(7));
        save(checkpoints, 7, 1);
        save(checkpoints, 8, 1);
        assertThat(names()).containsExactly("checkpoint-00000006", "checkpoint-00000007", "checkpoint-00000008");
    }

    @Test
    void aFullDiskLeavesTheFormerCheckpointAndNothingElse() throws IOException {
        CheckpointFolder checkpoints = new CheckpointFolder(folder.resolve("run"), 3);
        save(checkpoints, 1, 1);
        assertThatThrownBy(() -> checkpoints.save(2, to -> {
                    Files.write(to.resolve("half"), new byte[1000]);
                    throw new IOException("No space left on device");
                }))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessage(folder.resolve("run") + ": could not be written: No space left on device");
        assertThat(names()).containsExactly("checkpoint-00000001");
        assertThat(checkpoints.latest())
                .hasValueSatisfying(c -> assertThat(stepIn(c)).isEqualTo(1));
    }

    @Test
    void aDiskThatReallyIsFullToo() throws Exception {
        Path mount = Files.createDirectory(folder.resolve("tiny"));
        assumeThat(command("mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", mount.toString()))
                .as("a file system of 3 MB can be mounted, which takes root on Linux")
                .isZero();
        try {
            CheckpointFolder checkpoints = new CheckpointFolder(mount.resolve("run"), 9);
            assertThatThrownBy(() -> {
                        for (int step = 1; step < 9; step++) {
                            save(checkpoints, step, 1); // 800 kB each
                        }
                    })
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining("could not be written: ");
            assertThat(checkpoints.latest())
                    .hasValueSatisfying(c -> assertThat(stepIn(c)).isEqualTo(3));
            assertThat(checkpoints.damaged()).isEmpty();
        } finally {
            command("umount", mount.toString());
        }
    }

    /** Saves one checkpoint after the other, saying so each time, until it is killed. */
    static final class Saver {
        public static void main(String[] args) {
            CheckpointFolder checkpoints = new CheckpointFolder(Path.of(args[0]), 2);
            long step =
                    checkpoints.latest().map(CheckpointFolder.Checkpoint::step).orElse(0L);
            while (true) {
                step++;
                save(checkpoints, step, 1);
                System.out.println(step);
                if (step % 3 == 0) {
                    save(checkpoints, step, 1); // replacing, too
                }
            }
        }
    }

    @Test
    void aKillAtAnyMomentLosesNothingThatWasSaved() throws Exception {
        Path run = folder.resolve("run");
        Random random = new Random(4);
        for (int kill = 0; kill < 6; kill++) {
            Process saver = ChildJvm.start(Saver.class, run);
            long saved;
            try (BufferedReader out = saver.inputReader()) {
                saved = Long.parseLong(out.readLine());
                Thread.sleep(random.nextInt(150));
                saver.toHandle().destroyForcibly(); // Process.destroyForcibly would close the stream
                for (String line = out.readLine(); line != null && line.matches("\\d+"); line = out.readLine()) {
                    saved = Long.parseLong(line);
                }
            } finally {
                saver.destroyForcibly();
            }
            CheckpointFolder checkpoints = new CheckpointFolder(run, 2);
            CheckpointFolder.Checkpoint latest = checkpoints.latest().orElseThrow();
            assertThat(latest.step()).as("after kill %d", kill).isGreaterThanOrEqualTo(saved);
            assertThat(stepIn(latest)).isEqualTo(latest.step());
            assertThat(checkpoints.damaged()).isEmpty();
        }
        save(new CheckpointFolder(run, 2), 1_000_000, 2);
        assertThat(names()).hasSize(2).allMatch(name -> name.startsWith("checkpoint-"));
    }

    private static void save(CheckpointFolder checkpoints, long step, double score) {
        float[] values = new float[ELEMENTS];
        Arrays.fill(values, step);
        checkpoints.save(
                step,
                score,
                to -> SafeTensors.write(
                        to.resolve("model.safetensors"), Map.of("x", Tensor.of(values, ELEMENTS)), Map.of()));
    }

    private static long stepIn(CheckpointFolder.Checkpoint checkpoint) {
        Tensor x =
                SafeTensors.read(checkpoint.path().resolve("model.safetensors")).get("x");
        float[] values = x.toFloats();
        for (float value : values) {
            assertThat(value).isEqualTo(values[0]);
        }
        return (long) values[0];
    }

    private static void flipOneBit(Path path) throws IOException {
        byte[] bytes = Files.readAllBytes(path);
        bytes[bytes.length - 100] ^= 4;
        Files.write(path, bytes);
    }

    private Stream<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve("run"))) {
            return files.map(p -> p.getFileName().toString()).sorted().toList().stream();
        }
    }

    private static int command(String... words) throws InterruptedException {
        try {
            Process process =
                    new ProcessBuilder(words).redirectErrorStream(true).start();
            process.getInputStream().readAllBytes();
            return process.waitFor(10, TimeUnit.SECONDS) ? process.exitValue() : -1;
        } catch (IOException e) {
            return -1;
        }
    }
}
