package org.atelier4j.metrics.net;

import java.util.List;
import org.atelier4j.tensor.Tensor;

/**
 * The convolutions of SqueezeNet 1.1: Iandola et al. 2016 (arXiv:1602.07360) in the authors' later, cheaper version,
 * tapped at the seven places of LPIPS. Names {@code features.0} to {@code features.12} as in torchvision.
 */
final class SqueezeNetTrunk implements Trunk {

    /** Few channels, then many beside each other: {@code concat(relu(conv1×1(s)), relu(conv3×3(s)))} of s = relu(conv1×1(x)). */
    private record Fire(FrozenConv squeeze, FrozenConv expand1, FrozenConv expand3) {

        static Fire of(Weights weights, int index, int in, int squeezed, int expanded) {
            String name = "features." + index + ".";
            return new Fire(
                    conv(weights, name + "squeeze", in, squeezed, 1),
                    conv(weights, name + "expand1x1", squeezed, expanded, 1),
                    conv(weights, name + "expand3x3", squeezed, expanded, 3));
        }

        Tensor forward(Tensor x) {
            Tensor s = squeeze.forward(x); // (B, H, W, squeezed)
            return expand1.forward(s).concat(expand3.forward(s), 3); // (B, H, W, 2·expanded)
        }
    }

    private final FrozenConv first;
    private final Fire fire3;
    private final Fire fire4;
    private final Fire fire6;
    private final Fire fire7;
    private final Fire fire9;
    private final Fire fire10;
    private final Fire fire11;
    private final Fire fire12;

    SqueezeNetTrunk(Weights weights) {
        Tensor weight = weights.take("features.0.weight", 64, 3, 3, 3);
        first = new FrozenConv(
                weight, weights.take("features.0.bias", 64), FrozenConv.geometry(2, 0, 1), FrozenConv.RELU);
        fire3 = Fire.of(weights, 3, 64, 16, 64);
        fire4 = Fire.of(weights, 4, 128, 16, 64);
        fire6 = Fire.of(weights, 6, 128, 32, 128);
        fire7 = Fire.of(weights, 7, 256, 32, 128);
        fire9 = Fire.of(weights, 9, 256, 48, 192);
        fire10 = Fire.of(weights, 10, 384, 48, 192);
        fire11 = Fire.of(weights, 11, 384, 64, 256);
        fire12 = Fire.of(weights, 12, 512, 64, 256);
    }

    private static FrozenConv conv(Weights weights, String name, int in, int out, int kernel) {
        Tensor weight = weights.take(name + ".weight", out, in, kernel, kernel);
        Tensor bias = weights.take(name + ".bias", out);
        return new FrozenConv(weight, bias, FrozenConv.keeping(kernel, kernel), FrozenConv.RELU);
    }

    @Override
    public List<Integer> channels() {
        return List.of(64, 128, 256, 384, 384, 512, 512);
    }

    @Override
    public int smallest() {
        return 17;
    }

    @Override
    public List<Tensor> taps(Tensor images) {
        Chain chain = new Chain(images);
        Tensor h1 = chain.then(first::forward).tap(); // (B, H/2, W/2, 64)
        Tensor h2 = chain.then(SqueezeNetTrunk::pool)
                .then(fire3::forward)
                .then(fire4::forward)
                .tap(); // (B, H/4, W/4, 128)
        Tensor h3 = chain.then(SqueezeNetTrunk::pool)
                .then(fire6::forward)
                .then(fire7::forward)
                .tap(); // (B, H/8, W/8, 256)
        Tensor h4 = chain.then(SqueezeNetTrunk::pool).then(fire9::forward).tap(); // (B, H/16, W/16, 384)
        Tensor h5 = chain.then(fire10::forward).tap(); // (B, H/16, W/16, 384)
        Tensor h6 = chain.then(fire11::forward).tap(); // (B, H/16, W/16, 512)
        Tensor h7 = chain.then(fire12::forward).tap(); // (B, H/16, W/16, 512)
        return List.of(h1, h2, h3, h4, h5, h6, h7);
    }

    /** Max-pool 3/2 whose last window may hang over the edge ("ceil mode"): zeros there never win, all is ≥ 0 here. */
    private static Tensor pool(Tensor x) {
        return x.pad(1, 0, (x.dim(1) + 1) % 2).pad(2, 0, (x.dim(2) + 1) % 2).maxPool(3, 2, 0);
    }
}
