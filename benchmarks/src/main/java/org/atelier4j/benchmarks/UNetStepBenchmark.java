package org.atelier4j.benchmarks;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Warmup;

/** Forward, backward and AdamW of the U-Nets. */
@Warmup(iterations = 3, time = 3, timeUnit = TimeUnit.SECONDS)
@Measurement(iterations = 5, time = 3, timeUnit = TimeUnit.SECONDS)
public class UNetStepBenchmark extends TaskBenchmark {
    /** The task. */
    @Param({"unet-step-64", "small-unet-step-8"})
    public String step = "";

    @Override
    protected Task task() {
        return Task.named(step);
    }
}
