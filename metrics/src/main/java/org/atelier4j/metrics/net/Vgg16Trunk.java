package org.atelier4j.metrics.net;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.atelier4j.tensor.Tensor;

/**
 * The convolutions of VGG16: Simonyan, Zisserman 2014 (arXiv:1409.1556), table 1, column D, tapped at relu1_2, relu2_2,
 * relu3_3, relu4_3 and relu5_3. Names {@code features.0} to {@code features.28} as in torchvision.
 */
final class Vgg16Trunk implements Trunk {
    /** Files that hold these weights, as they are looked for in the cache: ours, then torchvision's. */
    private static final String[] FILES = {"lpips-vgg.safetensors", "vgg16-397923af.pth", "vgg16.safetensors"};

    private static final List<Integer> CHANNELS = List.of(64, 128, 256, 512, 512);
    private static final int[] DEPTHS = {2, 2, 3, 3, 3};

    private final List<List<FrozenConv>> stages = new ArrayList<>();
    private final List<UnaryOperator<Tensor>> pools;

    private Vgg16Trunk(Weights weights, List<UnaryOperator<Tensor>> pools) {
        this.pools = pools;
        int index = 0;
        int in = 3;
        for (int stage = 0; stage < DEPTHS.length; stage++) {
            List<FrozenConv> convs = new ArrayList<>();
            for (int i = 0; i < DEPTHS[stage]; i++) {
                int out = CHANNELS.get(stage);
                Tensor weight = weights.take("features." + index + ".weight", out, in, 3, 3);
                Tensor bias = weights.take("features." + index + ".bias", out);
                convs.add(new FrozenConv(weight, bias, FrozenConv.keeping(3, 3), FrozenConv.RELU));
                in = out;
                index += 2; // a convolution and its ReLU
            }
            stages.add(convs);
            index++; // the pool
        }
    }

    /** Returns the network as published, with max-pools. */
    static Vgg16Trunk of(Weights weights) {
        return withPools(weights, List.of(maxPool(), maxPool(), maxPool(), maxPool()));
    }

    /** Returns the network with other pools between its five stages. */
    static Vgg16Trunk withPools(Weights weights, List<UnaryOperator<Tensor>> pools) {
        return new Vgg16Trunk(weights, pools);
    }

    private static UnaryOperator<Tensor> maxPool() {
        return h -> h.maxPool(2, 2, 0);
    }

    /** Returns the convolutions' weights from the cache folder. */
    static Weights cached(String network) {
        return file(network, Weights.cached(network, FILES));
    }

    /** Returns the convolutions' weights from a file, passing over the classifier's. */
    static Weights file(String network, Path path) {
        return Weights.file(network, path, name -> name.startsWith("features."));
    }

    @Override
    public List<Integer> channels() {
        return CHANNELS;
    }

    @Override
    public int smallest() {
        return 16;
    }

    @Override
    public List<Tensor> taps(Tensor images) {
        List<Tensor> taps = new ArrayList<>();
        Chain chain = new Chain(images);
        for (int i = 0; i < stages.size(); i++) {
            if (i > 0) {
                chain.then(pools.get(i - 1));
            }
            for (FrozenConv conv : stages.get(i)) {
                chain.then(conv::forward);
            }
            taps.add(chain.tap()); // (B, H/2ⁱ, W/2ⁱ, C)
        }
        return taps;
    }
}
