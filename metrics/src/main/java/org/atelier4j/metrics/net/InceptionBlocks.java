package org.atelier4j.metrics.net;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Convolution;

/**
 * The blocks of Inception-v3 (Szegedy et al. 2015, arXiv:1512.00567, fig. 5 to 7) in the graph of 2015-12-05. Each is several
 * branches beside each other whose outputs are joined along the channels. Where that graph differs from the paper and from
 * torchvision: average pools do not count their padding (blocks A, C and the first E), and the pool of the last E block is
 * a maximum.
 *
 * <p>Names are torchvision's: {@code Mixed_5b.branch5x5_1.conv.weight}, {@code Mixed_5b.branch5x5_1.bn.running_mean}, ….
 */
final class InceptionBlocks {
    private static final double EPS = 1e-3; // of the batch norms

    /** A step of the network, (B, H, W, C) → (B, H', W', C'). */
    interface Block {
        Tensor forward(Tensor x);
    }

    private final Weights weights;

    private InceptionBlocks(Weights weights) {
        this.weights = weights;
    }

    /** Returns all blocks by name, in order. */
    static Map<String, Block> of(Weights weights) {
        InceptionBlocks make = new InceptionBlocks(weights);
        Map<String, Block> all = new LinkedHashMap<>();
        all.put("Conv2d_1a_3x3", make.conv("Conv2d_1a_3x3", 3, 32, 3, FrozenConv.geometry(2, 0, 1))); // (149, 149, 32)
        all.put("Conv2d_2a_3x3", make.conv("Conv2d_2a_3x3", 32, 32, 3, FrozenConv.geometry(1, 0, 1))); // (147, 147, 32)
        all.put("Conv2d_2b_3x3", make.conv("Conv2d_2b_3x3", 32, 64, 3, FrozenConv.geometry(1, 1, 1)));
        all.put("pool1", InceptionBlocks::halve); // (73, 73, 64)
        all.put("Conv2d_3b_1x1", make.conv("Conv2d_3b_1x1", 64, 80, 1, FrozenConv.geometry(1, 0, 1)));
        all.put("Conv2d_4a_3x3", make.conv("Conv2d_4a_3x3", 80, 192, 3, FrozenConv.geometry(1, 0, 1)));
        all.put("pool2", InceptionBlocks::halve); // (35, 35, 192)
        all.put("Mixed_5b", make.blockA("Mixed_5b.", 192, 32)); // (35, 35, 256)
        all.put("Mixed_5c", make.blockA("Mixed_5c.", 256, 64)); // (35, 35, 288)
        all.put("Mixed_5d", make.blockA("Mixed_5d.", 288, 64));
        all.put("Mixed_6a", make.blockB("Mixed_6a.", 288)); // (17, 17, 768)
        all.put("Mixed_6b", make.blockC("Mixed_6b.", 768, 128));
        all.put("Mixed_6c", make.blockC("Mixed_6c.", 768, 160));
        all.put("Mixed_6d", make.blockC("Mixed_6d.", 768, 160));
        all.put("Mixed_6e", make.blockC("Mixed_6e.", 768, 192));
        all.put("Mixed_7a", make.blockD("Mixed_7a.", 768)); // (8, 8, 1280)
        all.put("Mixed_7b", make.blockE("Mixed_7b.", 1280, InceptionBlocks::mean)); // (8, 8, 2048)
        all.put("Mixed_7c", make.blockE("Mixed_7c.", 2048, x -> x.maxPool(3, 1, 1)));
        return all;
    }

    private Block blockA(String name, int in, int pooled) {
        return join(
                pointwise(name + "branch1x1", in, 64),
                then(pointwise(name + "branch5x5_1", in, 48), keeping(name + "branch5x5_2", 48, 64, 5, 5)),
                then(
                        pointwise(name + "branch3x3dbl_1", in, 64),
                        keeping(name + "branch3x3dbl_2", 64, 96, 3, 3),
                        keeping(name + "branch3x3dbl_3", 96, 96, 3, 3)),
                then(InceptionBlocks::mean, pointwise(name + "branch_pool", in, pooled)));
    }

    private Block blockB(String name, int in) {
        return join(
                halving(name + "branch3x3", in, 384),
                then(
                        pointwise(name + "branch3x3dbl_1", in, 64),
                        keeping(name + "branch3x3dbl_2", 64, 96, 3, 3),
                        halving(name + "branch3x3dbl_3", 96, 96)),
                InceptionBlocks::halve);
    }

    private Block blockC(String name, int in, int inner) {
        return join(
                pointwise(name + "branch1x1", in, 192),
                then(
                        pointwise(name + "branch7x7_1", in, inner),
                        keeping(name + "branch7x7_2", inner, inner, 1, 7),
                        keeping(name + "branch7x7_3", inner, 192, 7, 1)),
                then(
                        pointwise(name + "branch7x7dbl_1", in, inner),
                        keeping(name + "branch7x7dbl_2", inner, inner, 7, 1),
                        keeping(name + "branch7x7dbl_3", inner, inner, 1, 7),
                        keeping(name + "branch7x7dbl_4", inner, inner, 7, 1),
                        keeping(name + "branch7x7dbl_5", inner, 192, 1, 7)),
                then(InceptionBlocks::mean, pointwise(name + "branch_pool", in, 192)));
    }

    private Block blockD(String name, int in) {
        return join(
                then(pointwise(name + "branch3x3_1", in, 192), halving(name + "branch3x3_2", 192, 320)),
                then(
                        pointwise(name + "branch7x7x3_1", in, 192),
                        keeping(name + "branch7x7x3_2", 192, 192, 1, 7),
                        keeping(name + "branch7x7x3_3", 192, 192, 7, 1),
                        halving(name + "branch7x7x3_4", 192, 192)),
                InceptionBlocks::halve);
    }

    private Block blockE(String name, int in, Block pool) {
        return join(
                pointwise(name + "branch1x1", in, 320),
                then(
                        pointwise(name + "branch3x3_1", in, 384),
                        join(
                                keeping(name + "branch3x3_2a", 384, 384, 1, 3),
                                keeping(name + "branch3x3_2b", 384, 384, 3, 1))),
                then(
                        pointwise(name + "branch3x3dbl_1", in, 448),
                        keeping(name + "branch3x3dbl_2", 448, 384, 3, 3),
                        join(
                                keeping(name + "branch3x3dbl_3a", 384, 384, 1, 3),
                                keeping(name + "branch3x3dbl_3b", 384, 384, 3, 1))),
                then(pool, pointwise(name + "branch_pool", in, 192)));
    }

    private Block pointwise(String name, int in, int out) {
        return keeping(name, in, out, 1, 1);
    }

    private Block keeping(String name, int in, int out, int height, int width) {
        return conv(name, in, out, Shape.of(height, width), FrozenConv.keeping(height, width));
    }

    private Block halving(String name, int in, int out) {
        return conv(name, in, out, 3, FrozenConv.geometry(2, 0, 1));
    }

    private Block conv(String name, int in, int out, int kernel, Convolution geometry) {
        return conv(name, in, out, Shape.of(kernel, kernel), geometry);
    }

    private Block conv(String name, int in, int out, Shape kernel, Convolution geometry) {
        Tensor weight = weights.take(name + ".conv.weight", out, in, kernel.dim(0), kernel.dim(1));
        return FrozenConv.normalized(weights, name + ".bn", EPS, weight, geometry, FrozenConv.RELU)::forward;
    }

    private static Tensor halve(Tensor x) {
        return x.maxPool(3, 2, 0);
    }

    private static Tensor mean(Tensor x) {
        return x.averagePool(3, 1, 1); // padding does not count
    }

    private static Block then(Block... steps) {
        return x -> {
            Chain chain = new Chain(x);
            for (Block step : steps) {
                chain.then(step::forward);
            }
            return chain.tap();
        };
    }

    private static Block join(Block... branches) {
        return x -> {
            Tensor[] parts = List.of(branches).stream().map(b -> b.forward(x)).toArray(Tensor[]::new);
            return Tensor.concat(3, parts);
        };
    }
}
