package org.atelier4j.tensor.kernel;

/**
 * How far a moving average goes towards what it follows. An object, not a number, so that a recorded step can be told
 * whose it is ({@link org.atelier4j.tensor.device.Device#renew}).
 *
 * @param value in [0, 1]
 */
public record MovingWeight(double value) {}
