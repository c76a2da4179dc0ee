package org.atelier4j.tensor.kernel.onednn;

import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.device.HostStorage;

/** Where a tensor's elements lie. */
final class Memory {
    private Memory() {}

    /** Returns the address of a tensor's first element. */
    static long address(Tensor x) {
        return ((HostStorage) x.storage()).address() + x.offset() * x.dtype().bytes();
    }
}
