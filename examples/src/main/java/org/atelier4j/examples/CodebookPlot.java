package org.atelier4j.examples;

import java.awt.Color;
import java.nio.file.Path;
import java.util.Arrays;
import org.atelier4j.image.Image;
import org.atelier4j.image.ImageFiles;
import org.atelier4j.vqvae.CodeCounts;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.markers.SeriesMarkers;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How often each code of a codebook is used, the most used first: a flat curve is a codebook that says much. */
final class CodebookPlot {
    private static final Logger LOG = LoggerFactory.getLogger(CodebookPlot.class);

    private CodebookPlot() {}

    /** Writes the picture. */
    static void save(String title, CodeCounts counts, Path png) {
        try {
            ImageFiles.write(
                    png,
                    Image.of(BitmapEncoder.getBufferedImage(chart(title, counts)))
                            .withChannels(3));
        } catch (RuntimeException | LinkageError | InternalError e) { // what Java throws on a machine without any fonts
            LOG.warn(
                    "{} is not drawn: a plot needs a font, and this machine seems to have none ({})",
                    png,
                    e.toString());
        }
    }

    private static XYChart chart(String title, CodeCounts counts) {
        double[] rank = new double[counts.size()];
        Arrays.setAll(rank, i -> i);
        double[] uses = Arrays.stream(counts.toArray())
                .mapToDouble(n -> -n)
                .sorted()
                .map(n -> -n)
                .toArray();
        XYChart chart = new XYChartBuilder()
                .width(900)
                .height(400)
                .title(title)
                .xAxisTitle("codes, the most used first")
                .yAxisTitle("uses")
                .build();
        chart.getStyler().setLegendVisible(false);
        chart.getStyler().setChartBackgroundColor(Color.WHITE);
        chart.getStyler().setYAxisMin(0.0);
        chart.addSeries("uses", rank, uses)
                .setXYSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.Area)
                .setMarker(SeriesMarkers.NONE)
                .setLineColor(LossCurve.STRONG);
        return chart;
    }
}
