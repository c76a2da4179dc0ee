package org.atelier4j.tensor.device;

import org.atelier4j.tensor.Check;
import org.jspecify.annotations.Nullable;

/**
 * While it is open, its thread makes tensors on another device: numbers given, constants, random numbers, and with them
 * the parameters of models. A whole training run inside of one lives on that device.
 *
 * <pre>{@code
 * try (DeviceScope gpu = DeviceScope.open(Device.cuda(0))) {
 *     UNet model = new UNet(config, rng);
 *     train(model);
 * }
 * }</pre>
 */
public final class DeviceScope implements AutoCloseable {
    private static final ThreadLocal<@Nullable DeviceScope> INNERMOST = new ThreadLocal<>();

    private final Device device;
    private final @Nullable DeviceScope parent;

    private DeviceScope(Device device, @Nullable DeviceScope parent) {
        this.device = device;
        this.parent = parent;
    }

    /** Opens a scope inside the innermost one of this thread. */
    public static DeviceScope open(Device device) {
        DeviceScope scope = new DeviceScope(device, INNERMOST.get());
        INNERMOST.set(scope);
        return scope;
    }

    static Device current() {
        DeviceScope scope = INNERMOST.get();
        return scope == null ? Device.cpu() : scope.device;
    }

    /**
     * Returns to the device of the enclosing scope.
     *
     * @throws IllegalStateException if a scope opened later is still open, or on another thread
     */
    @Override
    public void close() {
        Check.state(INNERMOST.get() == this, "DeviceScope: scopes must be closed in reverse order, by their thread");
        if (parent == null) {
            INNERMOST.remove();
        } else {
            INNERMOST.set(parent);
        }
    }
}
