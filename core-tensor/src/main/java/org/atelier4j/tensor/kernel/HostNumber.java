package org.atelier4j.tensor.kernel;

/**
 * A number that the host gives to kernels and that may be another one in the next run of a step. An object, so that a recorded
 * step can be told how it goes on ({@link org.atelier4j.tensor.device.Device#renew}).
 */
public record HostNumber(double value) {}
