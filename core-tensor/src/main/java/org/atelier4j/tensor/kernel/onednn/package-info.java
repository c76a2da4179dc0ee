/**
 * Kernels by Intel's oneDNN, called through its C interface on the library's own memory. Read {@code OneDnnKernels} first,
 * then {@code Primitive}: every kernel here compiles a primitive once per shape and afterwards only hands it addresses.
 */
@NullMarked
package org.atelier4j.tensor.kernel.onednn;

import org.jspecify.annotations.NullMarked;
