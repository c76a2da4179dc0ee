package org.atelier4j.examples.dl4j;

import org.atelier4j.data.Dataset;
import org.atelier4j.metrics.Confusion;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * An independent judge of generated images: a LeNet (LeCun et al. 1998, "Gradient-based learning applied to document
 * recognition") of DeepLearning4J learns from them and is tested on real ones. It shares neither layers nor gradients nor
 * optimizer with the library that made the images, so an error of the library cannot hide itself here; compare with {@link
 * org.atelier4j.metrics.TrainOnSynthetic}, the library's own.
 *
 * @param epochs how often each image is seen
 * @param batch images in a step
 */
public record LeNetJudge(int epochs, int batch) {
    private static final double RATE = 1e-3;

    /** Checks the numbers. */
    public LeNetJudge {
        Check.that(
                epochs >= 1 && batch >= 1, "LeNetJudge: epochs and batch must be >= 1, got %d and %d", epochs, batch);
    }

    /** Returns what judges 10,000 small gray images within two minutes of one core. */
    public static LeNetJudge usual() {
        return new LeNetJudge(3, 64);
    }

    /** Returns the part of the real images, in [0, 1], that a network gets right which saw only the generated ones. */
    public double accuracy(Dataset generated, Dataset real, long seed) {
        return confusion(generated, real, seed).accuracy();
    }

    /** Returns for which classes a network that saw only the generated images takes the real ones. */
    public Confusion confusion(Dataset generated, Dataset real, long seed) {
        MultiLayerNetwork net = new MultiLayerNetwork(config(generated, seed));
        net.init();
        net.fit(new DatasetIterator(generated, batch, Rng.of(seed)), epochs);
        DatasetIterator tests = new DatasetIterator(real, batch, Rng.of(seed));
        int[] labels = new int[real.size()];
        int[] seen = new int[real.size()];
        int done = 0;
        while (tests.hasNext()) {
            DataSet examples = tests.next();
            int[] largest = net.output(examples.getFeatures()).argMax(1).toIntVector();
            System.arraycopy(largest, 0, seen, done, largest.length);
            System.arraycopy(examples.getLabels().argMax(1).toIntVector(), 0, labels, done, largest.length);
            done += largest.length;
        }
        return Confusion.of(real.classNames().size(), labels, seen);
    }

    private static MultiLayerConfiguration config(Dataset data, long seed) {
        int height = data.imageShape().dim(0);
        int width = data.imageShape().dim(1);
        int channels = data.imageShape().dim(2);
        return new NeuralNetConfiguration.Builder()
                .seed(seed)
                .weightInit(WeightInit.RELU)
                .updater(new Adam(RATE))
                .list()
                .layer(conv(channels, 16))
                .layer(pool())
                .layer(conv(16, 32))
                .layer(pool())
                .layer(new DenseLayer.Builder()
                        .nOut(128)
                        .activation(Activation.RELU)
                        .build())
                .layer(new OutputLayer.Builder(LossFunction.MCXENT)
                        .nOut(data.classNames().size())
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.convolutional(height, width, channels))
                .build();
    }

    private static ConvolutionLayer conv(int in, int out) {
        return new ConvolutionLayer.Builder(5, 5)
                .nIn(in)
                .nOut(out)
                .activation(Activation.RELU)
                .build();
    }

    private static SubsamplingLayer pool() {
        return new SubsamplingLayer.Builder(SubsamplingLayer.PoolingType.MAX)
                .kernelSize(2, 2)
                .stride(2, 2)
                .build();
    }
}
