package org.atelier4j.benchmarks.torch;

import java.util.List;
import org.atelier4j.benchmarks.network.AutoencoderNetwork;
import org.atelier4j.benchmarks.network.Weights;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** {@link AutoencoderNetwork} in libtorch's functions. */
final class TorchAutoencoder extends TorchModel {
    private final Tensor images;

    TorchAutoencoder(AutoencoderNetwork network, int batch) {
        super(Weights.of(network));
        images = Torch.images(network.images(batch), layout(), batch, network.size(), network.size(), 1);
    }

    @Override
    Tensor predict() {
        return Torch.tensor(() -> {
            Tensor h = torch.relu(conv("0", images, 2)); // (B, C, H/2, W/2)
            h = torch.relu(conv("2", h, 2)); // (B, 2C, H/4, W/4)
            h = torch.relu(convTranspose("4", h, 2, 1)); // (B, C, H/2, W/2)
            return convTranspose("6", h, 2, 1); // (B, 1, H, W)
        });
    }

    @Override
    List<Objective> objectives() {
        return minimize(() -> torch.mse_loss(predict(), images));
    }
}
