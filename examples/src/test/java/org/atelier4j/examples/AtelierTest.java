package org.atelier4j.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.atelier4j.examples.CommandLineFixture.atelier;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AtelierTest {
    @TempDir
    private Path folder;

    @Test
    void withoutAVerbItShowsThemAll() {
        CommandLineFixture result = atelier("--help");

        assertThat(result.code()).isZero();
        assertThat(result.out()).contains("quickstart", "train", "sample", "doctor", "First steps");
    }

    @ParameterizedTest
    @ValueSource(strings = {"quickstart", "train", "sample", "eval", "edit", "fetch", "doctor"})
    void everyVerbHasHelpWithoutHiddenOptions(String verb) {
        CommandLineFixture result = atelier(verb + " --help");

        assertThat(result.code()).isZero();
        assertThat(result.out()).startsWith("Usage: atelier " + verb).doesNotContain("--smoke");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "sampel                     | Did you mean: atelier sample",
                "train --stepps 3           | Possible solutions: --steps",
                "train --steps many         | Invalid value for option '--steps': 'many' is not a long",
                "train --steps 3 --images 9 | mutually exclusive",
                "train --model huge         | expected one of [QUICK, SMALL, LARGE, SMOKE] (case-insensitive)",
                "sample --sampler magic     | name must be one of ddpm, ddim, euler, heun, dpm-solver, sde-dpm-solver, got magic",
                "sample --count             | Missing required parameter for option '--count'",
            })
    void whatIsNotUnderstoodGetsAHint(String command, String hint) {
        CommandLineFixture result = atelier(command);

        assertThat(result.code()).isEqualTo(2);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).startsWith("atelier: ").contains(hint).contains("--help'.");
    }

    @Test
    void versionIsOneLine() {
        assertThat(atelier("--version").out().lines())
                .singleElement()
                .asString()
                .startsWith("atelier ");
    }

    @Test
    void aModelThatIsNotThereIsOneLineAndExitCodeOne() {
        CommandLineFixture result = atelier("sample --model", folder.resolve("none.safetensors"));

        assertThat(result.code()).isEqualTo(1);
        assertThat(result.err().lines())
                .singleElement()
                .asString()
                .startsWith("atelier: there is no model " + folder.resolve("none.safetensors"));
    }

    @Test
    void minutesAreMoreThanNone() {
        CommandLineFixture result = atelier("train --model smoke --data fashion-mnist-small --minutes 0 --out", folder);

        assertThat(result.code()).isEqualTo(1);
        assertThat(result.err()).isEqualToIgnoringNewLines("atelier: --minutes must be more than 0, got 0.0");
    }

    @Test
    void aDataSetThatIsUnknownIsNamed() {
        CommandLineFixture result = atelier("train --data imagenet --out", folder);

        assertThat(result.code()).isEqualTo(1);
        assertThat(result.err()).contains("name must be one of fashion-mnist", "got imagenet");
    }
}
