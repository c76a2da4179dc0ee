package org.atelier4j.tensor.autograd;

/**
 * A scope in which this thread records nothing: {@code try (NoGrad n = NoGrad.open()) { … }}. Samplers, metrics and
 * optimizers run inside one.
 */
public final class NoGrad implements AutoCloseable {
    private static final ThreadLocal<Boolean> ACTIVE = ThreadLocal.withInitial(() -> false);

    private final boolean before = ACTIVE.get();

    private NoGrad(boolean active) {
        ACTIVE.set(active);
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
        return ACTIVE.get();
    }

    @Override
    public void close() {
        ACTIVE.set(before);
    }
}
