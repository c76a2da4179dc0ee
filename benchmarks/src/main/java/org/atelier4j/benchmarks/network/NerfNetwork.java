package org.atelier4j.benchmarks.network;

import java.util.List;
import org.atelier4j.nn.Layer;
import org.atelier4j.nn.Linear;
import org.atelier4j.nn.Losses;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;

/**
 * The radiance field of Mildenhall et al. 2020, "NeRF" (arXiv:2003.08934), fig. 7: positions and directions (N, 3) → color and
 * density (N, 4). A batch is a number of points.
 *
 * @param name of the network
 * @param width of the layers, 256 in the paper
 * @param depth layers of the trunk, 8 in the paper
 * @param skip the layer whose input has γ(x) beside it once more, counted from 0; 5 in the paper, its "fifth layer's activation"
 * @param positionFrequencies L of eq. 4 for positions, 10 in the paper
 * @param directionFrequencies L for directions, 4 in the paper
 */
public record NerfNetwork(
        String name, int width, int depth, int skip, int positionFrequencies, int directionFrequencies)
        implements Network {
    private static final int AXES = 3;

    /** Checks the skip. */
    public NerfNetwork {
        Check.that(0 < skip && skip < depth, "NerfNetwork: skip must lie in (0, %d), got %d", depth, skip);
    }

    /** Returns the paper's. */
    public static NerfNetwork paper() {
        return new NerfNetwork("nerf", 256, 8, 5, 10, 4);
    }

    /** Returns positions (N, 3), in [−1, 1] but for a factor. */
    public float[] positions(int points) {
        return Numbers.of(1, points * AXES);
    }

    /** Returns directions (N, 3). */
    public float[] directions(int points) {
        return Numbers.of(2, points * AXES);
    }

    /** Returns what the network is to say (N, 4). */
    public float[] targets(int points) {
        return Numbers.of(3, points * (AXES + 1));
    }

    /** Returns 2^k·π for k from 0: what eq. 4 multiplies coordinates by. */
    public static float[] rates(int frequencies) {
        float[] rates = new float[frequencies];
        for (int k = 0; k < frequencies; k++) {
            rates[k] = (float) (Math.scalb(1.0, k) * Math.PI);
        }
        return rates;
    }

    @Override
    public Layer make() {
        return new Field(this, Rng.of(1));
    }

    @Override
    public boolean isSmooth() {
        return false;
    }

    @Override
    public Model model(int points) {
        Field net = new Field(this, Rng.of(1));
        Tensor positions = Tensor.of(positions(points), points, AXES);
        Tensor directions = Tensor.of(directions(points), points, AXES);
        Tensor targets = Tensor.of(targets(points), points, AXES + 1);
        return new Model(net) {
            @Override
            public Tensor predict() {
                return net.forward(positions, directions);
            }

            @Override
            public List<Objective> objectives() {
                return minimize(() -> Losses.mse(predict(), targets));
            }
        };
    }

    /** The network itself. */
    private static final class Field extends Layer {
        private final int skip;
        private final Tensor positionRates;
        private final Tensor directionRates;
        private final List<Linear> trunk;
        private final Linear density;
        private final Linear feature;
        private final Linear branch;
        private final Linear color;

        Field(NerfNetwork sizes, Rng rng) {
            skip = sizes.skip();
            int width = sizes.width();
            int encoded = 2 * AXES * sizes.positionFrequencies();
            positionRates = Tensor.of(rates(sizes.positionFrequencies()), sizes.positionFrequencies());
            directionRates = Tensor.of(rates(sizes.directionFrequencies()), sizes.directionFrequencies());
            trunk = children("trunk", sizes.depth(), i -> {
                int in = i == 0 ? encoded : i == skip ? width + encoded : width;
                return new Linear(in, width, rng.split("trunk." + i));
            });
            density = child("density", new Linear(width, 1, rng.split("density")));
            feature = child("feature", new Linear(width, width, rng.split("feature")));
            int seen = width + 2 * AXES * sizes.directionFrequencies();
            branch = child("branch", new Linear(seen, width / 2, rng.split("branch")));
            color = child("color", new Linear(width / 2, AXES, rng.split("color")));
        }

        /** Returns color in [0, 1] and density ≥ 0, side by side (N, 4). */
        Tensor forward(Tensor x, Tensor d) {
            Tensor gx = encoded(x, positionRates); // (N, 6L), eq. 4
            Tensor h = gx;
            for (int i = 0; i < trunk.size(); i++) {
                h = trunk.get(i).forward(i == skip ? h.concat(gx, 1) : h).relu(); // (N, W)
            }
            Tensor view = feature.forward(h).concat(encoded(d, directionRates), 1); // (N, W + 6L')
            Tensor c = color.forward(branch.forward(view).relu()).sigmoid(); // (N, 3)
            return c.concat(density.forward(h).relu(), 1); // (N, 4)
        }

        private static Tensor encoded(Tensor x, Tensor rates) {
            Tensor angles = x.unsqueeze(2).mul(rates).reshape(x.dim(0), -1); // (N, 3L)
            return angles.sin().concat(angles.cos(), 1); // (N, 6L)
        }
    }
}
