package org.atelier4j.tensor.kernel.onednn;

import java.nio.FloatBuffer;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.device.HostStorage;

/** Where a tensor's elements lie. */
final class Memory {
    private Memory() {}

    /** Returns the address of a tensor's first element. */
    static long address(Tensor x) {
        return ((HostStorage) x.storage()).address() + x.offset() * x.dtype().bytes();
    }

    /** Returns the elements of a FLOAT32 tensor, index 0 being its first; for access by index only. */
    static FloatBuffer floats(Tensor x) {
        FloatBuffer all = ((HostStorage) x.storage()).floats();
        if (x.offset() == 0 && x.size() == x.storage().length()) {
            return all;
        }
        return all.slice(Math.toIntExact(x.offset()), Math.toIntExact(x.size()));
    }
}
