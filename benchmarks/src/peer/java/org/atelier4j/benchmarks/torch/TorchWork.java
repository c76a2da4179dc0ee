package org.atelier4j.benchmarks.torch;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.atelier4j.benchmarks.Work;
import org.atelier4j.benchmarks.network.Weights;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AdamW;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/** libtorch's networks at work: training steps with its own AdamW, and inference. */
final class TorchWork {
    private TorchWork() {}

    /** Returns one training step. */
    static Work step(TorchModel model) {
        List<TorchModel.Objective> objectives = model.objectives();
        List<AdamW> optimizers = new ArrayList<>();
        for (TorchModel.Objective objective : objectives) {
            Tensor[] parameters = objective.parameters().values().toArray(Tensor[]::new);
            optimizers.add(new AdamW(new TensorVector(parameters), new AdamWOptions(Weights.LEARNING_RATE)));
        }
        return new Work() {
            @Override
            public void run() {
                try (PointerScope scope = new PointerScope()) {
                    for (int i = 0; i < objectives.size(); i++) {
                        optimizers.get(i).zero_grad(); // lets the gradients go, as in Python
                        objectives.get(i).loss().get().backward();
                        optimizers.get(i).step();
                    }
                    model.learn();
                }
            }

            @Override
            public Map<String, float[]> results() {
                Map<String, float[]> all = new LinkedHashMap<>();
                try (PointerScope scope = new PointerScope()) {
                    for (int i = 0; i < objectives.size(); i++) {
                        TorchModel.Objective objective = objectives.get(i);
                        optimizers.get(i).zero_grad();
                        Tensor loss = objective.loss().get();
                        loss.backward();
                        all.put(objective.name(), Torch.values(loss));
                        model.gradients(objective).forEach((path, g) -> all.put("gradient of " + path, g));
                        optimizers.get(i).zero_grad();
                    }
                    model.learn();
                    model.learned().forEach((path, p) -> all.put(path + " after the step", Torch.values(p)));
                }
                return all;
            }
        };
    }

    /** Returns the network's use, in evaluation and inference mode. */
    static Work forward(TorchModel model) {
        return inference(model, model::predict, model::predict);
    }

    /** Returns the drawing of codes one after the other. */
    static Work sample(TorchTransformer model) {
        return inference(model, model::sample, model::oneByOne);
    }

    private static Work inference(TorchModel model, Supplier<Tensor> run, Supplier<Tensor> result) {
        model.train(false);
        return new Work() {
            @Override
            public void run() {
                try (PointerScope scope = new PointerScope();
                        InferenceMode mode = new InferenceMode()) {
                    Tensor unread = run.get();
                }
            }

            @Override
            public Map<String, float[]> results() {
                try (PointerScope scope = new PointerScope();
                        InferenceMode mode = new InferenceMode()) {
                    Tensor y = result.get();
                    return Map.of("output", y.dim() == 4 ? Torch.imageValues(y) : Torch.values(y));
                }
            }
        };
    }
}
