package org.atelier4j.examples;

import java.awt.Color;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.atelier4j.diffusion.NoiseSchedule;
import org.atelier4j.diffusion.pipeline.SamplerKind;
import org.atelier4j.image.Image;
import org.atelier4j.image.ImageFiles;
import org.atelier4j.image.ImageGrid;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Draws the pictures of {@code docs/diffusion.md} with the model that ships: what guidance does, what samplers do in few
 * steps, how an image comes out of noise, and how the schedules add that noise. Two minutes on 2 CPU cores.
 *
 * <pre>{@code
 * java @examples/target/jvm.flags -cp examples/target/atelier.jar org.atelier4j.examples.DrawDiffusionFigures docs/images
 * }</pre>
 */
public final class DrawDiffusionFigures {
    private static final long SEED = 7;
    private static final int STEPS = 1000; // T of the schedules
    private static final int FILM_STEPS = 20;
    private static final double LOWEST = -6; // of the plot; at zero terminal SNR the logarithm has no end
    private static final int SCALE = 2;

    private DrawDiffusionFigures() {}

    /** Draws into the folder {@code args[0]}; a second argument {@code --smoke} makes everything as short as possible. */
    public static void main(String[] args) {
        System.setProperty("java.awt.headless", "true");
        Path folder = Path.of(args[0]);
        boolean smoke = args.length > 1 && args[1].equals("--smoke");
        try (DiffusionGenerator usual = DiffusionGenerator.usual(Models.load(Models.FASHION))) {
            DiffusionGenerator plain = usual.withGuidance(0).withSteps(smoke ? 1 : 10);
            ImageFiles.write(folder.resolve("diffusion-guidance.png"), guidance(plain));
            ImageFiles.write(folder.resolve("diffusion-samplers.png"), samplers(plain, smoke));
            DiffusionGenerator slow = plain.withSteps(smoke ? 1 : FILM_STEPS);
            Sheet.film(slow, slow.labels(), smoke ? 1 : 3, SEED, folder.resolve("diffusion-denoising.gif"));
        }
        ImageFiles.write(folder.resolve("diffusion-schedules.png"), schedules());
    }

    /** The same noise with more and more classifier-free guidance: one class per column. */
    private static Image guidance(DiffusionGenerator plain) {
        Map<String, Generator> rows = new LinkedHashMap<>();
        for (double w : new double[] {0, 1, 3}) {
            rows.put(String.format(Locale.ROOT, "w = %.0f", w), plain.withGuidance(w));
        }
        return rows(rows);
    }

    /** The same noise through each sampler in a few steps, and in many. */
    private static Image samplers(DiffusionGenerator plain, boolean smoke) {
        Map<String, Generator> rows = new LinkedHashMap<>();
        for (SamplerKind kind : SamplerKind.values()) {
            for (int steps : smoke ? new int[] {1} : new int[] {5, 10, 50}) {
                rows.put(kind.label() + ", " + steps, plain.withSampler(kind).withSteps(steps));
            }
        }
        return rows(rows);
    }

    private static Image rows(Map<String, Generator> generators) {
        List<Image> cells = new ArrayList<>();
        generators.values().forEach(g -> cells.addAll(g.draw(g.labels(), SEED).images()));
        return ImageGrid.columns(cells.size() / generators.size())
                .withScale(SCALE)
                .withRowLabels(List.copyOf(generators.keySet()))
                .draw(cells);
    }

    /** How signal and noise stand to each other, {@code log₁₀(ᾱ/(1 − ᾱ))}, over t/T. */
    private static Image schedules() {
        XYChart chart = new XYChartBuilder()
                .width(800)
                .height(450)
                .title("Noise schedules")
                .xAxisTitle("t/T")
                .yAxisTitle("log SNR")
                .build();
        chart.getStyler().setChartBackgroundColor(Color.WHITE);
        chart.getStyler().setLegendPosition(Styler.LegendPosition.InsideSW);
        chart.getStyler().setXAxisMin(0.0).setXAxisMax(1.0).setXAxisDecimalPattern("0.00");
        double[] time =
                IntStream.range(0, STEPS).mapToDouble(t -> (t + 1.0) / STEPS).toArray();
        Map<String, NoiseSchedule> schedules = new LinkedHashMap<>();
        schedules.put("linear", NoiseSchedule.linear(STEPS));
        schedules.put("linear, zero terminal SNR", NoiseSchedule.linear(STEPS).zeroTerminalSnr());
        schedules.put("cosine", NoiseSchedule.cosine(STEPS));
        schedules.put("sigmoid", NoiseSchedule.sigmoid(STEPS));
        schedules.forEach((name, schedule) -> {
            double[] ratio = IntStream.range(0, STEPS)
                    .mapToDouble(t -> Math.max(LOWEST, Math.log10(schedule.snr(t))))
                    .toArray();
            chart.addSeries(name, time, ratio).setMarker(SeriesMarkers.NONE);
        });
        return Image.of(BitmapEncoder.getBufferedImage(chart)).withChannels(3);
    }
}
