package org.atelier4j.benchmarks.nd4j;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atelier4j.benchmarks.OpenBlas;
import org.atelier4j.benchmarks.Work;
import org.atelier4j.benchmarks.network.AutoencoderNetwork;
import org.atelier4j.benchmarks.network.NerfNetwork;
import org.atelier4j.benchmarks.network.Network;
import org.atelier4j.benchmarks.network.Weights;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.TrainingConfig;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv2DConfig;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.DeConv2DConfig;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;

/** A network as a graph of SameDiff, which differentiates it and has an optimizer: Adam, whose weight decay is AdamW's. */
public final class SameDiffNetwork {
    private static final double WEIGHT_DECAY = 0.01; // PyTorch's default for AdamW
    private static final String OUTPUT = "output";
    private static final String LOSS = "loss";
    private static final String TARGET = "target";

    private final SameDiff graph = SameDiff.create();
    private final Weights weights;
    private final Map<String, INDArray> inputs = new LinkedHashMap<>();
    private INDArray target = Nd4j.scalar(0f);

    private SameDiffNetwork(Network network) {
        weights = Weights.of(network);
    }

    /** Returns whether there is a graph of a network. */
    public static boolean has(Network network) {
        return network instanceof NerfNetwork || network instanceof AutoencoderNetwork;
    }

    /** Returns one training step of a network that it {@link #has}. */
    public static Work step(Network network, int batch) {
        return of(network, batch).step();
    }

    /** Returns one prediction of a network that it {@link #has}. */
    public static Work forward(Network network, int batch) {
        return of(network, batch).forward();
    }

    private static SameDiffNetwork of(Network network, int batch) {
        SameDiffNetwork net = new SameDiffNetwork(network);
        if (network instanceof NerfNetwork nerf) {
            net.nerf(nerf, batch);
        } else if (network instanceof AutoencoderNetwork autoencoder) {
            net.autoencoder(autoencoder, batch);
        }
        return net;
    }

    // --- the networks -----------------------------------------------------------------------------------------------

    private void nerf(NerfNetwork sizes, int points) {
        SDVariable x = input("x", Nd4j.create(sizes.positions(points), new long[] {points, 3}, 'c'));
        SDVariable d = input("d", Nd4j.create(sizes.directions(points), new long[] {points, 3}, 'c'));
        SDVariable gx = encoded(x, points, sizes.positionFrequencies()); // (N, 6L)
        SDVariable gd = encoded(d, points, sizes.directionFrequencies());
        SDVariable h = gx;
        for (int i = 0; i < sizes.depth(); i++) {
            h = relu(linear("trunk." + i, i == sizes.skip() ? graph.concat(1, h, gx) : h)); // (N, W)
        }
        SDVariable view = graph.concat(1, linear("feature", h), gd); // (N, W + 6L')
        SDVariable color = graph.nn().sigmoid(linear("color", relu(linear("branch", view)))); // (N, 3)
        SDVariable y = graph.concat(1, color, relu(linear("density", h))); // (N, 4)
        finish(y, Nd4j.create(sizes.targets(points), new long[] {points, 4}, 'c'));
    }

    private SDVariable encoded(SDVariable x, int points, int frequencies) {
        INDArray rates = Nd4j.create(NerfNetwork.rates(frequencies), new long[] {1, 1, frequencies}, 'c');
        SDVariable column = graph.reshape(x, points, 3, 1);
        SDVariable angles = graph.reshape(column.mul(graph.constant(rates)), points, 3L * frequencies); // (N, 3L)
        return graph.concat(1, graph.math().sin(angles), graph.math().cos(angles)); // (N, 6L)
    }

    private void autoencoder(AutoencoderNetwork sizes, int batch) {
        INDArray images = Layout.images(sizes.images(batch), sizes.size(), sizes.size(), 1);
        SDVariable h = relu(conv("0", input("x", images))); // (B, C, H/2, W/2)
        h = relu(conv("2", h)); // (B, 2C, H/4, W/4)
        h = relu(transposed("4", h)); // (B, C, H/2, W/2)
        finish(transposed("6", h), images); // (B, 1, H, W)
    }

    private SDVariable input(String name, INDArray values) {
        inputs.put(name, values);
        return graph.placeHolder(name, DataType.FLOAT, values.shape());
    }

    private void finish(SDVariable y, INDArray values) {
        target = values;
        SDVariable output = y.rename(OUTPUT);
        SDVariable difference = output.sub(graph.placeHolder(TARGET, DataType.FLOAT, values.shape()));
        difference.mul(difference).mean().rename(LOSS);
        graph.setLossVariables(LOSS);
    }

    private SDVariable parameter(String path) {
        return graph.var(path, Layout.weight(weights, path));
    }

    private SDVariable linear(String name, SDVariable x) {
        return graph.nn().linear(x, parameter(name + ".weight"), parameter(name + ".bias"));
    }

    private SDVariable relu(SDVariable x) {
        return graph.nn().relu(x, 0);
    }

    private SDVariable conv(String name, SDVariable x) {
        Conv2DConfig config =
                Conv2DConfig.builder().kH(3).kW(3).sH(2).sW(2).pH(1).pW(1).build();
        return graph.cnn().conv2d(x, parameter(name + ".weight"), parameter(name + ".bias"), config);
    }

    private SDVariable transposed(String name, SDVariable x) {
        DeConv2DConfig config =
                DeConv2DConfig.builder().kH(4).kW(4).sH(2).sW(2).pH(1).pW(1).build();
        return graph.cnn().deconv2d(x, parameter(name + ".weight"), parameter(name + ".bias"), config);
    }

    // --- at work ----------------------------------------------------------------------------------------------------

    private Work step() {
        graph.setTrainingConfig(TrainingConfig.builder()
                .updater(new Adam(Weights.LEARNING_RATE))
                .weightDecay(WEIGHT_DECAY, true)
                .dataSetFeatureMapping(List.copyOf(inputs.keySet()))
                .dataSetLabelMapping(TARGET)
                .build());
        INDArray[] features = inputs.values().toArray(INDArray[]::new);
        MultiDataSet batch = new MultiDataSet(features, new INDArray[] {target});
        return new Work() {
            @Override
            public void run() {
                OpenBlas.setThreads(OpenBlas.available());
                graph.fit(batch);
            }

            @Override
            public Map<String, float[]> results() {
                Map<String, INDArray> given = new LinkedHashMap<>(inputs);
                given.put(TARGET, target);
                Map<String, float[]> all = new LinkedHashMap<>();
                all.put(LOSS, Layout.output(graph.outputSingle(given, LOSS)));
                graph.calculateGradients(given, weights.parameters().keySet())
                        .forEach((path, g) -> all.put("gradient of " + path, Layout.gradient(g)));
                return all;
            }
        };
    }

    private Work forward() {
        return new Work() {
            @Override
            public void run() {
                OpenBlas.setThreads(OpenBlas.available());
                graph.outputSingle(inputs, OUTPUT).close();
            }

            @Override
            public Map<String, float[]> results() {
                return Map.of(OUTPUT, Layout.output(graph.outputSingle(inputs, OUTPUT)));
            }
        };
    }
}
