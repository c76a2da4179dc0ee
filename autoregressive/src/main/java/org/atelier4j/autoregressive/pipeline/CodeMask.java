package org.atelier4j.autoregressive.pipeline;

import java.util.Arrays;
import org.atelier4j.autoregressive.Canvas;
import org.atelier4j.image.Image;
import org.atelier4j.model.CodeGrid;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/** From masks of pixels to known codes, and back. */
final class CodeMask {
    private CodeMask() {}

    /** Returns a canvas on which every code is known whose patch of the image has no covered pixel. */
    static Canvas canvas(CompleteRequest request, CodeGrid one, int[] labels) {
        Tensor codes = one.codes(); // (1, h, w)
        int h = codes.dim(1);
        int w = codes.dim(2);
        boolean[] known = known(request.mask(), h, w);
        int count = labels.length;
        boolean[] all = new boolean[count * h * w];
        for (int i = 0; i < all.length; i++) {
            all[i] = known[i % (h * w)];
        }
        Tensor repeated = codes.broadcastTo(Shape.of(count, h, w));
        return new Canvas(Tensor.of(labels, count), repeated, Tensor.of(all, count, h, w));
    }

    /** Returns which of h × w codes are known. */
    static boolean[] known(Image mask, int h, int w) {
        boolean[] known = new boolean[h * w];
        Arrays.fill(known, true);
        for (int y = 0; y < mask.height(); y++) {
            for (int x = 0; x < mask.width(); x++) {
                if (mask.at(x, y, 0) >= CompleteRequest.COVERED) {
                    known[y * h / mask.height() * w + x * w / mask.width()] = false;
                }
            }
        }
        return known;
    }

    /** Returns the drawn images (B, H, W, C) with the pixels of the image (1, H, W, C) where the mask does not cover them. */
    static Tensor kept(CompleteRequest request, Tensor image, Tensor drawn) {
        byte[] mask = request.mask().toBytes();
        boolean[] covered = new boolean[mask.length];
        for (int i = 0; i < mask.length; i++) {
            covered[i] = Byte.toUnsignedInt(mask[i]) >= CompleteRequest.COVERED;
        }
        Tensor where =
                Tensor.of(covered, 1, request.image().height(), request.image().width(), 1);
        return Tensor.where(where, drawn, image);
    }

    /** Returns BOOL (B, H, W, 1), true at the pixels of patches whose code in (B, h, w) is negative. */
    static Tensor open(int[] codes, Shape grid, Shape images) {
        int h = images.dim(1);
        int w = images.dim(2);
        boolean[] open = new boolean[images.dim(0) * h * w];
        for (int i = 0; i < open.length; i++) {
            int row = i / w % h * grid.dim(1) / h;
            int column = i % w * grid.dim(2) / w;
            open[i] = codes[(i / (h * w) * grid.dim(1) + row) * grid.dim(2) + column] < 0;
        }
        return Tensor.of(open, images.dim(0), h, w, 1);
    }
}
