package org.atelier4j.tensor.op;

import java.util.ArrayList;
import java.util.List;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/**
 * What {@link DotProductAttention} works on at a time: some queries of some images with all heads, or of some heads of one
 * image, and the keys that the last of these queries sees.
 *
 * <p>Many causal queries come in blocks of rows, the last block first: it alone sees all keys. With n blocks
 * {@code (n + 1)/2n} of the weights are computed; the rest of what lies above the diagonal would be zeros.
 *
 * @param firstQuery number of the first query
 * @param queries how many there are, all T unless attention is causal
 * @param keys how many keys they see, the first ones; all S unless attention is causal
 */
record AttentionPart(int firstImage, int images, int firstHead, int heads, int firstQuery, int queries, int keys) {
    /**
     * Elements of P that are worked on at a time, unless those of one head are more: few enough to stay in a shared cache,
     * enough that the threads need not meet too often.
     */
    private static final int PORTION = 1 << 21;

    /** Causal queries that are worth blocks: with fewer, thinner products and their copies cost what blocks save. */
    private static final int MANY = 512;

    /** Causal blocks of a head: more of them would save little. */
    private static final int BLOCKS = 8;

    /** Returns the parts of attention of queries q (B, H, T, D) to keys k (B, H, S, D). */
    static List<AttentionPart> of(Tensor q, Tensor k, boolean causal) {
        int batch = q.dim(0);
        int heads = q.dim(1);
        int rows = causal && q.dim(2) >= MANY ? (q.dim(2) + BLOCKS - 1) / BLOCKS : Math.max(1, q.dim(2));
        long head = Math.max(1, (long) rows * k.dim(2));
        int atOnce = (int) Math.max(1, Math.min(batch * heads, PORTION / head));
        int imageStep = Math.max(1, atOnce / Math.max(1, heads));
        int headStep = atOnce < heads ? atOnce : heads;
        List<AttentionPart> parts = new ArrayList<>();
        for (int b = 0; b < batch; b += imageStep) {
            for (int h = 0; h < heads; h += headStep) {
                for (int first = Math.max(0, q.dim(2) - 1) / rows * rows; first >= 0; first -= rows) {
                    int queries = Math.min(rows, q.dim(2) - first);
                    int keys = causal ? k.dim(2) - q.dim(2) + first + queries : k.dim(2);
                    parts.add(new AttentionPart(
                            b, Math.min(imageStep, batch - b), h, Math.min(headStep, heads - h), first, queries, keys));
                }
            }
        }
        return parts;
    }

    /** Returns room for this part of P. */
    Tensor empty(Tensor q) {
        return Tensor.empty(Shape.of(images, heads, queries, keys), q.dtype(), q.device());
    }

    /** Returns the images and heads of x (B or 1, H or 1, …), a view; leading axes of x may be missing. */
    Tensor heads(Tensor x) {
        Tensor y = x.detach();
        if (x.rank() >= 4 && x.dim(0) > 1) {
            y = y.slice(0, firstImage, images);
        }
        return x.rank() >= 3 && x.dim(-3) > 1 ? y.slice(-3, firstHead, heads) : y;
    }

    /** Returns the queries of x (B, H, T, …). */
    Tensor queries(Tensor x) {
        return heads(x).slice(2, firstQuery, queries);
    }

    /** Returns the keys of x (B, H, S, …). */
    Tensor keys(Tensor x) {
        return heads(x).slice(2, 0, keys);
    }

    /** Returns this part of a mask that broadcasts to (B, H, T, S). */
    Tensor mask(Tensor mask) {
        Tensor y = heads(mask);
        if (y.rank() >= 2 && y.dim(-2) > 1) {
            y = y.slice(-2, firstQuery, queries);
        }
        return y.rank() >= 1 && y.dim(-1) > 1 ? y.slice(-1, 0, keys) : y;
    }
}
