package org.atelier4j.tensor.kernel;

/**
 * A normalization over groups of channels.
 *
 * @param groups number of groups, a divisor of the channels
 * @param eps added to the variance, &gt; 0
 * @param centered whether the mean is subtracted; without, it is RMS normalization and {@code mean} is 0
 * @param silu whether {@code x·σ(x)} follows
 */
public record Norm(int groups, double eps, boolean centered, boolean silu) {}
