package org.atelier4j.examples;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.atelier4j.io.RunLock;

/**
 * The folder of one run, ours alone while open: {@code config.json}, {@code stats.jsonl}, {@code samples-*.png},
 * {@code checkpoint-*}, {@code events} for TensorBoard, and in the end {@code model.safetensors} and {@code loss.png}.
 */
final class RunFolder implements AutoCloseable {
    private final Path path;
    private final RunLock lock;

    RunFolder(Path path) {
        this.path = path;
        lock = RunLock.take(path);
    }

    Path path() {
        return path;
    }

    Path file(String name) {
        return path.resolve(name);
    }

    /** Returns whether a run began here. */
    boolean isUsed() {
        return Files.exists(file("config.json"));
    }

    /** Returns the configuration of the run that began here. */
    RunConfig config() {
        if (!isUsed()) {
            throw new RunException("there is no run to go on with in " + path + ": it has no config.json");
        }
        return RunConfig.load(file("config.json"));
    }

    /**
     * Writes the configuration, or checks it against that of the run that began here. The length alone may differ: a run
     * can be made longer.
     */
    void claim(RunConfig config) {
        if (isUsed()) {
            List<String> differences = RunConfig.differences(config(), config);
            if (!differences.isEmpty()) {
                throw new RunException("there is a run with other settings in " + path + " ("
                        + String.join(", ", differences) + "); give it the same ones, or another folder with --out");
            }
        }
        config.save(file("config.json"));
    }

    @Override
    public void close() {
        lock.close();
    }
}
