package org.atelier4j.tensor;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.atelier4j.tensor.device.Storage;
import org.jspecify.annotations.Nullable;

/**
 * Memory of one step: every tensor made by this thread while the scope is the innermost open one returns to the pool when
 * the scope closes, except those that were {@linkplain #keep kept}. A kept tensor belongs to the enclosing scope or,
 * where there is none, to the garbage collector.
 *
 * <pre>{@code
 * try (TensorScope scope = TensorScope.open()) {
 *     Tensor loss = model.forward(x).square().mean();
 *     return scope.keep(loss);
 * }
 * }</pre>
 */
public final class TensorScope implements AutoCloseable {
    private static final ThreadLocal<@Nullable TensorScope> INNERMOST = new ThreadLocal<>();
    private static final int FEW = 8;

    private final @Nullable TensorScope parent;
    private final Thread owner = Thread.currentThread();
    private final List<Storage> made = new ArrayList<>(FEW / 2);
    private Collection<Storage> kept = List.of(); // replaced when something is kept: most scopes keep little or nothing
    private boolean closed;

    private TensorScope(@Nullable TensorScope parent) {
        this.parent = parent;
    }

    /** Opens a scope inside the innermost one of this thread. */
    public static TensorScope open() {
        TensorScope scope = new TensorScope(INNERMOST.get());
        INNERMOST.set(scope);
        return scope;
    }

    /** Puts new storage under the innermost scope of this thread, or else under the garbage collector; for devices. */
    public static void adopt(Storage storage) {
        TensorScope scope = INNERMOST.get();
        if (scope == null) {
            storage.manage();
        } else {
            scope.made.add(storage);
        }
    }

    /** Returns {@code tensor}, whose memory now outlives this scope, and those that are open inside it. */
    public Tensor keep(Tensor tensor) {
        if (kept.isEmpty()) {
            kept = new ArrayList<>(FEW / 2);
        } else if (kept.size() == FEW && kept instanceof List) {
            Set<Storage> many = Collections.newSetFromMap(new IdentityHashMap<>());
            many.addAll(kept);
            kept = many;
        }
        kept.add(tensor.storage());
        return tensor;
    }

    /**
     * Releases a tensor at once, before its scope closes: for loops whose state replaces itself step by step. Nothing may
     * use the tensor, or another one over the same memory, afterwards.
     */
    public static void discard(Tensor tensor) {
        tensor.storage().release();
    }

    /** Returns what {@code body} makes outside of all scopes: it belongs to the garbage collector, as parameters do. */
    public static <T> T outside(Supplier<T> body) {
        TensorScope scope = INNERMOST.get();
        INNERMOST.set(null);
        try {
            return body.get();
        } finally {
            INNERMOST.set(scope);
        }
    }

    /**
     * Releases what was made inside and not kept.
     *
     * @throws IllegalStateException if a scope opened later is still open, or on another thread
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        Check.state(Thread.currentThread() == owner, "TensorScope: must be closed by the thread that opened it");
        Check.state(INNERMOST.get() == this, "TensorScope: scopes must be closed in reverse order of opening");
        closed = true;
        for (Storage storage : made) {
            if (storage.isReleased()) {
                continue;
            }
            if (!isKept(storage)) {
                storage.release();
            } else if (parent != null) {
                parent.made.add(storage);
            } else {
                storage.manage();
            }
        }
        INNERMOST.set(parent);
    }

    /** Returns whether this scope or one around it keeps a storage. */
    private boolean isKept(Storage storage) {
        for (TensorScope scope = this; scope != null; scope = scope.parent) {
            if (scope.kept.contains(storage)) {
                return true;
            }
        }
        return false;
    }
}
