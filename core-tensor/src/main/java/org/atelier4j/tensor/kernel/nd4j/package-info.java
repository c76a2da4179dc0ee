/**
 * The portable kernel provider: runs wherever ND4J does, for every element type, and is meant to be obviously right.
 * Read {@code Nd4jKernels} first; it lists the interface and hands each group of methods to one of the small classes
 * beside it. All of them read tiles of elements into Java arrays, compute in double precision, and round once on
 * writing; products are BLAS calls (Dongarra et al. 1990, "A set of level 3 basic linear algebra subprograms").
 */
@NullMarked
package org.atelier4j.tensor.kernel.nd4j;

import org.jspecify.annotations.NullMarked;
