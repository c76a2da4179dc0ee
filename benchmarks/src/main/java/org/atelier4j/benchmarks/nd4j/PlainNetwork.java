package org.atelier4j.benchmarks.nd4j;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.atelier4j.benchmarks.OpenBlas;
import org.atelier4j.benchmarks.Work;
import org.atelier4j.benchmarks.network.AutoencoderNetwork;
import org.atelier4j.benchmarks.network.NerfNetwork;
import org.atelier4j.benchmarks.network.Network;
import org.atelier4j.benchmarks.network.Weights;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.layers.convolution.Conv2D;
import org.nd4j.linalg.api.ops.impl.layers.convolution.DeConv2D;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv2DConfig;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.DeConv2DConfig;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/** The forward pass of a network by ND4J's operations, one after the other as its documentation shows them. */
public final class PlainNetwork {
    private final Map<String, INDArray> weights = new LinkedHashMap<>();

    private PlainNetwork(Network network) {
        Weights shared = Weights.of(network);
        shared.parameters().keySet().forEach(path -> weights.put(path, Layout.weight(shared, path)));
    }

    /** Returns one prediction of a network that {@link SameDiffNetwork#has} words for, too. */
    public static Work forward(Network network, int batch) {
        PlainNetwork net = new PlainNetwork(network);
        if (network instanceof NerfNetwork nerf) {
            return net.nerf(nerf, batch);
        }
        return net.autoencoder((AutoencoderNetwork) network, batch);
    }

    private Work nerf(NerfNetwork sizes, int points) {
        INDArray x = Nd4j.create(sizes.positions(points), new long[] {points, 3}, 'c');
        INDArray d = Nd4j.create(sizes.directions(points), new long[] {points, 3}, 'c');
        return work(() -> {
            INDArray gx = encoded(x, sizes.positionFrequencies()); // (N, 6L)
            INDArray h = gx;
            for (int i = 0; i < sizes.depth(); i++) {
                h = Transforms.relu(linear("trunk." + i, i == sizes.skip() ? Nd4j.concat(1, h, gx) : h), false);
            }
            INDArray view = Nd4j.concat(1, linear("feature", h), encoded(d, sizes.directionFrequencies()));
            INDArray hidden = Transforms.relu(linear("branch", view), false);
            INDArray color = Transforms.sigmoid(linear("color", hidden), false); // (N, 3)
            return Nd4j.concat(1, color, Transforms.relu(linear("density", h), false)); // (N, 4)
        });
    }

    private static INDArray encoded(INDArray x, int frequencies) {
        INDArray rates = Nd4j.create(NerfNetwork.rates(frequencies), new long[] {1, 1, frequencies}, 'c');
        INDArray angles = x.reshape(x.size(0), 3, 1).mul(rates).reshape(x.size(0), 3L * frequencies);
        return Nd4j.concat(1, Transforms.sin(angles), Transforms.cos(angles));
    }

    private Work autoencoder(AutoencoderNetwork sizes, int batch) {
        INDArray images = Layout.images(sizes.images(batch), sizes.size(), sizes.size(), 1);
        return work(() -> {
            INDArray h = Transforms.relu(conv("0", images), false);
            h = Transforms.relu(conv("2", h), false);
            h = Transforms.relu(transposed("4", h), false);
            return transposed("6", h);
        });
    }

    private INDArray linear(String name, INDArray x) {
        return x.mmul(get(name + ".weight")).addiRowVector(get(name + ".bias"));
    }

    private INDArray conv(String name, INDArray x) {
        Conv2DConfig config =
                Conv2DConfig.builder().kH(3).kW(3).sH(2).sW(2).pH(1).pW(1).build();
        INDArray[] inputs = {x, get(name + ".weight"), get(name + ".bias")};
        return Nd4j.exec(new Conv2D(inputs, null, config))[0];
    }

    private INDArray transposed(String name, INDArray x) {
        DeConv2DConfig config =
                DeConv2DConfig.builder().kH(4).kW(4).sH(2).sW(2).pH(1).pW(1).build();
        INDArray[] inputs = {x, get(name + ".weight"), get(name + ".bias")};
        return Nd4j.exec(new DeConv2D(inputs, null, config))[0];
    }

    private INDArray get(String path) {
        return Objects.requireNonNull(weights.get(path), path);
    }

    private static Work work(Supplier<INDArray> forward) {
        return new Work() {
            @Override
            public void run() {
                OpenBlas.setThreads(OpenBlas.available());
                forward.get().close();
            }

            @Override
            public Map<String, float[]> results() {
                return Map.of("output", Layout.output(forward.get()));
            }
        };
    }
}
