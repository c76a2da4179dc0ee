package org.atelier4j.examples;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.atelier4j.autoregressive.Decoding;
import org.atelier4j.autoregressive.TokenSampler;
import org.atelier4j.autoregressive.pipeline.CodePipeline;
import org.atelier4j.autoregressive.pipeline.GenerateRequest;
import org.atelier4j.autoregressive.pipeline.PriorKind;
import org.atelier4j.image.Image;
import org.atelier4j.image.PixelRange;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.TensorScope;

/**
 * Draws with a prior of codes.
 *
 * @param pipeline prior and codec; closed with this
 * @param decoding how codes are drawn
 */
record CodeGenerator(CodePipeline pipeline, Decoding decoding) implements Generator {
    /** Where nothing is said: priors are trained with a tenth of the classes hidden, and what they draw is better with it. */
    static final double GUIDANCE = 1;

    @Override
    public Shape imageShape() {
        return pipeline.imageShape();
    }

    @Override
    public List<String> classNames() {
        return pipeline.config().classNames();
    }

    @Override
    public Map<String, Object> settings() {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("prior", pipeline.config().kind().label());
        settings.put("codebook", pipeline.config().codebook());
        if (pipeline.config().kind() == PriorKind.MASKGIT) {
            settings.put("rounds", decoding.steps());
            settings.put("confidenceNoise", decoding.confidenceNoise());
        }
        settings.putAll(settings(decoding.sampler()));
        return settings;
    }

    /** Returns how tokens are chosen: what is not as learned, and the guidance. */
    static Map<String, Object> settings(TokenSampler sampler) {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("guidance", sampler.guidanceScale());
        if (sampler.temperature() != 1) {
            settings.put("temperature", sampler.temperature());
        }
        if (sampler.topK() != TokenSampler.ALL) {
            settings.put("topK", sampler.topK());
        }
        if (sampler.topP() != 1) {
            settings.put("topP", sampler.topP());
        }
        return settings;
    }

    @Override
    public Drawn draw(List<Integer> labels, long seed, Consumer<Supplier<List<Image>>> frames) {
        GenerateRequest request = GenerateRequest.of(labels.size())
                .withLabels(classNames().isEmpty() ? List.of() : labels)
                .withDecoding(decoding)
                .withSeed(seed);
        int batches = (labels.size() + BATCH - 1) / BATCH;
        int[] steps = new int[1]; // each is a run of the network
        try (TensorScope scope = TensorScope.open()) {
            CodePipeline.Result result = pipeline.generate(request, progress -> {
                steps[0] = progress.steps() / batches;
                frames.accept(() -> PixelRange.SIGNED.toImages(pipeline.preview(progress.codes())));
                return true;
            });
            int forwards = decoding.sampler().isGuided() ? 2 * steps[0] : steps[0];
            return new Drawn(PixelRange.SIGNED.toImages(result.tensor()), forwards);
        }
    }

    @Override
    public void close() {
        pipeline.close();
    }
}
