/**
 * How fast and how frugal the library is, beside oneDNN called by hand, ND4J and libtorch.
 *
 * <p>A {@link org.atelier4j.benchmarks.Task} is what is measured, an {@link org.atelier4j.benchmarks.Engine} is who does it.
 * Read these two first, then {@link org.atelier4j.benchmarks.TaskBenchmark}, which JMH runs, and
 * {@link org.atelier4j.benchmarks.Report}, which runs JMH and writes the results.
 */
@NullMarked
package org.atelier4j.benchmarks;

import org.jspecify.annotations.NullMarked;
