package org.atelier4j.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResultTablesTest {
    private static final Page PAGE = new Page("benchmarks.md", ResultTables::markdown);

    @TempDir
    Path folder;

    private static Results results(double load) {
        Machine machine = new Machine(
                "2026-11-24",
                "Some Processor",
                4,
                "AVX2",
                8_000_000_000L,
                "Linux",
                "17",
                2,
                List.of("oneDNN 3.11", "libtorch 2.10"),
                load);
        List<Results.Timing> timings = List.of(
                new Results.Timing("unet-step-64", Engine.ATELIER, List.of(1e6, 1e6)),
                new Results.Timing("unet-step-64", Engine.LIBTORCH, List.of(1.5e6, 1.5e6)),
                new Results.Timing("unet-forward-1", Engine.ATELIER, List.of(1e4, 1e4)),
                new Results.Timing("unet-forward-1", Engine.LIBTORCH, List.of(1.25e4, 1.25e4)),
                new Results.Timing("matmul-256", Engine.ATELIER, List.of(100.0, 100.0)),
                new Results.Timing("matmul-256", Engine.ONEDNN, List.of(95.0, 95.0)),
                new Results.Timing("matmul-256", Engine.ND4J, List.of(700.0, 700.0)),
                new Results.Timing("small-op", Engine.ATELIER, List.of(3.25, 3.25)),
                new Results.Timing("unet-step-64", "pytorch", List.of(1.2e6, 1.2e6, 1.2e6)));
        return new Results(
                machine,
                timings,
                List.of(
                        new Results.Memory(
                                "unet-step-64", Engine.ATELIER, 8, 2_000_000_000L, 1_000_000L, 900_000, 0.01),
                        new Results.Memory("unet-step-64", Engine.LIBTORCH, 8, 2_500_000_000L, 1_000_000L, 5, 0.03)));
    }

    @Test
    void targetsAreMetOrMissed() {
        assertThat(ResultTables.markdown(results(0)))
                .contains("Measured on 2026-11-24 with 2 threads of Some Processor, AVX2, 8 GB;")
                .contains("| unet-step-64, speed over libtorch's | ≥ 1.2 | 1.50 (1.50–1.50) | met |\n")
                .contains("| unet-forward-1, speed over libtorch's | ≥ 1.5 | 1.25 (1.25–1.25) | **missed** |\n")
                .contains("| matmul-256, speed over onednn's | ≥ 0.9 | 0.95 (0.95–0.95) | met |\n")
                .contains("| recorded small operation | ≤ 5 µs | 3.25 µs | met |\n")
                .contains("| unet-step-64 × 8, Java garbage per step | < 1 MB | 0.90 MB | met |\n")
                .contains("| unet-step-64 × 8, peak memory over libtorch's | ≤ 1 | 0.80 | met |\n");
    }

    @Test
    void trainingStepsAreAlsoJudgedTogether() {
        Results two = results(0)
                .with(List.of(
                        new Results.Timing("nerf-step-4096", Engine.ATELIER, List.of(10.0, 10.0)),
                        new Results.Timing("nerf-step-4096", Engine.LIBTORCH, List.of(60.0, 60.0))));
        assertThat(ResultTables.markdown(two))
                .contains("| 2 training steps, geometric mean of the speed over libtorch's | ≥ 1.5 | 3.00 (3.00–3.00) |"
                        + " met |\n")
                .contains("| nerf-step-4096, speed over libtorch's | ≥ 1.0 | 6.00 (6.00–6.00) | met |\n");
    }

    @Test
    void aPeerThatWasNotMeasuredHasNoColumnAndWhatIsNoTaskComesLast() {
        Results more = results(0).with(List.of(new Results.Timing(StartUp.NAME, Engine.ATELIER, List.of(1e6, 1e6))));
        assertThat(more.tasks()).endsWith("small-op", StartUp.NAME);
        assertThat(ResultTables.markdown(more))
                .contains("| task | atelier | libtorch × | onednn × | nd4j × |\n|---|---:|---|---|---|\n")
                .contains("| start-up | 1,000,000 | – | – | – |\n");
    }

    @Test
    void everyTaskHasItsRow() {
        assertThat(ResultTables.markdown(results(0)))
                .contains("| unet-step-64 | 1,000,000 | 1.50 (1.50–1.50) | – | – |\n")
                .contains("| matmul-256 | 100 | – | 0.95 (0.95–0.95) | 7.00 (7.00–7.00) |\n")
                .contains("| task | pytorch × |\n|---|---|\n| unet-step-64 | 1.20 (1.20–1.20) |\n")
                .contains("| unet-step-64 | libtorch | 8 | 2,500 MB | 1 MB | 3.00 % | 0.00 MB |\n");
    }

    @Test
    void aFileIsReadBackAsWritten() {
        Path file = folder.resolve("run.json");
        results(0.25).save(file);
        assertThat(Results.read(file)).isEqualTo(results(0.25));
    }

    @Test
    void timesOfChosenTasksCanBeForgotten() {
        Results rest = results(0).without("unet.*");
        assertThat(rest.tasks()).containsExactly("matmul-256", "small-op");
        assertThat(rest.memory()).isEqualTo(results(0).memory());
    }

    @Test
    void aPageHoldsTheTablesOfTheFileThatItNames() {
        results(0).save(folder.resolve("run.json"));
        String page = "# Title\n<!-- results of none -->\nold\n<!-- end of results -->\nafter\n";
        String updated = PAGE.updated(page, folder, "run");
        assertThat(updated)
                .startsWith("# Title\n<!-- results of run -->\nMeasured on 2026-11-24")
                .endsWith("<!-- end of results -->\nafter\n")
                .doesNotContain("old");
        assertThat(PAGE.updated(updated, folder, "run")).isEqualTo(updated);
    }

    @Test
    void numbersOfABusyMachineAreNotPublished() {
        results(2).save(folder.resolve("busy.json"));
        String page = "<!-- results of none -->\n<!-- end of results -->\n";
        assertThatThrownBy(() -> PAGE.updated(page, folder, "busy"))
                .hasMessage("busy: other work may use at most 0.5 processors while publishable results are measured,"
                        + " got 2.0");
        assertThat(ResultTables.markdown(results(2)))
                .contains("**Other work was running: these numbers say nothing.**");
    }
}
