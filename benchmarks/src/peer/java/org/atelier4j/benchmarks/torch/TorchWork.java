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
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** libtorch's networks at work: training steps with its own AdamW, and inference. */
final class TorchWork {
    private TorchWork() {}

    /**
     * Returns one training step.
     *
     * @param rounded whether losses are computed with autocast to bfloat16
     */
    static Work step(TorchModel model, boolean rounded) {
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
                        loss(objectives.get(i), rounded).backward();
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
                        Tensor loss = loss(objective, rounded);
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

    /** As Python's {@code with torch.autocast("cpu")}; without its cache, for each weight is used once in a step. */
    private static Tensor loss(TorchModel.Objective objective, boolean rounded) {
        torch.set_autocast_cache_enabled(false);
        torch.set_autocast_dtype(DeviceType.CPU, ScalarType.BFloat16);
        torch.set_autocast_enabled(DeviceType.CPU, rounded);
        try {
            return objective.loss().get();
        } finally {
            torch.set_autocast_enabled(DeviceType.CPU, false);
        }
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
