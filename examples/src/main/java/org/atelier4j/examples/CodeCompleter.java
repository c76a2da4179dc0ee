package org.atelier4j.examples;

import java.util.EnumSet;
import java.util.Set;
import org.atelier4j.autoregressive.pipeline.CodePipeline;
import org.atelier4j.autoregressive.pipeline.CompleteRequest;
import org.atelier4j.autoregressive.pipeline.PriorConfig;
import org.atelier4j.image.Image;
import org.atelier4j.image.PixelRange;
import org.atelier4j.tensor.TensorScope;

/**
 * Completes with a prior of codes.
 *
 * @param pipeline closed with this
 */
record CodeCompleter(CodePipeline pipeline) implements Completer {

    /** Loads a prior; see {@link Completer#open}. */
    static CodeCompleter open(String model) {
        CodePipeline pipeline = CodeModels.open(model, "");
        PriorConfig config = pipeline.config();
        config.labelDropout().check(model, config.classNames().size(), false, 0);
        return new CodeCompleter(pipeline);
    }

    @Override
    public Set<Edit.Half> halves() {
        return EnumSet.of(Edit.Half.LOWER, Edit.Half.UPPER);
    }

    @Override
    public Image complete(Image image, Edit.Half half, long seed) {
        try (TensorScope scope = TensorScope.open()) {
            CompleteRequest request =
                    CompleteRequest.of(image, half.mask(image)).withSeed(seed);
            return PixelRange.SIGNED
                    .toImages(pipeline.complete(request).tensor())
                    .get(0);
        }
    }

    @Override
    public void close() {
        pipeline.close();
    }
}
