package org.atelier4j.tensor.device;

import org.atelier4j.tensor.Check;
import org.jspecify.annotations.Nullable;

/**
 * While it is open, products of its thread may be less exact and faster where a device can.
 *
 * <pre>{@code
 * try (DeviceScope gpu = DeviceScope.open(Device.cuda(0));
 *         PrecisionScope fast = PrecisionScope.open(Precision.BF16)) {
 *     train(model);
 * }
 * }</pre>
 */
public final class PrecisionScope implements AutoCloseable {
    private static final ThreadLocal<@Nullable PrecisionScope> INNERMOST = new ThreadLocal<>();

    private final Precision precision;
    private final @Nullable PrecisionScope parent;

    private PrecisionScope(Precision precision, @Nullable PrecisionScope parent) {
        this.precision = precision;
        this.parent = parent;
    }

    /** Opens a scope inside the innermost one of this thread. */
    public static PrecisionScope open(Precision precision) {
        PrecisionScope scope = new PrecisionScope(precision, INNERMOST.get());
        INNERMOST.set(scope);
        return scope;
    }

    /** Returns the precision of this thread's products: that of the innermost scope, else {@link Precision#FLOAT32}. */
    public static Precision current() {
        PrecisionScope scope = INNERMOST.get();
        return scope == null ? Precision.FLOAT32 : scope.precision;
    }

    /**
     * Returns to the precision of the enclosing scope.
     *
     * @throws IllegalStateException if a scope opened later is still open, or on another thread
     */
    @Override
    public void close() {
        Check.state(INNERMOST.get() == this, "PrecisionScope: scopes must be closed in reverse order, by their thread");
        if (parent == null) {
            INNERMOST.remove();
        } else {
            INNERMOST.set(parent);
        }
    }
}
