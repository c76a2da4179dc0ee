/**
 * What is measured on an NVIDIA card: read {@code GpuSuite}, one command that runs on a machine with a JDK, a driver and an
 * NVRTC, from packaged jars. {@code KernelChecks} compares with float64, {@code KernelTimes} measures, {@code TrainingCheck}
 * trains a U-Net on both devices.
 */
@NullMarked
package org.atelier4j.benchmarks.gpu;

import org.jspecify.annotations.NullMarked;
