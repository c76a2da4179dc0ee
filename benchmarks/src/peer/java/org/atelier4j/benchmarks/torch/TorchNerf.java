package org.atelier4j.benchmarks.torch;

import java.util.List;
import org.atelier4j.benchmarks.network.NerfNetwork;
import org.atelier4j.benchmarks.network.Weights;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** {@link NerfNetwork} in libtorch's functions. */
final class TorchNerf extends TorchModel {
    private final NerfNetwork sizes;
    private final Tensor positionRates;
    private final Tensor directionRates;
    private final Tensor positions;
    private final Tensor directions;
    private final Tensor targets;

    TorchNerf(NerfNetwork network, int points) {
        super(Weights.of(network));
        sizes = network;
        positionRates = Torch.of(NerfNetwork.rates(network.positionFrequencies()), network.positionFrequencies());
        directionRates = Torch.of(NerfNetwork.rates(network.directionFrequencies()), network.directionFrequencies());
        positions = Torch.of(network.positions(points), points, 3);
        directions = Torch.of(network.directions(points), points, 3);
        targets = Torch.of(network.targets(points), points, 4);
    }

    @Override
    Tensor predict() {
        return Torch.tensor(() -> {
            Tensor gx = encoded(positions, positionRates); // (N, 6L)
            Tensor h = gx;
            for (int i = 0; i < sizes.depth(); i++) {
                h = torch.relu(linear("trunk." + i, i == sizes.skip() ? beside(h, gx) : h)); // (N, W)
            }
            Tensor view = beside(linear("feature", h), encoded(directions, directionRates)); // (N, W + 6L')
            Tensor c = torch.sigmoid(linear("color", torch.relu(linear("branch", view)))); // (N, 3)
            return beside(c, torch.relu(linear("density", h))); // (N, 4)
        });
    }

    @Override
    List<Objective> objectives() {
        return minimize(() -> torch.mse_loss(predict(), targets));
    }

    private static Tensor encoded(Tensor x, Tensor rates) {
        Tensor angles = x.unsqueeze(2).mul(rates).flatten(1, 2); // (N, 3L)
        return beside(angles.sin(), angles.cos()); // (N, 6L)
    }

    private static Tensor beside(Tensor a, Tensor b) {
        return torch.cat(new TensorVector(a, b), 1);
    }
}
