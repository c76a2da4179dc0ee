package org.atelier4j.examples;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atelier4j.autoregressive.Decoding;
import org.atelier4j.autoregressive.TokenSampler;
import org.atelier4j.data.Dataset;
import org.atelier4j.data.Datasets;
import org.atelier4j.image.Image;
import org.atelier4j.image.ImageFiles;
import org.atelier4j.image.ImageGrid;

/**
 * Draws the pictures of {@code docs/autoregressive.md}: images of each prior, what guidance and the number of rounds do, how
 * MaskGIT settles its codes, and completed halves. A minute on 2 CPU cores.
 *
 * <pre>{@code
 * java @examples/target/jvm.flags -cp examples/target/atelier.jar org.atelier4j.examples.DrawPriorFigures docs/images \
 *     fashion-mnist-prior fashion-mnist-maskgit fashion-mnist-small
 * }</pre>
 */
public final class DrawPriorFigures {
    private static final long SEED = 7;
    private static final int SCALE = 2;
    private static final int FILM_COLUMNS = 4;

    private DrawPriorFigures() {}

    /**
     * Draws into the folder {@code args[0]} with the transformer {@code args[1]} and the masked transformer {@code args[2]};
     * completes test images of {@code args[3]}.
     */
    public static void main(String[] args) {
        System.setProperty("java.awt.headless", "true");
        if (args.length != 4) {
            throw new IllegalArgumentException(
                    "DrawPriorFigures: FOLDER PRIOR MASKGIT DATA must be given, got " + String.join(" ", args));
        }
        Path folder = Path.of(args[0]);
        try (Drawer prior = new Drawer(args[1]);
                Drawer masked = new Drawer(args[2])) {
            Map<String, Generator> samples = new LinkedHashMap<>();
            for (int w : new int[] {0, 1, 3}) {
                samples.put("transformer, w = " + w, prior.with(8, w));
            }
            for (int w : new int[] {0, 1, 3}) {
                samples.put("MaskGIT, w = " + w, masked.with(8, w));
            }
            ImageFiles.write(folder.resolve("prior-samples.png"), rows(samples));

            Map<String, Generator> rounds = new LinkedHashMap<>();
            for (int steps : new int[] {1, 2, 4, 8, 16}) {
                rounds.put(steps + (steps == 1 ? " round" : " rounds"), masked.with(steps, 1));
            }
            ImageFiles.write(folder.resolve("maskgit-rounds.png"), rows(rounds));
            Generator usual = masked.with(8, 1);
            Sheet.film(usual, usual.labels(), FILM_COLUMNS, SEED, folder.resolve("maskgit-drawing.gif"));
        }
        ImageFiles.write(folder.resolve("prior-completions.png"), completions(args));
    }

    /** A prior that is loaded once and told in several ways how to draw. */
    private record Drawer(CodeGenerator any) implements AutoCloseable {
        Drawer(String model) {
            this(new CodeGenerator(CodeModels.open(model, ""), Decoding.standard()));
        }

        Generator with(int rounds, double guidance) {
            TokenSampler sampler = TokenSampler.plain().withGuidanceScale(guidance);
            return new CodeGenerator(
                    any.pipeline(), Decoding.standard().withSteps(rounds).withSampler(sampler));
        }

        @Override
        public void close() {
            any.close();
        }
    }

    /** One image of each class by each generator, from the same seed. */
    private static Image rows(Map<String, Generator> generators) {
        List<Image> cells = new ArrayList<>();
        generators.values().forEach(g -> cells.addAll(g.draw(g.labels(), SEED).images()));
        return grid(cells, List.copyOf(generators.keySet()));
    }

    /** Test images, one of each class, and below them their halves drawn anew. */
    private static Image completions(String... args) {
        Dataset test = Datasets.resolve(args[3]).test();
        List<Image> originals = new ArrayList<>();
        for (int label = 0; label < test.classNames().size(); label++) {
            originals.add(test.image(first(test, label)));
        }
        List<Image> cells = new ArrayList<>(originals);
        List<String> names = new ArrayList<>(List.of("test images"));
        for (Edit.Half half : List.of(Edit.Half.LOWER, Edit.Half.UPPER)) {
            originals.forEach(image -> cells.add(Edit.covered(image, half.mask(image))));
            names.add(half + " half open");
            for (int model = 1; model <= 2; model++) {
                try (Completer completer = Completer.open(args[model])) {
                    for (int i = 0; i < originals.size(); i++) {
                        cells.add(completer.complete(originals.get(i), half, SEED + i));
                    }
                }
                names.add(model == 1 ? "transformer" : "MaskGIT");
            }
        }
        return grid(cells, names);
    }

    private static int first(Dataset set, int label) {
        int index = 0;
        while (set.label(index) != label) {
            index++;
        }
        return index;
    }

    private static Image grid(List<Image> cells, List<String> rows) {
        return ImageGrid.columns(cells.size() / rows.size())
                .withScale(SCALE)
                .withRowLabels(rows)
                .draw(cells);
    }
}
