package org.atelier4j.tensor.autograd;

import org.atelier4j.tensor.Check;
import org.jspecify.annotations.Nullable;

/**
 * A scope in which this thread records nothing: {@code try (NoGrad n = NoGrad.open()) { … }}. Samplers, metrics and
 * optimizers run inside one. Scopes nest, and no other thread is concerned, not even one started inside.
 */
public final class NoGrad implements AutoCloseable {
    private static final ThreadLocal<@Nullable NoGrad> INNERMOST = new ThreadLocal<>();

    private final @Nullable NoGrad parent = INNERMOST.get();
    private final Thread owner = Thread.currentThread();
    private final boolean active;
    private boolean closed;

    private NoGrad(boolean active) {
        this.active = active;
        INNERMOST.set(this);
    }

    /** Stops recording until the scope closes. */
    public static NoGrad open() {
        return new NoGrad(true);
    }

    /** Starts recording again inside of a scope, until this one closes. */
    static NoGrad lifted() {
        return new NoGrad(false);
    }

    /** Returns whether this thread records nothing at present. */
    public static boolean isActive() {
        NoGrad scope = INNERMOST.get();
        return scope != null && scope.active;
    }

    /**
     * Restores what was before; a second call does nothing.
     *
     * @throws IllegalStateException if a scope opened later is still open, or on another thread
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        Check.state(Thread.currentThread() == owner, "NoGrad: must be closed by the thread that opened it");
        Check.state(INNERMOST.get() == this, "NoGrad: scopes must be closed in reverse order of opening");
        closed = true;
        INNERMOST.set(parent);
    }
}
