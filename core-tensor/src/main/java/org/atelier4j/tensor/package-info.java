/**
 * Dense tensors with automatic differentiation. Read {@code Tensor} first: immutable to its users, contiguous,
 * channels-last. {@code TensorScope} bounds the memory of a step, {@code Rng} is where random numbers come from, and
 * {@code Check} words every precondition.
 *
 * <p>Below: {@code op} has one small record per differentiable operation, {@code autograd} walks the recorded graph,
 * {@code device} says where memory lives, and {@code kernel} does the arithmetic.
 *
 * <p>Papers: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3" (the streams of {@code Rng}).
 */
@NullMarked
package org.atelier4j.tensor;

import org.jspecify.annotations.NullMarked;
