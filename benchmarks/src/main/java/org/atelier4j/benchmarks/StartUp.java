package org.atelier4j.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.atelier4j.benchmarks.network.GanNetwork;
import org.atelier4j.tensor.Check;

/**
 * How long it takes from a cold Java machine to the first image: start, classes, native libraries, weights, and one image of
 * DCGAN's generator. Native libraries must have been unpacked before, which happens once on a machine.
 */
public final class StartUp {
    /** What the times are called among the results. */
    static final String NAME = "start-up";

    private static final GanNetwork NETWORK = GanNetwork.dcgan();

    private StartUp() {}

    /** Makes one image with the engine that is named, and says so. */
    public static void main(String[] args) {
        try (Work work = Engine.named(args[0]).prepare(new Task.Forward(NETWORK, 1))) {
            Map<String, float[]> image = work.results();
            System.out.println(image.values().stream().mapToInt(v -> v.length).sum());
        }
    }

    /** Returns the times of the library and, if it is in this build, libtorch, which take turns. */
    static List<Results.Timing> measure(int turns) {
        List<String> engines = new ArrayList<>(List.of(Engine.ATELIER, Engine.LIBTORCH));
        engines.retainAll(Engine.names());
        List<List<Double>> micros = new ArrayList<>();
        engines.forEach(e -> micros.add(new ArrayList<>()));
        for (int i = 0; i < (1 + turns) * engines.size(); i++) {
            int engine = TaskBenchmark.engineAt(i, engines.size());
            double time = once(engines.get(engine));
            if (i >= engines.size()) { // the first turn finds the files not yet in memory
                micros.get(engine).add(time);
            }
        }
        List<Results.Timing> timings = new ArrayList<>();
        for (int i = 0; i < engines.size(); i++) {
            timings.add(new Results.Timing(NAME, engines.get(i), micros.get(i)));
        }
        return timings;
    }

    private static double once(String engine) {
        long start = System.nanoTime();
        String values = Child.run(StartUp.class, NETWORK, List.of(), engine);
        double micros = (System.nanoTime() - start) / 1e3;
        Check.state(values.equals("3072"), "start-up of %s: must make an image of 3072 values, got %s", engine, values);
        return micros;
    }
}
