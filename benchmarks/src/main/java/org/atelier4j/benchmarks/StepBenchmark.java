package org.atelier4j.benchmarks;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Warmup;

/** Training steps: forward, backward and AdamW. */
@Warmup(iterations = 5, time = 1, timeUnit = TimeUnit.SECONDS)
@Measurement(iterations = 10, time = 1, timeUnit = TimeUnit.SECONDS)
public class StepBenchmark extends TaskBenchmark {
    /** The task. */
    @Param({
        "unet-step-64",
        "vqvae-step-32",
        "prior-step-32",
        "pixelcnn-step-16",
        "gpt-step-32",
        "nerf-step-4096",
        "dcgan-step-64",
        "autoencoder-step-64",
        "small-unet-step-8",
        "unet-bf16-step-64"
    })
    public String task = "";

    @Override
    protected String name() {
        return task;
    }
}
