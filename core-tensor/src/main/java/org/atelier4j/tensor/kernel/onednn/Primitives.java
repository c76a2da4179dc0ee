package org.atelier4j.tensor.kernel.onednn;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One thread's compiled primitives. Compiling costs half a millisecond, so they are kept until {@value #LIMIT} others were
 * used more recently. A request that oneDNN serves only by slow loops is remembered as refused.
 */
final class Primitives {
    private static final int LIMIT = 2048;
    private static final ThreadLocal<Primitives> LOCAL = ThreadLocal.withInitial(Primitives::new);

    private final Key key = new Key();
    private final Map<Key, Entry> entries = new LinkedHashMap<>(256, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Entry> eldest) {
            boolean full = size() > LIMIT;
            Primitive old = eldest.getValue().primitive();
            if (full && old != null) {
                old.destroy();
            }
            return full;
        }
    };

    private record Entry(@Nullable Primitive primitive) {}

    private Primitives() {}

    /** Starts a look-up for an operation. */
    static Key key(int operation) {
        return LOCAL.get().key.begin(operation);
    }

    /** Returns the primitive for the key just filled, made on first use; null where oneDNN has no fast code. */
    static @Nullable Primitive find(Key key, Supplier<Primitive> make) {
        Map<Key, Entry> entries = LOCAL.get().entries;
        Entry entry = entries.get(key);
        if (entry == null) {
            Key own = key.copy();
            entry = new Entry(compile(make));
            entries.put(own, entry);
        }
        return entry.primitive();
    }

    private static @Nullable Primitive compile(Supplier<Primitive> make) {
        try {
            Primitive made = make.get();
            if (!made.isReference()) {
                return made;
            }
            made.destroy();
            return null;
        } catch (OneDnnException e) {
            if (e.isUnimplemented()) {
                return null;
            }
            throw e;
        }
    }
}
