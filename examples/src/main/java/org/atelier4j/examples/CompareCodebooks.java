package org.atelier4j.examples;

import java.util.List;
import java.util.Locale;
import org.atelier4j.data.Batches;
import org.atelier4j.data.Datasets;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.train.TrainingLength;
import org.atelier4j.vqvae.AutoencoderConfig;
import org.atelier4j.vqvae.VqLoss;
import org.atelier4j.vqvae.VqVaeConfig;
import org.atelier4j.vqvae.VqVaeScores;

/**
 * Shows how codebooks collapse and what keeps them alive: the same network with 1,024 codes is trained with the published
 * VQ-VAE codebook from its start near 0 ({@code naive}), with moving averages from k means and restarts
 * ({@code nearest}), with Gumbel-softmax (Jang et al. 2017, arXiv:1611.01144) and with finite scalars (Mentzer et al. 2023,
 * arXiv:2309.15505), and the codes that test images use are counted.
 *
 * <pre>java … org.atelier4j.examples.CompareCodebooks [images]</pre>
 *
 * About 3 minutes for each codebook on one CPU core with the 20,000 images of the default.
 */
public final class CompareCodebooks {
    private static final int CODES = 1024;
    private static final int BATCH = 32;
    private static final List<TrainVqVae.Kind> KINDS =
            List.of(TrainVqVae.Kind.NAIVE, TrainVqVae.Kind.NEAREST, TrainVqVae.Kind.GUMBEL, TrainVqVae.Kind.FSQ);

    private CompareCodebooks() {}

    /**
     * One row of the table.
     *
     * @param kind of the codebook
     * @param scores on test images
     */
    record Row(TrainVqVae.Kind kind, VqVaeScores scores) {
        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "%-8s  %5.1f %% of %4d codes used  perplexity %6.1f  PSNR %5.2f dB",
                    kind,
                    100 * scores.counts().used(),
                    scores.counts().size(),
                    scores.counts().perplexity(),
                    scores.psnr());
        }
    }

    /** Trains and prints. */
    public static void main(String[] args) {
        long images = args.length > 0 ? Long.parseLong(args[0]) : 20_000;
        for (TrainVqVae.Kind kind : KINDS) {
            System.out.println(train(kind, Datasets.resolve("fashion-mnist"), images));
        }
    }

    /** Trains one and measures it on all test images. */
    static Row train(TrainVqVae.Kind kind, Datasets.Resolved data, long images) {
        AutoencoderConfig network = AutoencoderConfig.fashionMnist();
        VqVaeRunConfig config = new VqVaeRunConfig(
                        VqVaeConfig.of(network, kind.config(CODES, 1)),
                        data.name(),
                        TrainingLength.images(images),
                        new Optimization(BATCH, 2e-3, 200, 1, 0),
                        new VqLoss(VqLoss.Reconstruction.L2),
                        1)
                .withLength(TrainingLength.images(images));
        try (VqVaeRun run = config.start(data);
                Batches test = new Batches(data.test(), Batches.Config.evaluation(250), Rng.of(0))) {
            for (long step = 0; step < config.steps(); step++) {
                try (TensorScope scope = TensorScope.open()) {
                    run.step().run(run.next(), step);
                }
            }
            return new Row(kind, VqVaeScores.of(run.model(), test));
        }
    }
}
