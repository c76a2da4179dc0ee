package org.atelier4j.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.atelier4j.benchmarks.network.Network;
import org.atelier4j.benchmarks.network.Weights;
import org.atelier4j.tensor.Check;

/** Java programs in a process of their own, started as this one was. */
final class Child {
    private Child() {}

    /**
     * Runs a program and returns the last line that it prints.
     *
     * @param main class of the program
     * @param network whose shapes it finds in a file, so that an engine needs nothing of the library
     * @param options for the Java machine, behind those of this process
     */
    static String run(Class<?> main, Network network, List<String> options, String... arguments) {
        try {
            Path shapes = Files.createTempFile("shapes", ".json");
            try {
                Weights.of(network).save(shapes);
                return run(main, shapes, options, arguments);
            } finally {
                Files.delete(shapes);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private static String run(Class<?> main, Path shapes, List<String> options, String... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(options);
        command.add("-D" + Weights.SHAPES + "=" + shapes);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        int status = process.waitFor();
        Check.state(
                status == 0,
                "%s %s: the process must end with 0, got %d",
                main.getSimpleName(),
                List.of(arguments),
                status);
        return output.substring(output.lastIndexOf('\n') + 1);
    }
}
