package org.atelier4j.autoregressive.pixel;

import java.util.ArrayList;
import java.util.List;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;

/**
 * The network's forward pass from pixel to pixel: whatever earlier pixels computed is kept, so that a pixel costs one column
 * of the horizontal stack, and a row one row of the vertical stack, instead of the whole image.
 *
 * <p>Of the vertical stack the last rows of each layer's input stay, as many as its kernel reaches back; of the horizontal
 * one the last columns, which are forgotten at the end of a row. The numbers are those of {@link GatedPixelCnn#forward}.
 * Order of calls: {@link #startRow}, then for each pixel {@link #at} as often as wanted and {@link #commit} once, then
 * {@link #endRow}. Unrecorded; memory belongs to the scope that is open when a method is called, and rows to the one
 * around that.
 */
final class CachedPass {
    private final List<GatedBlock> blocks;
    private final GatedPixelCnn network;
    private final Tensor labels;
    private final int batch;
    private final List<List<Tensor>> rows = new ArrayList<>(); // per block, (B, 1, W, in) each
    private final List<List<Tensor>> columns = new ArrayList<>(); // per block, (B, 1, 1, in) each
    private final List<Tensor> above = new ArrayList<>(); // per block, what the vertical stack says: (B, 1, W, 2·width)
    private final List<Tensor> pending = new ArrayList<>(); // per block, the horizontal stack at this pixel

    /**
     * Starts above the first row.
     *
     * @param labels INT32 (B)
     */
    CachedPass(GatedPixelCnn network, Tensor labels, int width) {
        this.network = network;
        this.labels = labels;
        blocks = network.blocks();
        batch = labels.dim(0);
        for (int i = 0; i < blocks.size(); i++) {
            rows.add(zeros(blocks.get(i).vertical().reach() - (i == 0 ? 0 : 1), width, channels(i)));
            columns.add(new ArrayList<>());
        }
    }

    /** Computes the vertical stack for the next row, of which nothing needs to be known. */
    void startRow(TensorScope scope) {
        above.clear();
        Tensor v = null;
        for (int i = 0; i < blocks.size(); i++) {
            GatedBlock block = blocks.get(i);
            if (v != null) {
                rows.get(i).add(scope.keep(v));
            }
            Tensor seen = Tensor.concat(1, rows.get(i).toArray(Tensor[]::new)); // (B, reach, W, in)
            if (v != null) {
                TensorScope.discard(rows.get(i).remove(0));
            }
            Tensor up = block.vertical().onPadded(seen); // (B, 1, W, 2·width)
            above.add(block.verticalToHorizontal().forward(up));
            v = block.gate(up, labels, 0); // (B, 1, W, width)
            columns.set(i, zeros(block.horizontal().reach() - 1, 1, channels(i)));
        }
    }

    /**
     * Returns the network's numbers for a pixel, (B, P).
     *
     * @param x the pixel's own input (B, 1, 1, in); colors that the network must not see yet may be anything
     */
    Tensor at(int column, Tensor x) {
        pending.clear();
        Tensor h = x;
        for (int i = 0; i < blocks.size(); i++) {
            GatedBlock block = blocks.get(i);
            pending.add(h);
            List<Tensor> seen = new ArrayList<>(columns.get(i));
            seen.add(h);
            Tensor left = block.horizontal().onPadded(Tensor.concat(2, seen.toArray(Tensor[]::new)));
            Tensor both = left.add(above.get(i).slice(2, column, 1)); // (B, 1, 1, 2·width)
            h = block.out(block.gate(both, labels, 1), h); // (B, 1, 1, width)
        }
        return network.head(h).reshape(batch, network.config().out());
    }

    /** Remembers the pixel at which {@link #at} was called last, now that all of its colors are known. */
    void commit(Tensor x, TensorScope scope) {
        pending.set(0, x);
        for (int i = 0; i < blocks.size(); i++) {
            List<Tensor> seen = columns.get(i);
            seen.add(scope.keep(pending.get(i)));
            seen.remove(0);
        }
    }

    /** Remembers a whole row of inputs (B, 1, W, in). */
    void endRow(Tensor x, TensorScope scope) {
        rows.get(0).add(scope.keep(x));
        TensorScope.discard(rows.get(0).remove(0));
    }

    private int channels(int block) {
        return block == 0 ? network.config().in() : network.config().width();
    }

    private List<Tensor> zeros(int count, int width, int channels) {
        List<Tensor> list = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            list.add(Tensor.zeros(batch, 1, width, channels));
        }
        return list;
    }
}
