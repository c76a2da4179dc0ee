package org.atelier4j.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.atelier4j.examples.CommandLineFixture.atelier;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.atelier4j.io.RunLock;
import org.atelier4j.train.JsonlLog;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class TrainTest {
    private static final String SMOKE = "train --data fashion-mnist-small --model smoke --out";

    @TempDir
    private Path folder;

    @Test
    void aRunLeavesConfigLogPicturesCheckpointsEventsAndModel() throws IOException {
        CommandLineFixture result = atelier(SMOKE, folder, "--steps", 10);

        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.out())
                .contains("fashion-mnist-small, 11500 images, from the subset that comes with the library")
                .contains("Trained on 40 images")
                .contains("./atelier sample --model " + folder);
        assertThat(folder.toFile().list())
                .contains(
                        "config.json",
                        "stats.jsonl",
                        "samples-00000010.png",
                        "checkpoint-00000010",
                        "events",
                        "loss.png",
                        "model.safetensors");
        assertThat(JsonlLog.read(folder.resolve("stats.jsonl")))
                .hasSize(10)
                .last()
                .satisfies(line -> assertThat(line).containsKeys("loss", "gradientNorm", "learningRate"));
    }

    @Test
    void theSameCommandAfterTheEndTrainsNoMore() throws IOException {
        atelier(SMOKE, folder, "--steps", 4);
        byte[] model = Files.readAllBytes(folder.resolve("model.safetensors"));

        CommandLineFixture again = atelier(SMOKE, folder, "--steps", 4);

        assertThat(again.code()).isZero();
        assertThat(again.out()).contains("This run is finished: there is nothing left to train.");
        assertThat(Files.readAllBytes(folder.resolve("model.safetensors"))).isEqualTo(model);
    }

    @Test
    void aRunCanBeMadeLongerWithItsOwnSettings() {
        atelier(SMOKE, folder, "--steps", 2, "--batch", 3);

        CommandLineFixture longer = atelier("train --resume --steps 4 --out", folder);

        assertThat(longer.code()).as(longer.err()).isZero();
        assertThat(longer.out()).contains("Going on after step 2.", "Trained on 12 images");
    }

    @Test
    void otherSettingsInAUsedFolderAreRefusedByName() {
        atelier(SMOKE, folder, "--steps", 2);

        CommandLineFixture other = atelier(SMOKE, folder, "--steps", 2, "--batch", 3, "--prediction", "epsilon");

        assertThat(other.code()).isEqualTo(1);
        assertThat(other.err())
                .contains("there is a run with other settings in " + folder + " (objective, optimization)");
    }

    @Test
    void resumeWithoutARunSaysSo() {
        assertThat(atelier("train --resume --out", folder).err())
                .contains("there is no run to go on with in " + folder);
    }

    @Test
    void aFolderInUseIsRefused() {
        try (RunLock other = RunLock.take(folder)) {
            CommandLineFixture result = atelier(SMOKE, folder, "--steps", 2);

            assertThat(result.code()).isEqualTo(1);
            assertThat(result.err()).contains("is in use by process");
        }
    }

    @Test
    void numbersGoneBadStopTheRunWithStepScalarAndCheckpoint() {
        CommandLineFixture result = atelier(SMOKE, folder, "--steps", 10, "--lr", "1e38");

        assertThat(result.code()).isEqualTo(1);
        assertThat(result.err())
                .containsPattern(
                        "every scalar must be finite, got (loss|gradientNorm) = \\S+ at step \\d+; last checkpoint: ");
    }

    @Test
    void aConfigFileGivesAllSettings() throws IOException {
        Path first = folder.resolve("first");
        Path second = folder.resolve("second");
        atelier(SMOKE, first, "--steps", 3, "--seed", 5);

        CommandLineFixture result = atelier("train --config", first.resolve("config.json"), "--out", second);

        assertThat(result.code()).as(result.err()).isZero();
        assertThat(second.resolve("model.safetensors")).hasSameBinaryContentAs(first.resolve("model.safetensors"));
    }

    @Test
    @Timeout(300)
    void aRunThatIsToldToStopSavesAndGoesOnToTheSameModelBitForBit() throws Exception {
        Path unbroken = folder.resolve("unbroken");
        Path stopped = folder.resolve("stopped");
        atelier(SMOKE, unbroken, "--steps", 60);

        Path printed = folder.resolve("printed.txt");
        Process process = start(printed, SMOKE, stopped, "--steps", 60);
        Path stats = stopped.resolve("stats.jsonl");
        while (process.isAlive()
                && (!Files.exists(stats) || Files.readAllLines(stats).size() < 5)) {
            Thread.sleep(20);
        }
        process.destroy(); // SIGTERM, to a JVM the same as Ctrl-C
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();

        assertThat(printed).content().containsPattern("Stopped after step \\d+ of 60, with everything saved");
        int done = Files.readAllLines(stats).size();
        assertThat(done).isLessThan(60);
        assertThat(stopped.resolve(String.format("checkpoint-%08d", done))).exists();
        assertThat(stopped.resolve("model.safetensors")).doesNotExist();

        assertThat(atelier(SMOKE, stopped, "--steps", 60).code()).isZero();
        assertThat(stopped.resolve("model.safetensors")).hasSameBinaryContentAs(unbroken.resolve("model.safetensors"));
        assertThat(losses(stopped)).isEqualTo(losses(unbroken));
    }

    private static List<Double> losses(Path run) {
        return JsonlLog.read(run.resolve("stats.jsonl")).stream()
                .map(line -> line.get("loss"))
                .toList();
    }

    private static Process start(Path printed, String command, Object... more) throws IOException {
        List<String> words = new ArrayList<>();
        words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        words.addAll(List.of("-Dorg.nd4j.log.initialization=false", "-cp", classPath()));
        words.add(Atelier.class.getName());
        words.addAll(List.of(command.split(" ")));
        for (Object word : more) {
            words.add(word.toString());
        }
        return new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(printed.toFile())
                .start();
    }

    /** Returns where this JVM has its classes from, also under a launcher with a class loader of its own. */
    private static String classPath() {
        String path = System.getProperty("java.class.path");
        if (Thread.currentThread().getContextClassLoader() instanceof URLClassLoader loader) {
            for (URL url : loader.getURLs()) {
                path += File.pathSeparator + Path.of(URI.create(url.toString()));
            }
        }
        return path;
    }
}
