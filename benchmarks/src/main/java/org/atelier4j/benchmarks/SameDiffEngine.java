package org.atelier4j.benchmarks;

import org.atelier4j.benchmarks.nd4j.SameDiffNetwork;
import org.atelier4j.tensor.Check;

/** ND4J's graphs: for the networks that need no more than it has. */
final class SameDiffEngine implements Engine {

    @Override
    public boolean does(Task task) {
        return task instanceof Task.Step s && SameDiffNetwork.has(s.network())
                || task instanceof Task.Forward f && SameDiffNetwork.has(f.network());
    }

    @Override
    public Work prepare(Task task) {
        Check.that(does(task), "samediff: has no words for %s", task.name());
        if (task instanceof Task.Step s) {
            return SameDiffNetwork.step(s.network(), s.batch());
        }
        Task.Forward forward = (Task.Forward) task;
        return SameDiffNetwork.forward(forward.network(), forward.batch());
    }
}
