package org.atelier4j.train;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Named numbers of one step, as loss and gradient norm, in a fixed order. */
public record StepReport(Map<String, Double> scalars) {

    /** Keeps an unmodifiable copy. */
    public StepReport {
        scalars = Collections.unmodifiableMap(new LinkedHashMap<>(scalars));
    }

    /** Returns a report of one number. */
    public static StepReport of(String name, double value) {
        return new StepReport(Map.of(name, value));
    }

    /** Returns this report with one more number. */
    public StepReport with(String name, double value) {
        Map<String, Double> more = new LinkedHashMap<>(scalars);
        more.put(name, value);
        return new StepReport(more);
    }
}
