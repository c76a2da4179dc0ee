package org.atelier4j.benchmarks;

import org.atelier4j.benchmarks.nd4j.Dl4jNetwork;
import org.atelier4j.tensor.Check;

/** DeepLearning4J: for the networks that its layers make up. */
final class Dl4jEngine implements Engine {

    @Override
    public boolean does(Task task) {
        return task instanceof Task.Step s && Dl4jNetwork.trains(s.network())
                || task instanceof Task.Forward f && Dl4jNetwork.predicts(f.network());
    }

    @Override
    public Work prepare(Task task) {
        Check.that(does(task), "dl4j: has no words for %s", task.name());
        if (task instanceof Task.Step s) {
            return Dl4jNetwork.step(s.network(), s.batch());
        }
        Task.Forward forward = (Task.Forward) task;
        return Dl4jNetwork.forward(forward.network(), forward.batch());
    }
}
