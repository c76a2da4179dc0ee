package org.atelier4j.tensor.kernel.onednn;

import java.util.HashMap;
import java.util.Map;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.device.HostStorage;

/**
 * Weights in the blocked layouts that oneDNN chose. A parameter's copies lie beside its memory and are renewed when its
 * value was assigned: once per update in training, never in inference. Plain weights would run 100 times slower.
 */
final class Packed {
    private final Map<String, Copy> copies = new HashMap<>();

    private static final class Copy {
        private final Tensor memory;
        private long version = -1;

        Copy(Tensor memory) {
            this.memory = memory;
        }
    }

    private Packed() {}

    /**
     * Returns the address of {@code weight} in the layout that a primitive wants.
     *
     * @param use distinguishes layouts of one weight, as forward and backward
     */
    static long address(Tensor weight, Primitive.Blocked blocked, String use) {
        HostStorage storage = (HostStorage) weight.storage();
        Primitive pack = blocked.reorder();
        if (pack == null) {
            return Memory.address(weight);
        }
        if (!storage.isManaged()) {
            Tensor memory = memory(blocked.bytes());
            pack.run(Memory.address(weight), Memory.address(memory));
            return Memory.address(memory);
        }
        Packed packed = (Packed) storage.companion(Packed::new);
        synchronized (packed) {
            Copy copy = packed.copies.computeIfAbsent(
                    use + weight.offset() + ':' + blocked.bytes(),
                    k -> new Copy(TensorScope.outside(() -> memory(blocked.bytes()))));
            if (copy.version != storage.version()) {
                pack.run(Memory.address(weight), Memory.address(copy.memory));
                copy.version = storage.version();
            }
            return Memory.address(copy.memory);
        }
    }

    /** Returns uninitialized memory that lives as long as the open scope. */
    static Tensor memory(long bytes) {
        return Tensor.empty(Shape.of(Math.toIntExact(bytes)), DType.UINT8, Device.cpu());
    }
}
