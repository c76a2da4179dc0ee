package org.atelier4j.tensor.kernel.onednn;

import java.util.ArrayList;
import java.util.List;
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
    private final List<Copy> copies = new ArrayList<>();

    private static final class Copy {
        private final Object use;
        private final long offset; // of the weight that was copied
        private final long bytes;
        private final Tensor memory;
        private long version = -1;

        Copy(Object use, long offset, long bytes) {
            this.use = use;
            this.offset = offset;
            this.bytes = bytes;
            this.memory = TensorScope.outside(() -> memory(bytes));
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
        return address(
                weight,
                blocked.bytes(),
                blocked.layout(),
                (w, into) -> pack.run(Memory.address(w), Memory.address(into)));
    }

    /**
     * Returns the address of what {@code filler} makes of a weight.
     *
     * @param bytes size of the copy
     * @param use distinguishes copies of one weight: a name, or the number of a layout
     */
    static long address(Tensor weight, long bytes, Object use, Filler filler) {
        HostStorage storage = (HostStorage) weight.storage();
        if (!storage.isManaged()) {
            Tensor memory = memory(bytes);
            filler.fill(weight, memory);
            return Memory.address(memory);
        }
        Packed packed = (Packed) storage.companion(Packed::new);
        synchronized (packed) {
            Copy copy = packed.copy(use, weight.offset(), bytes);
            if (copy.version != storage.version()) {
                filler.fill(weight, copy.memory);
                copy.version = storage.version();
            }
            return Memory.address(copy.memory);
        }
    }

    private Copy copy(Object use, long offset, long bytes) {
        for (int i = 0; i < copies.size(); i++) {
            Copy copy = copies.get(i);
            if (copy.offset == offset && copy.bytes == bytes && copy.use.equals(use)) {
                return copy;
            }
        }
        Copy fresh = new Copy(use, offset, bytes);
        copies.add(fresh);
        return fresh;
    }

    /** Returns uninitialized memory that lives as long as the open scope. */
    static Tensor memory(long bytes) {
        return Tensor.empty(Shape.of(Math.toIntExact(bytes)), DType.UINT8, Device.cpu());
    }
}
