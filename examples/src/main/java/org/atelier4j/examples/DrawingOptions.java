package org.atelier4j.examples;

import java.util.List;
import java.util.Locale;
import org.atelier4j.autoregressive.Decoding;
import org.atelier4j.autoregressive.pipeline.CodePipeline;
import org.atelier4j.autoregressive.pipeline.PriorConfig;
import org.atelier4j.autoregressive.pipeline.PriorKind;
import org.atelier4j.autoregressive.pixel.PixelCnn;
import org.atelier4j.autoregressive.pixel.PixelCnnPipeline;
import org.atelier4j.diffusion.pipeline.DiffusionPipeline;
import org.atelier4j.diffusion.pipeline.PipelineConfig;
import org.atelier4j.diffusion.pipeline.SamplerKind;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * How models draw: options that {@code sample} and {@code eval} share. What is not said follows from the model, and what a
 * model cannot be told is refused.
 */
final class DrawingOptions {
    @Option(
            names = "--steps",
            paramLabel = "N",
            description = "steps of a diffusion model (" + DiffusionGenerator.STEPS
                    + "; ddpm needs hundreds), rounds of a masked prior (8)")
    private @Nullable Integer steps;

    @Option(
            names = "--sampler",
            paramLabel = "NAME",
            converter = SamplerName.class,
            description =
                    "of a diffusion model: dpm++, sde-dpm++, ddim, ddpm, euler or heun (dpm++; heun where it does not"
                            + " fit)")
    private @Nullable SamplerKind sampler;

    @Option(
            names = "--guidance",
            paramLabel = "X",
            description = "w of (1 + w) * with the class - w * without: how much to exaggerate the class, 0 for not at"
                    + " all (1; 0 for a PixelCNN of pixels and for models trained with --label-dropout 0)")
    private @Nullable Double guidance;

    @Mixin
    private TokenOptions tokens;

    /** Loads a model of any family: a name of one that ships, a file or a run folder. */
    Generator open(String model) {
        if (Models.isOf(PixelCnn.class, model)) {
            refuse(sampler != null, "--sampler is for diffusion models");
            refuse(
                    steps != null,
                    "--steps is for diffusion models and masked priors; this one draws pixel after pixel");
            PixelCnnPipeline pipeline = Models.open(model, PixelCnnPipeline::load);
            double scale = guidance(
                    0, pipeline.classes().allowGuidance(), pipeline.classes().names());
            return new PixelGenerator(pipeline, tokens.sampler(scale));
        } else if (CodeModels.isPrior(model)) {
            refuse(sampler != null, "--sampler is for diffusion models");
            return ofCodes(CodeModels.open(model, tokens.codec()));
        }
        refuse(
                tokens.areGiven(),
                "--temperature, --top-k, --top-p, --confidence-noise and --codec are for models of codes and pixels");
        return ofDiffusion(Models.load(model));
    }

    private Generator ofCodes(CodePipeline pipeline) {
        boolean masked = pipeline.config().kind() == PriorKind.MASKGIT;
        refuse(
                steps != null && !masked,
                "--steps is for diffusion models and masked priors; this one draws code after code");
        int rounds = steps == null ? Decoding.standard().steps() : steps;
        PriorConfig config = pipeline.config();
        double scale = guidance(CodeGenerator.GUIDANCE, config.allowsGuidance(), config.classNames());
        return new CodeGenerator(pipeline, tokens.decoding(scale, rounds));
    }

    private Generator ofDiffusion(DiffusionPipeline pipeline) {
        DiffusionGenerator usual = DiffusionGenerator.usual(pipeline);
        PipelineConfig config = pipeline.config();
        double scale = guidance(usual.guidance(), config.allowsGuidance(), config.classNames());
        return new DiffusionGenerator(
                pipeline, sampler == null ? usual.sampler() : sampler, steps == null ? usual.steps() : steps, scale);
    }

    /** Returns the guidance that was asked for, or else the usual one, which a model that knows no guidance does not have. */
    private double guidance(double usual, boolean allowed, List<String> classNames) {
        if (guidance == null) {
            return allowed ? usual : 0;
        }
        refuse(
                guidance != 0 && !allowed,
                "--guidance must be 0 for this model: "
                        + (classNames.isEmpty()
                                ? "it has no classes"
                                : "it was trained with --label-dropout 0 and saw no image without its class"));
        return guidance;
    }

    private static void refuse(boolean given, String why) {
        if (given) {
            throw new RunException(why);
        }
    }

    /** Reads a sampler's name; {@code dpm++} and {@code sde-dpm++} are short for the library's longer names. */
    static final class SamplerName implements ITypeConverter<SamplerKind> {
        @Override
        public SamplerKind convert(String name) {
            return switch (name.toLowerCase(Locale.ROOT)) {
                case "dpm++" -> SamplerKind.DPM_SOLVER;
                case "sde-dpm++" -> SamplerKind.SDE_DPM_SOLVER;
                default -> SamplerKind.of(name);
            };
        }
    }
}
