package org.atelier4j.autoregressive.pipeline;

import org.atelier4j.model.CodeGrid;
import org.atelier4j.model.ImageTokenizer;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/** The simplest tokenizer: the code of a patch of 2 × 2 gray pixels is its mean brightness in so many steps. */
final class PatchTokenizer implements ImageTokenizer {
    private final int size;
    private final String hash;

    PatchTokenizer(int size, String hash) {
        this.size = size;
        this.hash = hash;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public String hash() {
        return hash;
    }

    @Override
    public Shape gridShape(Shape imageShape) {
        Check.shape(imageShape.dim(2) == 1, "PatchTokenizer: images must be (H, W, 1), got %s", imageShape);
        return Shape.of(imageShape.dim(0) / 2, imageShape.dim(1) / 2);
    }

    @Override
    public CodeGrid tokenize(Tensor images) {
        float[] means = images.averagePool(2, 2, 0).toFloats(); // (B, h, w, 1)
        int[] codes = new int[means.length];
        for (int i = 0; i < codes.length; i++) {
            codes[i] = Math.round((means[i] + 1) / 2 * (size - 1));
        }
        return new CodeGrid(Tensor.of(codes, images.dim(0), images.dim(1) / 2, images.dim(2) / 2), size);
    }

    @Override
    public Tensor detokenize(CodeGrid grid) {
        int[] codes = grid.codes().toInts();
        int h = grid.codes().dim(1);
        int w = grid.codes().dim(2);
        float[] pixels = new float[codes.length * 4];
        for (int i = 0; i < pixels.length; i++) {
            int x = i % (2 * w);
            int y = i / (2 * w) % (2 * h);
            int image = i / (4 * w * h);
            pixels[i] = 2f * codes[(image * h + y / 2) * w + x / 2] / (size - 1) - 1;
        }
        return Tensor.of(pixels, grid.codes().dim(0), 2 * h, 2 * w, 1);
    }
}
