package org.atelier4j.train;

import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Supplier;
import org.atelier4j.image.Image;
import org.atelier4j.image.ImageFiles;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;

/**
 * Draws samples every so many steps and when the run is complete, as {@code samples-00001000.png}: pictures show what a loss does not.
 * With the same seed in each drawing one sees the same images grow better.
 */
public final class SampleGrid implements StepListener {
    private final Path folder;
    private final long every;
    private final Supplier<Image> sampler;
    private long drawnStep = -1;

    /**
     * Makes the listener.
     *
     * @param folder where to write; made if it is missing
     * @param every steps between two drawings, ≥ 1
     * @param sampler draws the picture, usually an {@link org.atelier4j.image.ImageGrid}; runs unrecorded
     */
    public SampleGrid(Path folder, long every, Supplier<Image> sampler) {
        Check.that(every >= 1, "SampleGrid: steps between drawings must be >= 1, got %d", every);
        this.folder = folder;
        this.every = every;
        this.sampler = sampler;
    }

    @Override
    public void stepped(TrainingProgress progress, StepReport report) {
        if (progress.step() % every == 0) {
            draw(progress.step());
        }
    }

    @Override
    public void finished(TrainingProgress progress) {
        if (progress.isComplete() && progress.step() != drawnStep) {
            draw(progress.step());
        }
    }

    private void draw(long step) {
        try (NoGrad off = NoGrad.open();
                TensorScope scope = TensorScope.open()) {
            ImageFiles.write(folder.resolve(String.format(Locale.ROOT, "samples-%08d.png", step)), sampler.get());
        }
        drawnStep = step;
    }
}
