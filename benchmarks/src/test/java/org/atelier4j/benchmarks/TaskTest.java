package org.atelier4j.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
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
        Set<Class<? extends TaskBenchmark>> suites = new LinkedHashSet<>();
        Task.all().forEach(task -> suites.add(task.suite()));
        for (Class<? extends TaskBenchmark> suite : suites) {
            String[] known = suite.getField("task").getAnnotation(Param.class).value();
            assertThat(known)
                    .as(suite.getSimpleName())
                    .containsExactlyInAnyOrderElementsOf(Task.all().stream()
                            .filter(task -> task.suite().equals(suite))
                            .map(Task::name)
                            .toList());
        }
    }

    @Test
    void arithmeticAndTrafficOfAProductAreThoseOfTheTextbook() {
        Task.Kernel product = new Task.MatMul(2, 3, 4, 5);
        assertThat(product.flops()).isEqualTo(2 * (2 * 3 * 4 * 5));
        assertThat(product.traffic()).isEqualTo(2 * (3 * 4 + 4 * 5 + 3 * 5));
        Task.Kernel convolution = new Task.Conv(new Task.Image(1, 2, 3, 4), 5, Task.Pass.FORWARD);
        assertThat(convolution.flops()).isEqualTo(2 * 9 * (2 * 3) * 4 * 5);
        assertThat(convolution.traffic()).isEqualTo(2 * 3 * 4 + 2 * 3 * 5 + 9 * 4 * 5);
    }

    @Test
    void unknownNamesAreAnsweredByTheKnown() {
        assertThatThrownBy(() -> Task.named("matmul-7"))
                .hasMessageStartingWith("task must be one of [unet-step-64, ")
                .hasMessageEndingWith("got matmul-7");
        assertThatThrownBy(() -> Engine.named("numpy"))
                .hasMessageStartingWith("engine must be one of [atelier, float32, onednn, nd4j")
                .hasMessageEndingWith("got numpy");
    }

    @Test
    void enginesTakeTurnsForwardsAndBackwards() {
        assertThat(IntStream.range(0, 9).map(i -> TaskBenchmark.engineAt(i, 3)))
                .containsExactly(0, 1, 2, 2, 1, 0, 0, 1, 2);
        assertThat(IntStream.range(0, 3).map(i -> TaskBenchmark.engineAt(i, 1))).containsExactly(0, 0, 0);
    }
}
