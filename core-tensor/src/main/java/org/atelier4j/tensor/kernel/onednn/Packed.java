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

    /** Writes what a kernel wants in place of a weight. */
    interface Filler {
        /** Fills {@code into} from the weight's present value. */
        void fill(Tensor weight, Tensor into);
    }

    /** Returns the address of {@code weight} in the layout that a primitive wants. */
    static long address(Tensor weight, Primitive.Blocked blocked) {
        Primitive pack = blocked.reorder();
        if (pack == null) {
            return Memory.address(weight);
        }
        String use = "layout " + blocked.layout();
        return address(weight, blocked.bytes(), use, (w, into) -> pack.run(Memory.address(w), Memory.address(into)));
    }

    /**
     * Returns the address of what {@code filler} makes of a weight.
     *
     * @param bytes size of the copy
     * @param use distinguishes copies of one weight
     */
    static long address(Tensor weight, long bytes, String use, Filler filler) {
        HostStorage storage = (HostStorage) weight.storage();
        if (!storage.isManaged()) {
            Tensor memory = memory(bytes);
            filler.fill(weight, memory);
            return Memory.address(memory);
        }
        Packed packed = (Packed) storage.companion(Packed::new);
        synchronized (packed) {
            Copy copy = packed.copies.computeIfAbsent(
                    use + ':' + weight.offset() + ':' + bytes, k -> new Copy(TensorScope.outside(() -> memory(bytes))));
            if (copy.version != storage.version()) {
                filler.fill(weight, copy.memory);
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
