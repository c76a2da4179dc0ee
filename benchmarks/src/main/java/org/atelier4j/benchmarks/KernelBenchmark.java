package org.atelier4j.benchmarks;

import org.openjdk.jmh.annotations.Param;

/** The operations in which models spend their time, at the sizes of the U-Net and of the usual textbook products. */
public class KernelBenchmark extends TaskBenchmark {
    /** The task. */
    @Param({
        "matmul-2048",
        "bias-add-64x64x64x128",
        "matmul-256",
        "matmul-1024",
        "batched-matmul-64x256x32",
        "nearest-code-16384x1024x64",
        "nearest-code-whole-16384x1024x64",
        "softmax-64x256x256",
        "silu-1M",
        "silu-4M",
        "group-norm-64x32x32x64",
        "group-norm-silu-64x32x32x64",
        "group-norm-backward-64x32x32x64",
        "group-norm-silu-backward-64x32x32x64",
        "group-norm-64x16x16x128",
        "group-norm-silu-64x16x16x128",
        "group-norm-backward-64x16x16x128",
        "group-norm-silu-backward-64x16x16x128",
        "conv3x3-forward-16x32x32x64",
        "conv3x3-backward-input-16x32x32x64",
        "conv3x3-backward-weight-16x32x32x64",
        "bias-add-16x32x32x64",
        "adam-1M"
    })
    public String task = "";

    @Override
    protected String name() {
        return task;
    }
}
