package org.atelier4j.metrics.net;

import java.util.List;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Convolution;

/**
 * The convolutions of AlexNet as torchvision has it: Krizhevsky 2014, "One weird trick for parallelizing convolutional
 * neural networks" (arXiv:1404.5997), tapped after each of its five ReLUs. Names {@code features.0}, {@code .3}, {@code .6},
 * {@code .8}, {@code .10}.
 */
final class AlexNetTrunk implements Trunk {
    private final FrozenConv conv1;
    private final FrozenConv conv2;
    private final FrozenConv conv3;
    private final FrozenConv conv4;
    private final FrozenConv conv5;

    AlexNetTrunk(Weights weights) {
        conv1 = conv(weights, 0, 3, 64, 11, FrozenConv.geometry(4, 2, 1));
        conv2 = conv(weights, 3, 64, 192, 5, FrozenConv.keeping(5, 5));
        conv3 = conv(weights, 6, 192, 384, 3, FrozenConv.keeping(3, 3));
        conv4 = conv(weights, 8, 384, 256, 3, FrozenConv.keeping(3, 3));
        conv5 = conv(weights, 10, 256, 256, 3, FrozenConv.keeping(3, 3));
    }

    private static FrozenConv conv(Weights weights, int index, int in, int out, int kernel, Convolution geometry) {
        String name = "features." + index;
        Tensor weight = weights.take(name + ".weight", out, in, kernel, kernel);
        return new FrozenConv(weight, weights.take(name + ".bias", out), geometry, FrozenConv.RELU);
    }

    @Override
    public List<Integer> channels() {
        return List.of(64, 192, 384, 256, 256);
    }

    @Override
    public int smallest() {
        return 31;
    }

    @Override
    public List<Tensor> taps(Tensor images) {
        Chain chain = new Chain(images);
        Tensor h1 = chain.then(conv1::forward).tap(); // (B, H/4, W/4, 64)
        Tensor h2 = chain.then(h -> h.maxPool(3, 2, 0)).then(conv2::forward).tap(); // (B, H/8, W/8, 192)
        Tensor h3 = chain.then(h -> h.maxPool(3, 2, 0)).then(conv3::forward).tap(); // (B, H/16, W/16, 384)
        Tensor h4 = chain.then(conv4::forward).tap(); // (B, H/16, W/16, 256)
        Tensor h5 = chain.then(conv5::forward).tap(); // (B, H/16, W/16, 256)
        return List.of(h1, h2, h3, h4, h5);
    }
}
