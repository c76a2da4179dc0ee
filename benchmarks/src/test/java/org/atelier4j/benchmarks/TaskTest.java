package org.atelier4j.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Param;

class TaskTest {

    @Test
    void everyTaskHasANameOfItsOwn() {
        List<String> names = Task.all().stream().map(Task::name).toList();
        assertThat(names).doesNotHaveDuplicates();
        for (Task task : Task.all()) {
            assertThat(Task.named(task.name())).isEqualTo(task);
        }
    }

    @Test
    void jmhKnowsEveryTask() throws NoSuchFieldException {
        List<String> known = new ArrayList<>();
        known.addAll(values(UNetStepBenchmark.class, "step"));
        known.addAll(values(UNetForwardBenchmark.class, "forward"));
        known.addAll(values(KernelBenchmark.class, "kernel"));
        known.addAll(values(OverheadBenchmark.class, "chain"));
        assertThat(known)
                .containsExactlyInAnyOrderElementsOf(
                        Task.all().stream().map(Task::name).toList());
    }

    private static List<String> values(Class<?> benchmark, String field) throws NoSuchFieldException {
        return List.of(benchmark.getField(field).getAnnotation(Param.class).value());
    }

    @Test
    void unknownNamesAreAnsweredByTheKnown() {
        assertThatThrownBy(() -> Task.named("matmul-7"))
                .hasMessageStartingWith("task must be one of [unet-step-64, ")
                .hasMessageEndingWith("got matmul-7");
        assertThatThrownBy(() -> Engine.named("numpy"))
                .hasMessageStartingWith("engine must be one of [atelier, onednn, nd4j")
                .hasMessageEndingWith("got numpy");
    }

    @Test
    void enginesTakeTurnsForwardsAndBackwards() {
        assertThat(IntStream.range(0, 9).map(i -> TaskBenchmark.engineAt(i, 3)))
                .containsExactly(0, 1, 2, 2, 1, 0, 0, 1, 2);
        assertThat(IntStream.range(0, 3).map(i -> TaskBenchmark.engineAt(i, 1))).containsExactly(0, 0, 0);
    }
}
