/**
 * The seam behind which arithmetic happens. Read {@code Kernels} first: one interface whose methods write results into
 * tensors that ops have made and checked. {@code nd4j} is the portable provider, {@code onednn} the fast one for CPUs;
 * {@code CpuKernels} chooses. The small records and enums ({@code Unary}, {@code Convolution}, {@code Norm}, …) are the
 * vocabulary of the interface, and {@code Unary} also holds the truth about each function and its derivative. {@code
 * Formula} is what {@code Expression} makes of arithmetic: steps that a provider takes in one pass.
 *
 * <p>What providers share is here as well: {@code Elements} (a tensor's numbers in Java arrays, whatever their type),
 * {@code Operand} (the same of one that is broadcast), {@code FormulaLoop} (formulas on the host), {@code Parallel} (loops over
 * threads with the same result on any number of them), {@code Scratch} (arrays without garbage), {@code Philox} and
 * {@code BoxMuller} (random numbers by counter).
 *
 * <p>Papers: Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"; Box, Muller 1958, "A note on
 * the generation of random normal deviates".
 */
@NullMarked
package org.atelier4j.tensor.kernel;

import org.jspecify.annotations.NullMarked;
