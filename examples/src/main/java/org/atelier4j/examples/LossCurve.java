package org.atelier4j.examples;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.atelier4j.image.Image;
import org.atelier4j.image.ImageFiles;
import org.atelier4j.train.JsonlLog;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The loss of a run over the images it saw, as numbers and as a picture. */
final class LossCurve {
    private static final Logger LOG = LoggerFactory.getLogger(LossCurve.class);
    private static final int PARTS = 20;
    private static final Color PALE = new Color(0xB0, 0xC4, 0xDE);
    static final Color STRONG = new Color(0x1F, 0x4E, 0x9A);

    private final double[] images;
    private final double[] loss;

    private LossCurve(double[] images, double[] loss) {
        this.images = images;
        this.loss = loss;
    }

    /** Reads {@code stats.jsonl}. */
    static LossCurve read(Path stats) {
        List<Map<String, Double>> entries = JsonlLog.read(stats);
        return new LossCurve(
                entries.stream().mapToDouble(e -> e.get("images")).toArray(),
                entries.stream().mapToDouble(e -> e.get("loss")).toArray());
    }

    /** Returns the mean loss over the first twentieth of the run, NaN if nothing was logged. */
    double first() {
        return mean(0, Math.min(window(), loss.length));
    }

    /** Returns the mean loss over the last twentieth of the run. */
    double last() {
        return mean(Math.max(0, loss.length - window()), loss.length);
    }

    /** Writes the picture: each logged step pale, the mean of its neighbourhood strong. Nothing without steps. */
    void save(String title, Path png) {
        if (loss.length == 0) {
            return;
        }
        try {
            BufferedImage picture = BitmapEncoder.getBufferedImage(chart(title));
            ImageFiles.write(png, Image.of(picture).withChannels(3));
        } catch (RuntimeException | LinkageError | InternalError e) { // what Java throws on a machine without any fonts
            LOG.warn(
                    "{} is not drawn: a plot needs a font, and this machine seems to have none ({})",
                    png,
                    e.toString());
        }
    }

    private XYChart chart(String title) {
        double[] average = new double[loss.length];
        Arrays.setAll(average, i -> mean(Math.max(0, i - window()), Math.min(loss.length, i + window() + 1)));
        XYChart chart = new XYChartBuilder()
                .width(900)
                .height(500)
                .title(title)
                .xAxisTitle("images seen")
                .yAxisTitle("loss")
                .build();
        chart.getStyler().setLegendPosition(Styler.LegendPosition.InsideNE);
        chart.getStyler().setChartBackgroundColor(Color.WHITE);
        chart.getStyler().setYAxisMax(2 * average[0]);
        chart.getStyler().setYAxisMin(0.0);
        chart.addSeries("one step", images, loss).setMarker(SeriesMarkers.NONE).setLineColor(PALE);
        chart.addSeries("average", images, average)
                .setMarker(SeriesMarkers.NONE)
                .setLineColor(STRONG);
        return chart;
    }

    private int window() {
        return Math.max(1, loss.length / PARTS);
    }

    private double mean(int from, int to) {
        return Arrays.stream(loss, from, to).average().orElse(Double.NaN);
    }
}
