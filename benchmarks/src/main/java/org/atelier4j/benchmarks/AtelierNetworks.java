package org.atelier4j.benchmarks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.atelier4j.benchmarks.network.Model;
import org.atelier4j.benchmarks.network.TransformerNetwork;
import org.atelier4j.benchmarks.network.Weights;
import org.atelier4j.nn.Layer;
import org.atelier4j.optim.AdamW;
import org.atelier4j.optim.Optimizer;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.Gradients;
import org.atelier4j.tensor.autograd.NoGrad;

/** The library's networks at work. */
final class AtelierNetworks {
    private AtelierNetworks() {}

    /** Returns one training step: for each objective forward, backward and AdamW, and then what no gradient teaches. */
    static Work step(Model model) {
        List<Model.Objective> objectives = model.objectives();
        List<Optimizer> optimizers = new ArrayList<>();
        for (Model.Objective objective : objectives) {
            optimizers.add(new AdamW(objective.parameters(), AdamW.Config.of(Weights.LEARNING_RATE)));
        }
        return new Work() {
            @Override
            public void run() {
                try (TensorScope scope = TensorScope.open()) {
                    for (int i = 0; i < objectives.size(); i++) {
                        Model.Objective objective = objectives.get(i);
                        Tensor loss = objective.loss().get();
                        optimizers.get(i).step(gradients(loss, objective));
                    }
                    model.learn();
                }
            }

            /** Returns losses, gradients and what is learned without them, before any parameter is changed. */
            @Override
            public Map<String, float[]> results() {
                try (TensorScope scope = TensorScope.open()) {
                    Map<String, float[]> all = new LinkedHashMap<>();
                    for (Model.Objective objective : objectives) {
                        Tensor loss = objective.loss().get();
                        Gradients gradients = gradients(loss, objective);
                        all.put(objective.name(), loss.toFloats());
                        objective
                                .parameters()
                                .forEach((path, p) -> all.put(
                                        "gradient of " + path, gradients.get(p).toFloats()));
                    }
                    model.learn();
                    model.learned().forEach((path, p) -> all.put(path + " after the step", p.toFloats()));
                    return all;
                }
            }
        };
    }

    private static Gradients gradients(Tensor loss, Model.Objective objective) {
        return Gradients.of(loss, List.copyOf(objective.parameters().values()), false);
    }

    /** Returns the network's use, in evaluation mode and with nothing recorded. */
    static Work forward(Model model) {
        return inference(model, model::predict, model::predict);
    }

    /** Returns the drawing of codes one after the other. */
    static Work sample(TransformerNetwork.Sampled model) {
        return inference(model, () -> model.sample().codes(), model::oneByOne);
    }

    private static Work inference(Model model, Supplier<Tensor> run, Supplier<Tensor> result) {
        Layer.Mode evaluation = model.layer().evaluating();
        return new Work() {
            @Override
            public void run() {
                try (TensorScope scope = TensorScope.open();
                        NoGrad off = NoGrad.open()) {
                    Tensor unread = run.get();
                }
            }

            @Override
            public Map<String, float[]> results() {
                try (TensorScope scope = TensorScope.open();
                        NoGrad off = NoGrad.open()) {
                    return Map.of("output", result.get().toFloats());
                }
            }

            @Override
            public void close() {
                evaluation.close();
            }
        };
    }
}
