package org.atelier4j.autoregressive.pixel;

import org.atelier4j.autoregressive.pixel.MaskedConv2d.Mask;
import org.atelier4j.nn.Conv2d;
import org.atelier4j.nn.Embedding;
import org.atelier4j.nn.Gate;
import org.atelier4j.nn.Init;
import org.atelier4j.nn.Layer;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * One layer of the gated PixelCNN: a vertical and a horizontal convolution, each followed by the gate of eq. 4,
 * {@code y = tanh(W_f * x + V_f h) ⊙ σ(W_g * x + V_g h)}, h being the class (van den Oord et al. 2016, arXiv:1606.05328,
 * fig. 2).
 */
final class GatedBlock extends Layer {
    private static final double CLASS_DEVIATION = 0.02;

    private final int width;
    private final StackConv vertical;
    private final Conv2d verticalToHorizontal;
    private final StackConv horizontal;
    private final MaskedConv2d out;
    private final @Nullable Embedding classes; // (classes + 1, 4·width), both parts of both gates
    private final boolean first;

    /**
     * What both stacks say of each pixel, (B, H, W, width) each.
     *
     * @param vertical what is above it
     * @param horizontal what is above it and to its left
     */
    record Stacks(Tensor vertical, Tensor horizontal) {}

    GatedBlock(GatedPixelCnn.Config config, boolean first, Rng rng) {
        this.first = first;
        width = config.width();
        int in = first ? config.in() : width;
        int kernel = first ? GatedPixelCnn.FIRST_KERNEL : config.kernel();
        var center = new TapMask.Center(first ? Mask.A : Mask.B, config.colors(), 2);
        vertical = child("vertical", StackConv.vertical(in, 2 * width, kernel, first, rng));
        verticalToHorizontal = child("verticalToHorizontal", new Conv2d(2 * width, 2 * width, 1, 1, 0, rng));
        horizontal = child("horizontal", StackConv.horizontal(in, 2 * width, kernel, center, rng));
        out = child("out", new MaskedConv2d(new MaskedConv2d.Config(width, width, 1, Mask.B, config.colors()), rng));
        classes = config.classes() == 0
                ? null
                : child("classes", new Embedding(config.classes() + 1, 4 * width, Init.normal(CLASS_DEVIATION), rng));
    }

    /** Returns what both stacks say after this layer, for labels INT32 (B). */
    Stacks forward(Stacks x, Tensor labels) {
        Tensor above = vertical.forward(x.vertical()); // (B, H, W, 2·width)
        Tensor left = horizontal.forward(x.horizontal()); // (B, H, W, 2·width)
        Tensor both = verticalToHorizontal.forward(above, left);
        Tensor v = gate(above, labels, 0); // (B, H, W, width), eq. 4
        Tensor h = out(gate(both, labels, 1), x.horizontal());
        return new Stacks(v, h);
    }

    /** Returns the horizontal stack's result: a 1×1 convolution, and the input beside it except in the first layer. */
    Tensor out(Tensor gated, Tensor input) {
        return first ? out.forward(gated) : out.forward(gated, input);
    }

    /**
     * Returns the gate of eq. 4, {@code tanh(a + V_f h) ⊙ σ(b + V_g h)} for x = [a b] (…, 2·width) of stack 0 (vertical) or 1
     * (horizontal).
     */
    Tensor gate(Tensor x, Tensor labels, int stack) {
        return classes == null
                ? Gate.of(x)
                : Gate.of(x, classes.forward(labels).slice(1, 2 * width * stack, 2 * width)); // (B, 2·width)
    }

    StackConv vertical() {
        return vertical;
    }

    StackConv horizontal() {
        return horizontal;
    }

    Conv2d verticalToHorizontal() {
        return verticalToHorizontal;
    }
}
