package org.atelier4j.benchmarks;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Warmup;

/** One prediction of the benchmark's U-Net. */
@Warmup(iterations = 5, time = 1, timeUnit = TimeUnit.SECONDS)
@Measurement(iterations = 10, time = 1, timeUnit = TimeUnit.SECONDS)
public class UNetForwardBenchmark extends TaskBenchmark {
    /** The task. */
    @Param({"unet-forward-1", "unet-forward-16"})
    public String forward = "";

    @Override
    protected Task task() {
        return Task.named(forward);
    }
}
