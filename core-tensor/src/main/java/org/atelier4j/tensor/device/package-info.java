/**
 * Where tensors live. Read {@code Device} first: it makes storage, copies to and from the host and offers its kernels;
 * nothing above it assumes that the host can read a tensor's memory. {@code HostStorage} and {@code HostPool} are the
 * CPU's memory, {@code Nd4jBridge} the two doors to ND4J arrays.
 */
@NullMarked
package org.atelier4j.tensor.device;

import org.jspecify.annotations.NullMarked;
