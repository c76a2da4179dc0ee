package org.atelier4j.examples;

import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.atelier4j.diffusion.pipeline.DiffusionPipeline;

/**
 * Draws from inside of a Java program: what an application does that has {@code atelier-diffusion} as a dependency.
 *
 * <pre>{@code
 * java @examples/target/jvm.flags -cp examples/target/atelier.jar org.atelier4j.examples.GenerateImages MODEL FOLDER
 * }</pre>
 */
public final class GenerateImages {
    private GenerateImages() {}

    // region embed
    /** Draws four sneakers with the model {@code args[0]} into the folder {@code args[1]}. */
    public static void main(String[] args) throws IOException {
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(Path.of(args[0]))) {
            var request = DiffusionPipeline.Request.of(4).withLabels(List.of(7)).withSeed(42);
            List<BufferedImage> images = pipeline.generate(request, progress -> {
                        System.out.println("step " + progress.step() + " of " + progress.steps());
                        return true; // false cancels
                    })
                    .images();
            for (int i = 0; i < images.size(); i++) {
                ImageIO.write(images.get(i), "png", new File(args[1], "sneaker-" + i + ".png"));
            }
        }
    }
    // endregion
}
