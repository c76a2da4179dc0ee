/**
 * The same work done by libtorch, PyTorch's C++ library, through its JavaCPP preset: the peer of the comparisons.
 *
 * <p>Read {@link org.atelier4j.benchmarks.torch.TorchUNet} first. Compiled in the profile {@code bench} only.
 */
@NullMarked
package org.atelier4j.benchmarks.torch;

import org.jspecify.annotations.NullMarked;
