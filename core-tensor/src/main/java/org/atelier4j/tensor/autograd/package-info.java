/**
 * Reverse-mode automatic differentiation.
 *
 * <p>Read {@link org.atelier4j.tensor.autograd.Op} first (what a differentiable function is), then
 * {@link org.atelier4j.tensor.autograd.Gradients} (what a caller gets), then the engine. {@code docs/autograd.md} tells
 * the whole on two pages. A user's own function is a record that implements
 * {@link org.atelier4j.tensor.autograd.UnaryOp}, {@link org.atelier4j.tensor.autograd.BinaryOp} or
 * {@link org.atelier4j.tensor.autograd.Op}, and {@link org.atelier4j.tensor.autograd.GradientCheck} proves it.
 *
 * <p>Papers: Griewank, Walther 2008, "Evaluating Derivatives", ch. 3 (reverse mode); Chen et al. 2016
 * (arXiv:1604.06174) for {@link org.atelier4j.tensor.autograd.Checkpoint}.
 */
@NullMarked
package org.atelier4j.tensor.autograd;

import org.jspecify.annotations.NullMarked;
