package org.atelier4j.benchmarks;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.atelier4j.image.Image;
import org.atelier4j.image.ImageFiles;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.CategorySeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Speeds over libtorch's as a picture: a bar for each task with its 95 % interval, and a line where both are as fast. */
final class Picture {
    private static final Color BAR = new Color(0x4c, 0x78, 0xa8);
    private static final Color LINE = new Color(0xd6, 0x27, 0x28);

    private Picture() {}

    /** Writes the picture of all that was measured beside libtorch, single operations left out; returns whether there is one. */
    static boolean save(Results results, Path file) {
        List<String> tasks = new ArrayList<>();
        List<Double> speeds = new ArrayList<>();
        List<Double> errors = new ArrayList<>();
        for (Task task : Task.all()) {
            Optional<Ratio> ratio = results.ratio(task.name(), Engine.LIBTORCH, true);
            if (ratio.isPresent() && !(task instanceof Task.Kernel)) {
                tasks.add(task.name());
                speeds.add(ratio.get().value());
                errors.add((ratio.get().high() - ratio.get().low()) / 2);
            }
        }
        if (tasks.isEmpty()) {
            return false;
        }
        try {
            BufferedImage picture = BitmapEncoder.getBufferedImage(chart(tasks, speeds, errors));
            ImageFiles.write(file, Image.of(picture).withChannels(3));
        } catch (LinkageError | InternalError e) { // what Java throws on a machine without any fonts
            System.err.println(file + " is not drawn: a plot needs a font, and this machine seems to have none");
            return false;
        }
        return true;
    }

    private static CategoryChart chart(List<String> tasks, List<Double> speeds, List<Double> errors) {
        CategoryChart chart = new CategoryChartBuilder()
                .width(1000)
                .height(560)
                .title("Times as fast as libtorch")
                .build();
        chart.getStyler().setXAxisLabelRotation(45);
        chart.getStyler().setLegendPosition(Styler.LegendPosition.InsideNE);
        chart.getStyler().setYAxisMin(0.0);
        chart.getStyler().setAvailableSpaceFill(0.7);
        chart.getStyler().setOverlapped(true); // the line goes through the bars
        chart.getStyler().setChartBackgroundColor(Color.WHITE);
        chart.addSeries("Atelier", tasks, speeds, errors).setFillColor(BAR);
        CategorySeries one = chart.addSeries("libtorch", tasks, Collections.nCopies(tasks.size(), 1.0));
        one.setChartCategorySeriesRenderStyle(CategorySeries.CategorySeriesRenderStyle.Line);
        one.setLineColor(LINE);
        one.setMarker(SeriesMarkers.NONE);
        return chart;
    }
}
