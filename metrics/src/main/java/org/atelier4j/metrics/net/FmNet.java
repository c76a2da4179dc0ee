package org.atelier4j.metrics.net;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atelier4j.data.Datasets;
import org.atelier4j.io.MalformedFileException;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;

/**
 * FM-Net: the classifier of Fashion-MNIST that comes with the library and that gray 28 × 28 images are judged with. Its 128
 * features give the Fréchet distance FD_FM, its classes the score IS_FM; neither is a FID or an Inception Score of the
 * literature, and both compare only with numbers made with these very weights, therefore they never change.
 *
 * <p>It was trained by {@code ./atelier train classifier}; the README beside the weights says how well and how long.
 */
public final class FmNet {
    /** Name under which results are printed. */
    public static final String NAME = "fm-net";

    /** SHA-256 of the weights, in hexadecimal digits. */
    public static final String HASH = "6890492f5684789c53ae4bd93e8110613d1d9b2d2c74115de8d48ca3c88b2fb2";

    private static final ClassifierNet.Config CONFIG =
            new ClassifierNet.Config(1, List.of(16, 32, 64, 128), Datasets.FASHION_CLASSES.size(), true);

    private FmNet() {}

    /**
     * Loads the network; two megabytes.
     *
     * @throws MalformedFileException if the weights on the class path are not the ones that results are made with
     */
    public static FrozenClassifier load() {
        try (TensorScope scope = TensorScope.open()) {
            Weights weights = Weights.shipped(NAME, NAME);
            MalformedFileException.check(
                    weights.hash().equals(HASH),
                    NAME,
                    "weights must have SHA-256 " + HASH + ", or numbers would not compare, got " + weights.hash());
            ClassifierNet net = new ClassifierNet(CONFIG, Rng.of(0));
            Map<String, Tensor> state = new LinkedHashMap<>();
            net.state()
                    .forEach((path, own) ->
                            state.put(path, weights.take(path, own.shape().dims())));
            weights.finish();
            net.load(state);
            return FrozenClassifier.of(NAME, weights.hash(), Datasets.FASHION_CLASSES, net);
        }
    }
}
