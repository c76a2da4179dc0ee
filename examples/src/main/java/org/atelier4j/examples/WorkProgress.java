package org.atelier4j.examples;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.function.LongConsumer;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** Shows how far a piece of work is: a moving bar on a terminal, else a line every few seconds. */
final class WorkProgress implements LongConsumer, AutoCloseable {
    private static final double SECONDS_BETWEEN_LINES = 10;

    private final PrintWriter out;
    private final String task;
    private final long all;
    private final @Nullable ProgressBar bar;
    private final long start = System.nanoTime();
    private long lastLine = start;

    /**
     * Starts a piece of work.
     *
     * @param task what is done, as {@code drawing}
     * @param all number of items at the end
     */
    WorkProgress(PrintWriter out, boolean terminal, String task, long all) {
        this.out = out;
        this.task = task;
        this.all = all;
        bar = terminal
                ? new ProgressBarBuilder()
                        .setTaskName(task)
                        .setInitialMax(all)
                        .setStyle(ProgressBarStyle.COLORFUL_UNICODE_BLOCK)
                        .setUpdateIntervalMillis(250)
                        .setConsumer(new ConsoleProgressBarConsumer(System.out))
                        .build()
                : null;
        if (!terminal) {
            out.printf("  %s (%d)%n", task, all);
            out.flush();
        }
    }

    /** Is told how many items are done. */
    @Override
    public void accept(long done) {
        long now = System.nanoTime();
        if (bar != null) {
            bar.stepTo(done);
        } else if ((now - lastLine) * 1e-9 >= SECONDS_BETWEEN_LINES) {
            lastLine = now;
            double seconds = (now - start) * 1e-9;
            out.printf(
                    Locale.ROOT,
                    "  %s: %d of %d, %s left%n",
                    task,
                    done,
                    all,
                    ProgressDisplay.clock(seconds * (all - done) / Math.max(1, done)));
            out.flush();
        }
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
    }
}
