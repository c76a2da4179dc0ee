package org.atelier4j.benchmarks;

import org.openjdk.jmh.annotations.Param;

/** Networks in use: predictions, and drawing with a cache. */
public class ForwardBenchmark extends TaskBenchmark {
    /** The task. */
    @Param({
        "prior-sample-64",
        "unet-forward-1",
        "unet-forward-16",
        "vqvae-forward-1",
        "vqvae-forward-32",
        "pixelcnn-forward-1",
        "gpt-forward-1",
        "nerf-forward-4096",
        "dcgan-forward-1",
        "autoencoder-forward-1"
    })
    public String task = "";

    @Override
    protected String name() {
        return task;
    }
}
