package org.atelier4j.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What layers, optimizers and averages share when they take saved values. */
public final class NamedTensors {
    private NamedTensors() {}

    /**
     * Assigns each of {@code values} to the target of the same name.
     *
     * @param who named in the message
     * @throws IllegalArgumentException naming at once everything missing, unexpected or of another shape; nothing is
     *     assigned then
     */
    public static void assign(String who, Map<String, Tensor> targets, Map<String, Tensor> values) {
        List<String> missing =
                targets.keySet().stream().filter(k -> !values.containsKey(k)).toList();
        List<String> unexpected =
                values.keySet().stream().filter(k -> !targets.containsKey(k)).toList();
        List<String> problems = new ArrayList<>();
        if (!missing.isEmpty()) {
            problems.add(missing.size() + " missing: " + String.join(", ", missing));
        }
        if (!unexpected.isEmpty()) {
            problems.add(unexpected.size() + " unexpected: " + String.join(", ", unexpected));
        }
        targets.forEach((name, target) -> {
            Tensor value = values.get(name);
            if (value != null && !value.shape().equals(target.shape())) {
                problems.add("shape of " + name + ": file " + value.shape() + ", model " + target.shape());
            }
        });
        Check.that(problems.isEmpty(), "%s: %s", who, String.join("; ", problems));
        targets.forEach((name, target) -> {
            Tensor value = values.get(name);
            if (value != null) {
                target.assign(value);
            }
        });
    }
}
