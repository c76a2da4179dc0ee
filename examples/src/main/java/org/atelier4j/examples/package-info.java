/**
 * The command line {@code ./atelier} and short programs to read.
 *
 * <p>Read {@link org.atelier4j.examples.GenerateImages} first: a pipeline inside of a Java program. Then
 * {@link org.atelier4j.examples.DiffusionRun}: config → data → model → step → loop → export, which the verbs
 * {@code train} and {@code quickstart} run. {@link org.atelier4j.examples.WriteYourOwnOp} shows how to extend the
 * library.
 */
@NullMarked
package org.atelier4j.examples;

import org.jspecify.annotations.NullMarked;
