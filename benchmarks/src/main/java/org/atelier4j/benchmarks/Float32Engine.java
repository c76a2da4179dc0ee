package org.atelier4j.benchmarks;

import org.atelier4j.tensor.Check;

/** The library with exact products, for the tasks whose products it rounds otherwise. */
final class Float32Engine implements Engine {

    @Override
    public boolean does(Task task) {
        return task instanceof Task.RoundedStep && new AtelierEngine().does(task);
    }

    @Override
    public Work prepare(Task task) {
        Check.that(does(task), "float32: has no words for %s", task.name());
        Task.RoundedStep step = (Task.RoundedStep) task;
        return AtelierNetworks.step(step.network().model(step.batch()));
    }
}
