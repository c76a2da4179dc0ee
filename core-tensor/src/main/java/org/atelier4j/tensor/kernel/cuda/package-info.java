/**
 * The kernels of NVIDIA cards: CUDA C++ of our own, kept as text beside these classes ({@code *.cu} in the resources) and
 * compiled for the card at hand. Read {@code CudaKernels} first; each of the other classes launches one of the {@code .cu}
 * files, and {@code prelude.cu} and {@code gemm.cu} hold what these share.
 *
 * <p>Every kernel reads and writes every element type through the {@code ELEMENT} it is compiled for: floats are computed
 * in float32, doubles in float64, bfloat16 in float32 and rounded once, integers in 64 bits.
 */
@NullMarked
package org.atelier4j.tensor.kernel.cuda;

import org.jspecify.annotations.NullMarked;
