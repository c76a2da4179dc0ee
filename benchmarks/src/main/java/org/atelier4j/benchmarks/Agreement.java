package org.atelier4j.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.atelier4j.benchmarks.network.Numbers;

/** Whether all engines get the library's results: what makes their times comparable. */
final class Agreement {
    private Agreement() {}

    /**
     * Lets all engines do all tasks once, at their real sizes, and prints what came of it.
     *
     * @param only names of the tasks, a regular expression
     * @return what went wrong, a line each
     */
    static List<String> check(String only) {
        List<String> failures = new ArrayList<>();
        for (Task task : Task.all()) {
            if (task.name().matches(only) && Engine.named(Engine.ATELIER).does(task)) {
                System.out.printf("%-40s", task.name());
                System.out.flush();
                check(task, failures);
                System.out.println();
            }
        }
        return failures;
    }

    private static void check(Task task, List<String> failures) {
        Map<String, float[]> truth;
        try (Work own = new AtelierEngine().prepare(task)) {
            truth = own.results();
        }
        for (String name : Engine.names()) {
            Engine engine = Engine.named(name);
            if (!name.equals(Engine.ATELIER) && engine.does(task)) {
                try (Work work = engine.prepare(task)) {
                    Numbers.checkSame(
                            task.name(), name, work.results(), truth, task.tolerance(), task.gradientTolerance());
                    System.out.print(" " + name);
                } catch (IllegalStateException e) {
                    failures.add(e.getMessage());
                    System.out.print(" NOT " + name);
                }
            }
        }
    }
}
