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
    private final Map<Key, Compiled> entries = new LinkedHashMap<>(256, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Compiled> eldest) {
            boolean full = size() > LIMIT;
            Primitive old = eldest.getValue().primitive();
            if (full && old != null) {
                old.destroy();
            }
            return full;
        }
    };

    private record Compiled(@Nullable Primitive primitive) {}

    private Primitives() {}

    /** Starts a look-up for an operation. */
    static Key key(int operation) {
        return LOCAL.get().key.begin(operation);
    }

    /** Returns the primitive for the key just filled, made on first use; null where oneDNN has no fast code. */
    static @Nullable Primitive find(Key key, Supplier<Primitive> make) {
        Map<Key, Compiled> entries = LOCAL.get().entries;
        Compiled entry = entries.get(key);
        if (entry == null) {
            Key own = key.copy();
            entry = new Compiled(compile(make));
            entries.put(own, entry);
        }
        return entry.primitive();
    }

    /**
     * Returns the primitive for the key just filled.
     *
     * @throws IllegalStateException if oneDNN has no fast code for what it always has
     */
    static Primitive get(Key key, Supplier<Primitive> make) {
        Primitive p = find(key, make);
        if (p == null) {
            throw new IllegalStateException("oneDNN: no fast code on this processor for a sum or a copy");
        }
        return p;
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
