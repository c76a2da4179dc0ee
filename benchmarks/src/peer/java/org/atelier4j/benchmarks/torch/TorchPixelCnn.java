package org.atelier4j.benchmarks.torch;

import java.util.List;
import org.atelier4j.autoregressive.pixel.PixelCnn;
import org.atelier4j.benchmarks.network.PixelCnnNetwork;
import org.atelier4j.benchmarks.network.Weights;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** {@link PixelCnnNetwork} in libtorch's functions. */
final class TorchPixelCnn extends TorchModel {
    private static final int FIRST_KERNEL = 7;

    private final PixelCnn.Config config;
    private final Tensor values; // (B, H, W)
    private final Tensor labels; // (B)

    TorchPixelCnn(PixelCnnNetwork network, int batch) {
        super(Weights.of(network));
        config = network.config();
        values = Torch.of(
                network.values(batch),
                batch,
                config.grid().height(),
                config.grid().width());
        labels = Torch.of(network.labels(batch), batch);
    }

    /** Returns logits (B, K, H, W). */
    @Override
    Tensor predict() {
        return Torch.tensor(() -> {
            double scale = 2.0 / (config.grid().levels() - 1);
            Tensor x = Torch.add(
                            values.unsqueeze(1).toType(torch.ScalarType.Float).mul(new Scalar(scale)), -1)
                    .contiguous(layout()); // (B, 1, H, W)
            Tensor[] stacks = {x, x};
            for (int i = 0; i <= config.size().layers(); i++) {
                block(i, stacks);
            }
            Tensor h = torch.relu(conv("network.hidden.conv", torch.relu(stacks[1]), 1)); // (B, 2W, H, W)
            return conv("network.last.conv", h, 1);
        });
    }

    /** Goes through one layer: replaces what the vertical and the horizontal stack say of each pixel. */
    private void block(int i, Tensor[] stacks) {
        boolean first = i == 0;
        String name = "network.blocks." + i;
        Tensor above = vertical(name + ".vertical.conv", stacks[0], first); // (B, 2W, H, W)
        Tensor left = horizontal(name + ".horizontal.conv", stacks[1], first); // (B, 2W, H, W)
        Tensor both = conv(name + ".verticalToHorizontal", above, 1).add(left);
        TensorVector classes = torch.embedding(get(name + ".classes.weight"), labels)
                .unsqueeze(2)
                .unsqueeze(3)
                .chunk(2, 1); // (B, 2W, 1, 1) twice
        Tensor y = conv(name + ".out.conv", gate(both.add(classes.get(1))), 1); // (B, W, H, W)
        stacks[0] = gate(above.add(classes.get(0))); // (B, W, H, W)
        stacks[1] = first ? y : y.add(stacks[1]);
    }

    /** The first layer sees the rows above, the others their own row, too. */
    private Tensor vertical(String name, Tensor x, boolean first) {
        int kernel = first ? FIRST_KERNEL : config.size().kernel();
        int half = kernel / 2;
        long[] zeros = first ? new long[] {half, half, half, -1} : new long[] {half, half, half, 0};
        return conv(name, torch.constant_pad_nd(x, zeros), 1, 0);
    }

    /** The first layer does not see the pixel itself: mask A. */
    private Tensor horizontal(String name, Tensor x, boolean first) {
        int kernel = first ? FIRST_KERNEL : config.size().kernel();
        int half = kernel / 2;
        if (!first) {
            return conv(name, torch.constant_pad_nd(x, half, 0, 0, 0), 1, 0);
        }
        Tensor seen = get(name + ".weight").narrow(3, 0, half);
        return Torch.conv(torch.constant_pad_nd(x, half, -1, 0, 0), seen, get(name + ".bias"), 1, 0);
    }

    private static Tensor gate(Tensor x) {
        TensorVector parts = x.chunk(2, 1);
        return parts.get(0).tanh().mul(parts.get(1).sigmoid());
    }

    @Override
    List<Objective> objectives() {
        return minimize(() -> torch.cross_entropy_loss(predict(), values).div(new Scalar(Math.log(2))));
    }
}
