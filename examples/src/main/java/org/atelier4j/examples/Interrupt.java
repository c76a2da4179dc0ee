package org.atelier4j.examples;

import java.io.PrintWriter;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.atelier4j.train.StopSignal;

/**
 * While open, Ctrl-C (and a polite kill) asks the training loop to stop, and the JVM waits until this is closed: the
 * current step ends, the checkpoint is written, the last words are printed.
 */
final class Interrupt implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 120;

    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread hook;

    private Interrupt(StopSignal stop, PrintWriter out) {
        hook = new Thread(() -> askAndWait(stop, out), "interrupt");
    }

    /** Starts to listen. */
    static Interrupt watch(StopSignal stop, PrintWriter out) {
        Interrupt interrupt = new Interrupt(stop, out);
        Runtime.getRuntime().addShutdownHook(interrupt.hook);
        return interrupt;
    }

    private void askAndWait(StopSignal stop, PrintWriter out) {
        stop.request("Ctrl-C");
        out.println();
        out.println("Stopping: finishing this step and writing a checkpoint ...");
        out.flush();
        try {
            if (!closed.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                out.println("The step did not end within " + PATIENCE_SECONDS + " s; the last checkpoint counts.");
                out.flush();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Lets a waiting JVM end, or stops listening. */
    @Override
    public void close() {
        closed.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // the JVM is ending already: the hook waits for the line above
        }
    }
}
