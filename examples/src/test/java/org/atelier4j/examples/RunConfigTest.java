package org.atelier4j.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.atelier4j.data.Datasets;
import org.atelier4j.diffusion.pipeline.Objective;
import org.atelier4j.optim.LearningRate;
import org.atelier4j.train.TrainingLength;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunConfigTest {
    @TempDir
    private Path folder;

    private final DiffusionConfig config = Preset.QUICK.config(Datasets.resolve("toy-shapes"), 3);
    private Path file;

    @BeforeEach
    void choose() {
        file = folder.resolve("config.json");
    }

    private DiffusionConfig with(Objective objective) {
        return new DiffusionConfig(
                config.network(), config.data(), config.length(), config.optimization(), objective, 0.1, 3);
    }

    @Test
    void everyObjectiveSurvivesTheFile() {
        for (Objective objective :
                new Objective[] {Objective.Discrete.standard(), Objective.Edm.paper(), new Objective.Flow(0, 1)}) {
            with(objective).save(file);

            assertThat(RunConfig.load(file)).isEqualTo(with(objective));
        }
    }

    @Test
    void aPresetFollowsTheDataSet() {
        assertThat(config.network().images().height()).isEqualTo(16);
        assertThat(config.network().conditions().classes())
                .isEqualTo(Datasets.resolve("toy-shapes").train().classNames().size());
        assertThat(config.network().attention().resolutions()).containsExactly(4);
    }

    @Test
    void anUnknownSettingIsNamedWithTheFile() throws IOException {
        config.save(file);
        Files.writeString(file, Files.readString(file).replace("\"seed\"", "\"sead\""));

        assertThatThrownBy(() -> RunConfig.load(file))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(file + ": ")
                .hasMessageContaining("seed: is missing")
                .hasMessageContaining("sead: is unknown");
    }

    @Test
    void differencesNameSettingsButNotTheLength() {
        DiffusionConfig other = with(Objective.Edm.paper()).withLength(TrainingLength.steps(1));

        assertThat(RunConfig.differences(config, other)).containsExactly("objective");
        assertThat(RunConfig.differences(config, config.withLength(TrainingLength.steps(9))))
                .isEmpty();
    }

    @Test
    void stepsCoverAllImages() {
        int batch = config.optimization().batch();

        assertThat(config.withLength(TrainingLength.images(2L * batch)).steps()).isEqualTo(2);
        assertThat(config.withLength(TrainingLength.images(2L * batch + 1)).steps())
                .isEqualTo(3);
        assertThat(config.withLength(TrainingLength.steps(7)).steps()).isEqualTo(7);
    }

    @Test
    void theRateRisesAndThenFallsToAFiftieth() {
        LearningRate rate = new Optimization(64, 1e-3, 100, 1, 1000).schedule(2000);

        assertThat(rate.at(0)).isLessThan(2e-5);
        assertThat(rate.at(100)).isBetween(0.98e-3, 1e-3);
        assertThat(rate.at(2000)).isEqualTo(2e-5);
    }
}
