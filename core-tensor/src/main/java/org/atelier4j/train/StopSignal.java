package org.atelier4j.train;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A wish to stop, shared by whoever may have it (Ctrl-C, a button, {@link EarlyStop}) and the loop, which finishes the
 * current step first. Safe for use from many threads.
 */
public final class StopSignal {
    private final AtomicReference<@Nullable String> reason = new AtomicReference<>();

    /** Asks the loop to stop after the current step; the first reason is remembered. */
    public void request(String why) {
        reason.compareAndSet(null, why);
    }

    /** Returns whether somebody asked. */
    public boolean isRequested() {
        return reason.get() != null;
    }

    /** Returns why the loop should stop, or an empty text where nobody asked. */
    public String reason() {
        String why = reason.get();
        return why == null ? "" : why;
    }
}
