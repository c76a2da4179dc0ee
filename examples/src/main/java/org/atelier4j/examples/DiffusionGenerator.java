package org.atelier4j.examples;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.atelier4j.diffusion.pipeline.DiffusionPipeline;
import org.atelier4j.diffusion.pipeline.SamplerKind;
import org.atelier4j.diffusion.unet.UNetConfig;
import org.atelier4j.image.Image;
import org.atelier4j.image.PixelRange;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.TensorScope;

/**
 * Draws with a diffusion model.
 *
 * @param pipeline the model; closed with this
 * @param sampler way from noise to images
 * @param steps sampling steps
 * @param guidance w of classifier-free guidance, 0 for none
 */
record DiffusionGenerator(DiffusionPipeline pipeline, SamplerKind sampler, int steps, double guidance)
        implements Generator {
    /** Enough for the solver that is the default. */
    static final int STEPS = 10;

    /** Draws in the way that suits small models: guided, where the model allows it. */
    static DiffusionGenerator usual(DiffusionPipeline pipeline) {
        SamplerKind sampler = pipeline.config().objective().sampler();
        double guidance = pipeline.config().allowsGuidance() ? DiffusionPipeline.Request.GUIDANCE : 0;
        return new DiffusionGenerator(pipeline, sampler, STEPS, guidance);
    }

    DiffusionGenerator withSampler(SamplerKind other) {
        return new DiffusionGenerator(pipeline, other, steps, guidance);
    }

    DiffusionGenerator withSteps(int other) {
        return new DiffusionGenerator(pipeline, sampler, other, guidance);
    }

    DiffusionGenerator withGuidance(double other) {
        return new DiffusionGenerator(pipeline, sampler, steps, other);
    }

    @Override
    public Shape imageShape() {
        UNetConfig.Images size = pipeline.config().network().images();
        return Shape.of(size.height(), size.width(), size.in());
    }

    @Override
    public List<String> classNames() {
        return pipeline.config().classNames();
    }

    @Override
    public Map<String, Object> settings() {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("sampler", sampler.label());
        settings.put("steps", steps);
        settings.put("guidance", guidance);
        return settings;
    }

    @Override
    public Drawn draw(List<Integer> labels, long seed, Consumer<Supplier<List<Image>>> frames) {
        List<Integer> told = classNames().isEmpty() ? List.of() : labels;
        var request = new DiffusionPipeline.Request(labels.size(), told, sampler, steps, guidance, seed);
        try (TensorScope scope = TensorScope.open()) {
            DiffusionPipeline.Result result = pipeline.generate(request, progress -> {
                frames.accept(() -> PixelRange.SIGNED.toImages(progress.x0()));
                return true;
            });
            return new Drawn(PixelRange.SIGNED.toImages(result.tensor()), result.forwards());
        }
    }

    @Override
    public void close() {
        pipeline.close();
    }
}
