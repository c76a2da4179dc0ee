package org.atelier4j.examples;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;

/**
 * Closes a stream that brought nothing for a while, so that whoever waits for it goes on with an {@link IOException}: a server
 * that falls silent in the middle of an answer, for which Java's HTTP client has no limit.
 */
final class StallGuard implements AutoCloseable {
    private final InputStream stream;
    private final long patience; // nanoseconds
    private final Thread thread;
    private volatile long lastMove = System.nanoTime();
    private volatile boolean stalled;

    /** Starts to watch; the stream stays the caller's. */
    StallGuard(InputStream stream, Duration patience) {
        this.stream = stream;
        this.patience = patience.toNanos();
        thread = new Thread(this::watch, "atelier-download");
        thread.setDaemon(true);
        thread.start();
    }

    /** Is told that something came. */
    void moved() {
        lastMove = System.nanoTime();
    }

    /** Returns whether the stream was closed because nothing came. */
    boolean hasStalled() {
        return stalled;
    }

    private void watch() {
        try {
            for (long left = patience; left > 0; left = lastMove + patience - System.nanoTime()) {
                Thread.sleep(left / 1_000_000 + 1);
            }
            stalled = true;
            stream.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // all came
        } catch (IOException e) {
            stalled = true; // it is of no use any more, closed or not
        }
    }

    /** Ends the watch. */
    @Override
    public void close() {
        thread.interrupt();
    }
}
