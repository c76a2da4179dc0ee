package org.atelier4j.examples;

import java.io.Console;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.atelier4j.train.StepListener;
import org.atelier4j.train.StepReport;
import org.atelier4j.train.TrainingProgress;
import org.jspecify.annotations.Nullable;

/**
 * Shows how a run is doing: a moving bar on a terminal, else one line every few seconds. The loss is a moving average,
 * so that one sees it fall.
 */
final class ProgressDisplay implements StepListener {
    private static final double SMOOTHING = 0.98;

    private final PrintWriter out;
    private final boolean terminal;
    private final double secondsBetweenLines;
    private @Nullable ProgressBar bar;
    private long startStep;
    private long startImages;
    private long startNanos;
    private long lastLineNanos;
    private double loss = Double.NaN;

    ProgressDisplay(PrintWriter out, boolean terminal, double secondsBetweenLines) {
        this.out = out;
        this.terminal = terminal;
        this.secondsBetweenLines = secondsBetweenLines;
    }

    /** Returns whether a person watches. From JDK 22 on there is a console even if nobody does, so it is asked. */
    static boolean isTerminal() {
        Console console = System.console();
        if (console == null) {
            return false;
        }
        try {
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (ReflectiveOperationException e) {
            return true; // before JDK 22 a console is a terminal
        }
    }

    @Override
    public void started(TrainingProgress progress) {
        startStep = progress.step();
        startImages = progress.images();
        startNanos = lastLineNanos = System.nanoTime();
        if (progress.isComplete()) {
            out.println("This run is finished: there is nothing left to train.");
        } else if (progress.step() > 0) {
            out.println("Going on after step " + progress.step() + ".");
        }
        out.flush();
        if (terminal) {
            bar = new ProgressBarBuilder()
                    .setTaskName("training")
                    .setUnit(" " + progress.length().unit().name().toLowerCase(Locale.ROOT), 1)
                    .setInitialMax(progress.length().amount())
                    .startsFrom(done(progress), Duration.ofMillis((long) (progress.seconds() * 1000)))
                    .setStyle(ProgressBarStyle.COLORFUL_UNICODE_BLOCK)
                    .setUpdateIntervalMillis(250)
                    .setConsumer(new ConsoleProgressBarConsumer(System.out))
                    .build();
        }
    }

    @Override
    public void stepped(TrainingProgress progress, StepReport report) {
        double now = report.scalars().getOrDefault("loss", Double.NaN);
        loss = Double.isNaN(loss) ? now : SMOOTHING * loss + (1 - SMOOTHING) * now;
        double rate = (progress.images() - startImages) / secondsSince(startNanos);
        if (bar != null) {
            bar.stepTo(done(progress));
            bar.setExtraMessage(String.format(Locale.ROOT, "loss %.4f", loss));
        } else if (secondsSince(lastLineNanos) >= secondsBetweenLines) {
            lastLineNanos = System.nanoTime();
            double share = progress.length().fraction(startStep, startImages);
            double left = secondsSince(startNanos) * (1 - progress.fraction()) / (progress.fraction() - share);
            out.printf(
                    Locale.ROOT,
                    "  %3.0f %%  step %d  loss %.4f  %.0f images/s  %s left%n",
                    100 * progress.fraction(),
                    progress.step(),
                    loss,
                    rate,
                    clock(left));
            out.flush();
        }
    }

    @Override
    public void finished(TrainingProgress progress) {
        close();
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
    }

    /** Returns a duration as {@code 2:05} or {@code 1:02:05}. */
    static String clock(double seconds) {
        long s = Math.round(seconds);
        return s < 3600
                ? String.format(Locale.ROOT, "%d:%02d", s / 60, s % 60)
                : String.format(Locale.ROOT, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
    }

    private static long done(TrainingProgress progress) {
        return switch (progress.length().unit()) {
            case STEPS -> progress.step();
            case IMAGES -> progress.images();
        };
    }

    private static double secondsSince(long nanos) {
        return Math.max(1e-9, (System.nanoTime() - nanos) * 1e-9);
    }
}
