package org.atelier4j.examples;

import java.nio.file.Path;
import org.atelier4j.data.Datasets;
import org.atelier4j.diffusion.NoiseSchedule;
import org.atelier4j.diffusion.Prediction;
import org.atelier4j.diffusion.pipeline.Objective;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What {@code ./atelier train diffusion}, and {@code train} without a family's name, ask of a diffusion model. */
abstract class DiffusionCommand extends TrainCommand<DiffusionConfig> {
    @Option(
            names = "--model",
            paramLabel = "NAME",
            defaultValue = "small",
            description = "quick, small or large (${DEFAULT-VALUE})")
    private Preset model;

    @Option(names = "--schedule", paramLabel = "NAME", description = "noise schedule: cosine, linear or sigmoid")
    private NoiseSchedule.@Nullable Kind schedule;

    @Option(names = "--prediction", paramLabel = "NAME", description = "what the network says: v, epsilon or x0")
    private @Nullable Prediction prediction;

    @Override
    final Class<DiffusionConfig> settings() {
        return DiffusionConfig.class;
    }

    @Override
    final DiffusionConfig fresh(Datasets.Resolved found, long seedOfRun) {
        return changed(model.config(found, seedOfRun));
    }

    @Override
    final DiffusionConfig changed(DiffusionConfig given) {
        if (schedule == null && prediction == null) {
            return given;
        } else if (given.objective() instanceof Objective.Discrete d) {
            NoiseSchedule.Kind kind = schedule == null ? d.schedule() : schedule;
            Prediction said = prediction == null ? d.prediction() : prediction;
            return given.withObjective(
                    new Objective.Discrete(kind, d.steps(), d.zeroTerminalSnr(), said, d.minSnrGamma()));
        }
        throw new RunException("--schedule and --prediction are for a Discrete objective, got " + given.objective());
    }

    @Override
    final String whatNext(Path folder) {
        return "Draw with it: ./atelier sample --model " + folder;
    }
}
