/**
 * NVIDIA cards, reached through the two libraries that CUDA cannot do without: the driver ({@code libcuda.so.1},
 * {@code nvcuda.dll}) and the run-time compiler NVRTC. No native code of our own, no CUDA version of our own: whatever
 * 11.2 to 13 the machine has is used. Read {@code CudaDevice} first, then {@code Launch} (how a kernel is launched) and
 * {@code CudaArena} (where memory comes from). {@code Driver} and {@code Nvrtc} are the whole binding;
 * {@code Cublas} is an option.
 *
 * <p>Everything a device does happens in the order of one stream, so memory given back by the host can be used again at
 * once, and threads that share a device need no fences.
 */
@NullMarked
package org.atelier4j.tensor.device.cuda;

import org.jspecify.annotations.NullMarked;
