package org.atelier4j.vqvae;

import java.util.List;
import java.util.Map;
import org.atelier4j.model.FeatureExtractor;
import org.atelier4j.nn.Conv2d;
import org.atelier4j.nn.ConvConfig;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;

/** Two random convolutions that are never trained: a stand-in for networks that know images. */
final class ToyExtractor implements FeatureExtractor {
    private final Conv2d first = new Conv2d(ConvConfig.of2d(1, 4, 3), Rng.of(50));
    private final Conv2d second = new Conv2d(ConvConfig.of2d(4, 6, 3).withStride(2), Rng.of(51));

    ToyExtractor() {
        first.setFrozen(true);
        second.setFrozen(true);
    }

    /** Takes weights {@code 0.weight}, {@code 0.bias}, {@code 1.weight} and {@code 1.bias}. */
    ToyExtractor(Map<String, Tensor> weights) {
        this();
        first.load(Map.of("weight", weights.get("0.weight"), "bias", weights.get("0.bias")));
        second.load(Map.of("weight", weights.get("1.weight"), "bias", weights.get("1.bias")));
    }

    @Override
    public String name() {
        return "toy";
    }

    @Override
    public String hash() {
        return "0";
    }

    @Override
    public int channels() {
        return 1;
    }

    @Override
    public int width() {
        return 6;
    }

    @Override
    public Tensor features(Tensor images) {
        return maps(images).get(1).mean(1, 2).reshape(images.dim(0), 6);
    }

    @Override
    public List<Tensor> maps(Tensor images) {
        Tensor fine = first.forward(images).tanh(); // (B, H, W, 4)
        return List.of(fine, second.forward(fine).tanh()); // (B, H/2, W/2, 6)
    }
}
