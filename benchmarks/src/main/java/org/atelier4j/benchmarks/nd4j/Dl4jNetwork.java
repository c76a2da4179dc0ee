package org.atelier4j.benchmarks.nd4j;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.atelier4j.benchmarks.OpenBlas;
import org.atelier4j.benchmarks.Work;
import org.atelier4j.benchmarks.network.AutoencoderNetwork;
import org.atelier4j.benchmarks.network.GanNetwork;
import org.atelier4j.benchmarks.network.NerfNetwork;
import org.atelier4j.benchmarks.network.Network;
import org.atelier4j.benchmarks.network.Weights;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.samediff.SameDiffLambdaVertex;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * A network as a graph of DeepLearning4J's layers, with its backward passes, its Adam and its weight decay.
 *
 * <p>Layers bear the paths of the library's, and DL4J calls their parameters {@code PATH_W} and {@code PATH_b}. It keeps
 * weights of convolutions as PyTorch does, those of dense layers transposed.
 */
public final class Dl4jNetwork {
    private static final double WEIGHT_DECAY = 0.01; // PyTorch's default for AdamW
    private static final String LOSS = "loss";
    private static final Map<String, String> SUFFIXES =
            Map.of("weight", "W", "bias", "b", "running_mean", "mean", "running_var", "var");

    private final Weights weights;
    private final ComputationGraph graph;
    private final INDArray[] inputs;
    private final INDArray[] target;
    private final String part;

    private Dl4jNetwork(Weights weights, GraphBuilder layers, String part, INDArray target, INDArray... inputs) {
        this.weights = weights;
        this.inputs = inputs;
        this.target = new INDArray[] {target};
        this.part = part;
        graph = new ComputationGraph(layers.build());
        graph.init();
        shared().forEach((path, own) -> graph.setParam(own, value(path)));
    }

    /** Returns whether DL4J has layers for a training step of a network. */
    public static boolean trains(Network network) {
        return network instanceof NerfNetwork || network instanceof AutoencoderNetwork;
    }

    /** Returns whether DL4J has layers for the use of a network. */
    public static boolean predicts(Network network) {
        return trains(network) || network instanceof GanNetwork;
    }

    /** Returns one training step of a network that DL4J {@link #trains}. */
    public static Work step(Network network, int batch) {
        return of(network, batch).step();
    }

    /** Returns one prediction of a network that DL4J {@link #predicts}. */
    public static Work forward(Network network, int batch) {
        return of(network, batch).forward();
    }

    // --- the networks -----------------------------------------------------------------------------------------------

    private static Dl4jNetwork of(Network network, int batch) {
        if (network instanceof NerfNetwork nerf) {
            return nerf(nerf, batch);
        } else if (network instanceof GanNetwork gan) {
            return generator(gan, batch);
        }
        return autoencoder((AutoencoderNetwork) network, batch);
    }

    private static Dl4jNetwork autoencoder(AutoencoderNetwork sizes, int batch) {
        int size = sizes.size();
        INDArray images = Layout.images(sizes.images(batch), size, size, 1);
        GraphBuilder g = builder().addInputs("x");
        g.addLayer("0", conv(sizes.base()), "x"); // (B, C, H/2, W/2)
        g.addLayer("2", conv(2 * sizes.base()), "0"); // (B, 2C, H/4, W/4)
        g.addLayer("4", transposed(sizes.base(), 2, 1, Activation.RELU, true), "2"); // (B, C, H/2, W/2)
        g.addLayer("6", transposed(1, 2, 1, Activation.IDENTITY, true), "4"); // (B, 1, H, W)
        g.addLayer(LOSS, meanSquare(), "6"); // (B, H·W)
        g.setInputTypes(InputType.convolutional(size, size, 1));
        INDArray flat = images.reshape(batch, (long) size * size);
        return new Dl4jNetwork(Weights.of(sizes), g.setOutputs(LOSS), "", flat, images);
    }

    private static Dl4jNetwork nerf(NerfNetwork sizes, int points) {
        INDArray x = Nd4j.create(sizes.positions(points), new long[] {points, 3}, 'c');
        INDArray d = Nd4j.create(sizes.directions(points), new long[] {points, 3}, 'c');
        INDArray y = Nd4j.create(sizes.targets(points), new long[] {points, 4}, 'c');
        GraphBuilder g = builder().addInputs("x", "d");
        g.addVertex("gx", new Encoding(sizes.positionFrequencies()), "x"); // (N, 6L)
        g.addVertex("gd", new Encoding(sizes.directionFrequencies()), "d"); // (N, 6L')
        String h = "gx";
        for (int i = 0; i < sizes.depth(); i++) {
            if (i == sizes.skip()) {
                g.addVertex("skip", new MergeVertex(), h, "gx");
                h = "skip";
            }
            g.addLayer("trunk." + i, dense(sizes.width(), Activation.RELU), h); // (N, W)
            h = "trunk." + i;
        }
        g.addLayer("density", dense(1, Activation.RELU), h); // (N, 1)
        g.addLayer("feature", dense(sizes.width(), Activation.IDENTITY), h); // (N, W)
        g.addVertex("view", new MergeVertex(), "feature", "gd"); // (N, W + 6L')
        g.addLayer("branch", dense(sizes.width() / 2, Activation.RELU), "view"); // (N, W/2)
        g.addLayer("color", dense(3, Activation.SIGMOID), "branch"); // (N, 3)
        g.addVertex("y", new MergeVertex(), "color", "density"); // (N, 4)
        g.addLayer(LOSS, meanSquare(), "y");
        g.setInputTypes(InputType.feedForward(3), InputType.feedForward(3));
        return new Dl4jNetwork(Weights.of(sizes), g.setOutputs(LOSS), "", y, x, d);
    }

    /** The generator alone, in evaluation mode. */
    private static Dl4jNetwork generator(GanNetwork sizes, int batch) {
        INDArray z = Nd4j.create(sizes.noises(batch), new long[] {batch, sizes.noise(), 1, 1}, 'c');
        GraphBuilder g = builder().addInputs("z");
        String h = "z";
        for (int i = 0; i < 3; i++) {
            int stride = i == 0 ? 1 : 2;
            int channels = sizes.base() * (4 >> i);
            String up = String.valueOf(3 * i);
            String norm = String.valueOf(3 * i + 1);
            g.addLayer(up, transposed(channels, stride, stride - 1, Activation.IDENTITY, false), h);
            g.addLayer(norm, norm(), up); // (B, 4C, 4, 4), (B, 2C, 8, 8), (B, C, 16, 16)
            h = String.valueOf(3 * i + 2);
            g.addLayer(h, new ActivationLayer(Activation.RELU), norm);
        }
        g.addLayer("9", transposed(3, 2, 1, Activation.TANH, false), h); // (B, 3, 32, 32)
        g.setInputTypes(InputType.convolutional(1, 1, sizes.noise()));
        return new Dl4jNetwork(Weights.of(sizes), g.setOutputs("9"), "generator.", Nd4j.scalar(0f), z);
    }

    /** A builder whose layers are trained by AdamW, biases included. */
    private static GraphBuilder builder() {
        return new NeuralNetConfiguration.Builder()
                .updater(new Adam(Weights.LEARNING_RATE))
                .weightDecay(WEIGHT_DECAY, true)
                .weightDecayBias(WEIGHT_DECAY, true)
                .graphBuilder();
    }

    private static DenseLayer dense(int out, Activation activation) {
        return new DenseLayer.Builder().nOut(out).activation(activation).build();
    }

    private static ConvolutionLayer conv(int out) {
        return new ConvolutionLayer.Builder(new int[] {3, 3}, new int[] {2, 2}, new int[] {1, 1})
                .nOut(out)
                .activation(Activation.RELU)
                .build();
    }

    private static Deconvolution2D transposed(int out, int stride, int padding, Activation activation, boolean bias) {
        int[] strides = {stride, stride};
        return new Deconvolution2D.Builder(new int[] {4, 4}, strides, new int[] {padding, padding})
                .nOut(out)
                .activation(activation)
                .hasBias(bias)
                .build();
    }

    private static BatchNormalization norm() {
        return new BatchNormalization.Builder().eps(1e-5).useLogStd(false).build();
    }

    private static LossLayer meanSquare() {
        return new LossLayer.Builder(LossFunction.MSE)
                .activation(Activation.IDENTITY)
                .build();
    }

    /** sin and cos of coordinates times 2^k·π, which DL4J's layers lack. */
    private static final class Encoding extends SameDiffLambdaVertex {
        private static final long serialVersionUID = 1L;

        private final int frequencies;

        Encoding(int frequencies) {
            this.frequencies = frequencies;
        }

        @Override
        public SDVariable defineVertex(SameDiff graph, VertexInputs inputs) {
            INDArray rates = Nd4j.create(NerfNetwork.rates(frequencies), new long[] {1, 1, frequencies}, 'c');
            SDVariable column = graph.reshape(inputs.getInput(0), -1, 3, 1);
            SDVariable angles = graph.reshape(column.mul(graph.constant(rates)), -1, 3L * frequencies); // (N, 3L)
            return graph.concat(1, graph.math().sin(angles), graph.math().cos(angles)); // (N, 6L)
        }

        @Override
        public InputType getOutputType(int index, InputType... inputs) {
            return InputType.feedForward(6L * frequencies);
        }
    }

    // --- weights ----------------------------------------------------------------------------------------------------

    /** Returns DL4J's names of all parameters and buffers by the library's. */
    private Map<String, String> shared() {
        Map<String, String> names = new LinkedHashMap<>();
        weights.parameters().keySet().forEach(path -> addName(path, names));
        weights.buffers().keySet().forEach(path -> addName(path, names));
        return names;
    }

    private void addName(String path, Map<String, String> names) {
        if (path.startsWith(part)) {
            int dot = path.lastIndexOf('.');
            String layer = path.substring(part.length(), dot);
            String last = path.substring(dot + 1);
            boolean norm = weights.buffers().containsKey(path.substring(0, dot) + ".running_mean");
            String suffix = Objects.requireNonNull(SUFFIXES.get(last), path);
            names.put(
                    path,
                    layer + "_"
                            + (norm && last.equals("weight")
                                    ? "gamma"
                                    : norm && last.equals("bias") ? "beta" : suffix));
        }
    }

    private INDArray value(String path) {
        long[] shape = weights.shape(path).stream().mapToLong(n -> n).toArray();
        INDArray plain = Nd4j.create(weights.value(path), shape, 'c');
        return switch (shape.length) {
            case 1 -> plain.reshape(1, shape[0]);
            case 2 -> plain.transpose();
            default -> plain;
        };
    }

    // --- at work ----------------------------------------------------------------------------------------------------

    private Work step() {
        return new Work() {
            @Override
            public void run() {
                OpenBlas.setThreads(OpenBlas.available());
                graph.fit(inputs, target);
            }

            /** DL4J's gradients are sums over the batch until its optimizer divides them; its score holds the weight decay. */
            @Override
            public Map<String, float[]> results() {
                graph.setInputs(inputs);
                graph.setLabels(target);
                graph.computeGradientAndScore();
                Map<String, float[]> all = new LinkedHashMap<>();
                all.put(LOSS, new float[] {(float) (graph.score() - graph.calcRegularizationScore(true))});
                Gradient gradient = graph.gradient();
                shared().forEach((path, own) -> {
                    INDArray g = gradient.getGradientFor(own).div(inputs[0].size(0));
                    all.put("gradient of " + path, Layout.values(g.rank() == 2 ? g.transpose() : g));
                });
                return all;
            }
        };
    }

    private Work forward() {
        return new Work() {
            @Override
            public void run() {
                OpenBlas.setThreads(OpenBlas.available());
                graph.output(inputs)[0].close();
            }

            @Override
            public Map<String, float[]> results() {
                return Map.of("output", Layout.output(graph.output(inputs)[0]));
            }
        };
    }
}
