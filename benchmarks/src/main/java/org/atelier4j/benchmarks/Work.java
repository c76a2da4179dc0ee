package org.atelier4j.benchmarks;

import java.util.Map;

/** A task that an engine has prepared: inputs in place, primitives compiled, ready to run again and again. */
public interface Work extends AutoCloseable {

    /** Does the task once, results included. */
    void run();

    /**
     * Returns what the task computes from its first inputs, by name, in the task's layouts: what other engines must also
     * get. To be called before the first run, which may change the inputs as an optimizer does.
     */
    Map<String, float[]> results();

    /** Lets the memory go. */
    @Override
    default void close() {}
}
