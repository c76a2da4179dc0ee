package org.atelier4j.examples;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.function.LongConsumer;
import java.util.function.UnaryOperator;
import org.atelier4j.data.Batches;
import org.atelier4j.data.Dataset;
import org.atelier4j.image.PixelRange;
import org.atelier4j.metrics.ClassAccuracy;
import org.atelier4j.metrics.FeatureBank;
import org.atelier4j.metrics.FeatureReader;
import org.atelier4j.metrics.FrechetDistance;
import org.atelier4j.metrics.image.Ssim;
import org.atelier4j.metrics.net.Lpips;
import org.atelier4j.model.FeatureExtractor;
import org.atelier4j.model.ImageClassifier;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;
import org.atelier4j.vqvae.AutoencoderKl;
import org.atelier4j.vqvae.CodecScores;
import org.atelier4j.vqvae.VqVae;
import org.atelier4j.vqvae.VqVaeScores;

/**
 * Judges a codec by what comes back of images: how near it is in pixels, what a network still sees in it, and of a VQ-VAE
 * how many of its codes are in use.
 *
 * @param codec images to images as they come back, (B, H, W, C)
 * @param own what the family measures itself, on all batches
 */
record CodecEvaluation(UnaryOperator<Tensor> codec, Function<Batches, List<Measure>> own) {
    private static final int BATCH = 250;
    private static final int SMALLEST_SSIM = 11; // side of its window
    private static final int SMALLEST_LPIPS = 31; // side that AlexNet needs

    /** Returns whether a model, named as for {@link Models#load}, is one of those that are judged here. */
    static boolean isCodec(String model) {
        return Models.isOf(VqVae.class, model) || Models.isOf(AutoencoderKl.class, model);
    }

    /** Loads a codec. */
    static CodecEvaluation of(String model) {
        if (Models.isOf(VqVae.class, model)) {
            VqVae codec = Models.open(model, VqVae::load);
            return new CodecEvaluation(codec::reconstruct, images -> own(codec, images));
        }
        AutoencoderKl codec = Models.open(model, AutoencoderKl::load);
        return new CodecEvaluation(x -> codec.decode(codec.encode(x)), images -> own(codec, images));
    }

    private static List<Measure> own(VqVae codec, Batches images) {
        VqVaeScores scores = VqVaeScores.of(codec, images);
        return List.of(
                line("PSNR", "higher", scores.psnr()),
                line("codes-used", "higher", scores.counts().used()),
                line("perplexity", "higher", scores.counts().perplexity()),
                line("latent-std", "near 1", scores.latentStd() / codec.config().latentStd()));
    }

    private static List<Measure> own(AutoencoderKl codec, Batches images) {
        CodecScores scores = CodecScores.of(codec, images);
        return List.of(line("PSNR", "higher", scores.psnr()), line("latent-std", "near 1", scores.latentStd()));
    }

    /**
     * Measures on images that the codec was not trained on.
     *
     * @param eye network that looks at what comes back
     * @param seen told how many images went there and back
     */
    List<Measure> measure(Dataset test, FeatureExtractor eye, LongConsumer seen) {
        List<Measure> lines = new ArrayList<>();
        try (Batches images = batches(test)) {
            lines.addAll(own.apply(images));
        }
        List<Double> ssim = new ArrayList<>();
        List<Double> lpips = new ArrayList<>();
        Dataset again = reconstructed(test, ssim, lpips, seen);
        if (!ssim.isEmpty()) {
            lines.add(line("SSIM", "higher", mean(ssim)));
        }
        if (!lpips.isEmpty()) {
            lines.add(line("LPIPS", "lower", mean(lpips)));
        }
        String suffix = Evaluation.suffix(eye);
        FeatureBank before = bank(eye, test);
        FeatureBank after = bank(eye, again);
        if (eye instanceof ImageClassifier judge
                && judge.classes() == test.classNames().size()) {
            int[] labels = new int[test.size()];
            Arrays.setAll(labels, test::label);
            double original = ClassAccuracy.confusion(judge, before, labels).accuracy();
            double accuracy = ClassAccuracy.confusion(judge, after, labels).accuracy();
            lines.add(Measure.of(
                    "ACC" + suffix,
                    "higher",
                    List.of(accuracy),
                    OptionalDouble.of(Math.sqrt(accuracy * (1 - accuracy) / test.size())),
                    OptionalDouble.of(original)));
        }
        double distance = FrechetDistance.between(before.statistics(), after.statistics());
        lines.add(line("rFD" + suffix, "lower", distance));
        return lines;
    }

    /** Returns what comes back, as bytes, as it would be looked at; adds a number for each image where it is large enough. */
    private Dataset reconstructed(Dataset test, List<Double> ssim, List<Double> lpips, LongConsumer seen) {
        int side = Math.min(test.imageShape().dim(0), test.imageShape().dim(1));
        Lpips eyes = side >= SMALLEST_LPIPS && test.imageShape().dim(2) == 3 ? Lpips.alex() : null;
        int each = Math.toIntExact(test.imageShape().size());
        byte[] pixels = new byte[Math.multiplyExact(each, test.size())];
        int[] labels = new int[test.size()];
        Arrays.setAll(labels, test::label);
        int done = 0;
        try (Batches batches = batches(test)) {
            while (batches.hasNext()) {
                try (TensorScope scope = TensorScope.open();
                        NoGrad off = NoGrad.open()) {
                    Tensor images = batches.next().images(); // (B, H, W, C)
                    Tensor again = codec.apply(images).clamp(-1, 1); // (B, H, W, C)
                    float[] numbers = again.toFloats();
                    for (int i = 0; i < numbers.length; i++) {
                        pixels[done * each + i] = PixelRange.SIGNED.toByte(numbers[i]);
                    }
                    if (side >= SMALLEST_SSIM) {
                        add(ssim, Ssim.paper().similarity(again, images));
                    }
                    if (eyes != null) {
                        add(lpips, eyes.between(again, images));
                    }
                    done += images.dim(0);
                }
                seen.accept(done);
            }
        }
        return Dataset.of(test.classNames(), test.imageShape(), pixels, labels);
    }

    private static Batches batches(Dataset test) {
        return new Batches(test, Batches.Config.evaluation(BATCH), Rng.of(0));
    }

    private static FeatureBank bank(FeatureExtractor eye, Dataset images) {
        return FeatureReader.of(eye).bank(images.images(), images.size());
    }

    private static void add(List<Double> values, Tensor perImage) {
        for (double value : perImage.toDoubles()) {
            values.add(value);
        }
    }

    private static double mean(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
    }

    private static Measure line(String name, String goal, double value) {
        return Measure.of(name, goal, List.of(value), OptionalDouble.empty(), OptionalDouble.empty());
    }
}
