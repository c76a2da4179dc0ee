package org.atelier4j.benchmarks;

import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;

/** What one recorded operation costs when its arithmetic costs nothing, in µs; and with its share of the backward pass. */
@OperationsPerInvocation(Task.SmallOps.COUNT)
public class OverheadBenchmark extends TaskBenchmark {
    /** The task. */
    @Param({"small-op", "small-op-backward"})
    public String task = "";

    @Override
    protected String name() {
        return task;
    }
}
