/**
 * Networks of the benchmarks on ND4J: as graphs of SameDiff, as layers of DeepLearning4J and as plain calls of operations.
 * Read {@link org.atelier4j.benchmarks.nd4j.SameDiffNetwork} first.
 */
@NullMarked
package org.atelier4j.benchmarks.nd4j;

import org.jspecify.annotations.NullMarked;
