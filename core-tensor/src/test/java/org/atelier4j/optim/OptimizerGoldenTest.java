package org.atelier4j.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.atelier4j.tensor.GoldenFile;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.autograd.Gradients;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Six steps of each optimizer give PyTorch's parameters and state ({@code golden/optimizers.py}). */
class OptimizerGoldenTest {
    private static final GoldenFile GOLDEN = GoldenFile.load("golden/optimizers.safetensors");
    private static final int STEPS = 6;

    private static final Map<String, Function<Map<String, Tensor>, Optimizer>> MAKERS = makers();

    private static Map<String, Function<Map<String, Tensor>, Optimizer>> makers() {
        LearningRate tenth = LearningRate.constant(0.1);
        LearningRate fiftieth = LearningRate.constant(0.02);
        Map<String, Function<Map<String, Tensor>, Optimizer>> all = new LinkedHashMap<>();
        all.put("sgd", p -> new Sgd(p, Sgd.Config.plain(0.1)));
        all.put("sgd_decay", p -> new Sgd(p, new Sgd.Config(tenth, 0, 0.05, false)));
        all.put("sgd_momentum", p -> new Sgd(p, new Sgd.Config(tenth, 0.9, 0.05, false)));
        all.put("sgd_nesterov", p -> new Sgd(p, new Sgd.Config(tenth, 0.9, 0.05, true)));
        all.put("adam", p -> new Adam(p, Adam.Config.of(0.02)));
        all.put("adam_gan", p -> new Adam(p, Adam.Config.gan()));
        all.put("adamw", p -> new AdamW(p, AdamW.Config.of(0.02)));
        all.put("adamw_gpt", p -> new AdamW(p, AdamW.Config.gpt(0.02)));
        all.put("adamw_clipped", p -> new AdamW(p, AdamW.Config.of(0.02)));
        all.put("sgd_clipped", p -> new Sgd(p, Sgd.Config.plain(0.1)));
        all.put("rmsprop", p -> new RmsProp(p, RmsProp.Config.of(0.02)));
        all.put("rmsprop_momentum", p -> new RmsProp(p, new RmsProp.Config(fiftieth, 0.9, 1e-8, 0.8, 0.05)));
        all.put("lion", p -> new Lion(p, Lion.Config.of(0.02)));
        all.put("lion_decay", p -> new Lion(p, Lion.Config.of(0.02).withWeightDecay(0.3)));
        return all;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "sgd",
                "sgd_decay",
                "sgd_momentum",
                "sgd_nesterov",
                "adam",
                "adam_gan",
                "adamw",
                "adamw_gpt",
                "adamw_clipped",
                "sgd_clipped",
                "rmsprop",
                "rmsprop_momentum",
                "lion",
                "lion_decay"
            })
    void sixStepsEqualPyTorchs(String name) {
        Map<String, Tensor> parameters = new LinkedHashMap<>();
        for (String k : List.of("a", "b")) {
            Tensor p = Tensor.zerosLike(GOLDEN.tensor("p." + k)).requireGradient();
            p.assign(GOLDEN.tensor("p." + k));
            parameters.put(k, p);
        }
        Optimizer optimizer = MAKERS.get(name).apply(parameters);
        for (int i = 0; i < STEPS; i++) {
            Gradients g = gradients(parameters, i);
            if (name.endsWith("clipped")) {
                double norm = optimizer.step(g, new GradientClip(5)).item();
                assertThat(norm)
                        .isCloseTo(GOLDEN.tensor(name + "." + i + ".norm").item(), within(1e-5 * norm));
            } else {
                optimizer.step(g);
            }
            for (Map.Entry<String, Tensor> p : parameters.entrySet()) {
                TensorAssert.assertThat(p.getValue().detach())
                        .as("%s after step %d", p.getKey(), i)
                        .isCloseTo(GOLDEN.tensor(name + "." + i + "." + p.getKey()), 1e-5, 2e-6);
            }
        }
        assertThat(optimizer.steps()).isEqualTo(STEPS);
        checkState(name, optimizer.state());
    }

    private static void checkState(String name, Map<String, Tensor> state) {
        List<String> slots = new ArrayList<>();
        for (String key : GOLDEN.names()) {
            if (key.startsWith(name + ".state.")) {
                String path = key.substring(name.length() + ".state.".length());
                slots.add(path);
                TensorAssert.assertThat(state.get(path)).as(path).isCloseTo(GOLDEN.tensor(key), 1e-5, 1e-6);
            }
        }
        slots.add("step");
        assertThat(state.keySet()).containsExactlyInAnyOrderElementsOf(slots);
        assertThat(state.get("step").item()).isEqualTo(STEPS);
    }

    private static Gradients gradients(Map<String, Tensor> parameters, int step) {
        Map<Tensor, Tensor> all = new LinkedHashMap<>();
        parameters.forEach((k, p) -> all.put(p, GOLDEN.tensor("g" + step + "." + k)));
        return Gradients.given(all);
    }
}
