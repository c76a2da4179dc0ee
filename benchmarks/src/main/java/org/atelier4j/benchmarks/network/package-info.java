/**
 * The networks that the benchmarks train and run, in the library's hands: sizes, weights and batches that all engines share.
 *
 * <p>A {@link org.atelier4j.benchmarks.network.Network} is a record of sizes; read {@link
 * org.atelier4j.benchmarks.network.AutoencoderNetwork} first, which is the smallest, and {@link
 * org.atelier4j.benchmarks.network.Model}, which says what an engine must be able to do with one.
 */
@NullMarked
package org.atelier4j.benchmarks.network;

import org.jspecify.annotations.NullMarked;
