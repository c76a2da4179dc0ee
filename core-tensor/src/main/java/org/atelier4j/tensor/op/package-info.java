/**
 * The differentiable operations behind the methods of {@link org.atelier4j.tensor.Tensor}: one record per file, its
 * components the parameters, its Javadoc the formula and the vector-Jacobian product. Internal; others call
 * {@code Tensor} and the functions of {@code org.atelier4j.nn}.
 *
 * <p>Read {@link org.atelier4j.tensor.op.Softmax} first: a forward kernel, a fused backward kernel for plain training, and
 * the same in tensor operations for second derivatives. {@link org.atelier4j.tensor.op.Conv} shows three linear maps that
 * differentiate each other.
 */
@NullMarked
package org.atelier4j.tensor.op;

import org.jspecify.annotations.NullMarked;
