/**
 * Files: tensors, checkpoints, JSON and TensorBoard events.
 *
 * <p>Read {@link org.atelier4j.io.SafeTensors} first, the format of all weights. {@link org.atelier4j.io.Npy} and
 * {@link org.atelier4j.io.Npz} exchange arrays with NumPy, {@link org.atelier4j.io.CheckpointFolder} keeps what a run
 * must not lose, {@link org.atelier4j.io.RunLock} keeps two processes apart. The package knows maps of tensors and no
 * layers.
 *
 * <p>Two promises hold for everything here. A file appears whole or not at all: it is written beside its final name,
 * forced to the disk and renamed ({@link org.atelier4j.io.AtomicFile}). And a file that is not what it says gives one
 * {@link org.atelier4j.io.MalformedFileException} that names it, never an {@link java.lang.OutOfMemoryError} or a hang:
 * no reader sets memory aside because a header asks for it before the file has shown that it is long enough.
 */
@NullMarked
package org.atelier4j.io;

import org.jspecify.annotations.NullMarked;
