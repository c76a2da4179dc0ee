package org.atelier4j.benchmarks;

import java.util.Map;
import java.util.function.Supplier;
import org.atelier4j.benchmarks.nd4j.PlainNetwork;
import org.atelier4j.benchmarks.nd4j.SameDiffNetwork;
import org.atelier4j.benchmarks.network.Numbers;
import org.atelier4j.tensor.Check;
import org.nd4j.enums.WeightsFormat;
import org.nd4j.linalg.activations.impl.ActivationSwish;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.impl.layers.convolution.Conv2D;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv2DConfig;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.PaddingMode;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.AdamUpdater;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.ops.transforms.Transforms;

/** ND4J as its documentation shows it: one operation after the other, each making its result. */
final class Nd4jEngine implements Engine {

    /** It differentiates no single operations, but for the convolution, and networks only as {@link SameDiffEngine}. */
    @Override
    public boolean does(Task task) {
        boolean backward = task instanceof Task.GroupNorm t && t.backward();
        return !backward && task instanceof Task.Kernel && !(task instanceof Task.NearestCode)
                || task instanceof Task.Forward f && SameDiffNetwork.has(f.network());
    }

    @Override
    public Work prepare(Task task) {
        Check.that(does(task), "nd4j: has no words for %s", task.name());
        if (task instanceof Task.MatMul t) {
            return matmul(t);
        } else if (task instanceof Task.Softmax t) {
            INDArray x = array(1, t.batch(), t.rows(), t.length());
            return work(() -> Nd4j.nn().softmax(x, 2));
        } else if (task instanceof Task.Silu t) {
            INDArray x = array(1, t.size());
            return work(() -> new ActivationSwish().getActivation(x.dup(), false));
        } else if (task instanceof Task.GroupNorm t) {
            return groupNorm(t);
        } else if (task instanceof Task.Conv t) {
            return conv(t);
        } else if (task instanceof Task.BiasAdd t) {
            INDArray x = array(1, t.image());
            INDArray bias = array(2, t.image().channels());
            return work(() -> x.add(bias.reshape(1, 1, 1, bias.length())));
        } else if (task instanceof Task.Adam t) {
            return adam(t);
        } else if (task instanceof Task.Forward t) {
            return PlainNetwork.forward(t.network(), t.batch());
        }
        throw new AssertionError(task); // all that it does stands above
    }

    private static Work matmul(Task.MatMul t) {
        if (t.batch() == 1) {
            INDArray a = array(1, t.m(), t.k());
            INDArray b = array(2, t.k(), t.n());
            return work(() -> a.mmul(b));
        }
        INDArray a = array(1, t.batch(), t.m(), t.k());
        INDArray b = array(2, t.batch(), t.k(), t.n());
        return work(() -> Nd4j.matmul(a, b));
    }

    private static Work groupNorm(Task.GroupNorm t) {
        Task.Image image = t.image();
        int positions = image.height() * image.width();
        int size = image.channels() / t.groups();
        INDArray x = array(1, image).reshape(image.batch(), positions, t.groups(), size);
        INDArray gamma = array(2, image.channels()).reshape(1, 1, t.groups(), size);
        INDArray beta = array(3, image.channels()).reshape(1, 1, t.groups(), size);
        return work(() -> {
            INDArray centered = x.sub(x.mean(true, 1, 3));
            INDArray deviation =
                    Transforms.sqrt(centered.mul(centered).mean(true, 1, 3).addi(1e-5));
            INDArray y = centered.div(deviation).mul(gamma).add(beta);
            return t.silu() ? new ActivationSwish().getActivation(y, false) : y;
        });
    }

    private static Work conv(Task.Conv t) {
        Task.Image image = t.image();
        Task.Image result = new Task.Image(image.batch(), image.height(), image.width(), t.out());
        INDArray x = array(1, image);
        INDArray w =
                array(2, t.out(), image.channels(), 3, 3).permute(2, 3, 1, 0).dup('c'); // its own order, (kH, kW, C, O)
        INDArray bias = array(3, t.out());
        INDArray dy = array(4, result);
        Conv2DConfig config = Conv2DConfig.builder()
                .kH(3)
                .kW(3)
                .sH(1)
                .sW(1)
                .paddingMode(PaddingMode.SAME)
                .dataFormat(Conv2DConfig.NHWC)
                .weightsFormat(WeightsFormat.YXIO)
                .build();
        if (t.pass() == Task.Pass.FORWARD) {
            return work(() -> Nd4j.exec(new Conv2D(new INDArray[] {x, w, bias}, null, config))[0]);
        }
        return new Work() { // the op computes all three gradients
            @Override
            public void run() {
                for (INDArray gradient : gradients()) {
                    gradient.close();
                }
            }

            @Override
            public Map<String, float[]> results() {
                INDArray[] all = gradients();
                return t.pass() == Task.Pass.BACKWARD_INPUT
                        ? Map.of("gradient 0", values(all[0]))
                        : Map.of("gradient 0", values(all[1].permute(3, 2, 0, 1)), "gradient 1", values(all[2]));
            }

            private INDArray[] gradients() {
                INDArray[] outputs = {x.ulike(), w.ulike(), bias.ulike()};
                int[] settings = {3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 0
                }; // kernel, stride, padding, dilation, SAME, NHWC, YXIO
                return Nd4j.exec(DynamicCustomOp.builder("conv2d_bp")
                        .addInputs(x, w, bias, dy)
                        .addOutputs(outputs)
                        .addIntegerArguments(settings)
                        .build());
            }
        };
    }

    private static Work adam(Task.Adam t) {
        INDArray p = array(1, 1, t.size());
        INDArray g = array(2, 1, t.size());
        AdamUpdater adam = new AdamUpdater(new Adam(1e-3));
        adam.setStateViewArray(Nd4j.create(DataType.FLOAT, 1, 2L * t.size()), new long[] {1, t.size()}, 'c', true);
        return new Work() {
            private int step;

            @Override
            public void run() {
                INDArray change = g.dup();
                adam.applyUpdater(change, step++, 0);
                p.subi(change);
                change.close();
            }

            @Override
            public Map<String, float[]> results() {
                run();
                return Map.of("p", values(p));
            }
        };
    }

    private static INDArray array(long seed, Task.Image image) {
        return array(seed, image.shape());
    }

    private static INDArray array(long seed, int... shape) {
        long[] dims = new long[shape.length];
        int size = 1;
        for (int i = 0; i < shape.length; i++) {
            dims[i] = shape[i];
            size *= shape[i];
        }
        return Nd4j.create(Numbers.of(seed, size), dims, 'c');
    }

    private static float[] values(INDArray x) {
        return x.dup('c').data().asFloat();
    }

    private static Work work(Supplier<INDArray> function) {
        return new Work() {
            @Override
            public void run() {
                function.get().close();
            }

            @Override
            public Map<String, float[]> results() {
                return Map.of("y", values(function.get()));
            }
        };
    }
}
