package org.atelier4j.benchmarks.gpu;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.atelier4j.benchmarks.network.UNetNetwork;
import org.atelier4j.diffusion.unet.UNetConfig;
import org.atelier4j.io.Json;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.device.Precision;
import org.atelier4j.tensor.device.PrecisionScope;
import org.atelier4j.tensor.device.cuda.CudaDevice;

/**
 * Checks and measures everything on an NVIDIA card and writes one JSON file; exits with 1 if a check fails.
 *
 * <pre>
 * java -cp 'lib/*' org.atelier4j.benchmarks.gpu.GpuSuite gpu.json          minutes on a card
 * java -cp 'lib/*' org.atelier4j.benchmarks.gpu.GpuSuite gpu.json quick    small sizes: does it run at all?
 * </pre>
 */
public final class GpuSuite {
    /** Two runs that differ by roundings only drift apart slowly; over the first steps their losses agree this well. */
    private static final double LOSS_TOLERANCE = 0.02;

    private static final UNetConfig TINY = new UNetConfig(
            new UNetConfig.Images(8, 8, 1, 1),
            new UNetConfig.Channels(8, List.of(1, 2), 1, 4),
            new UNetConfig.Attention(List.of(4), 1),
            new UNetConfig.Conditions(0, 0),
            0);

    private GpuSuite() {}

    /** Runs the suite. */
    public static void main(String[] arguments) {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        if (arguments.length == 0 || arguments.length > 2) {
            out.println("usage: GpuSuite FILE.json [quick]");
            System.exit(2);
        }
        boolean passed = run(Path.of(arguments[0]), arguments.length == 2, out);
        System.exit(passed ? 0 : 1);
    }

    /** Runs the suite and returns whether all checks passed. */
    static boolean run(Path file, boolean quick, PrintStream out) {
        CudaDevice card = (CudaDevice) Device.cuda(0);
        out.println(card.properties());
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("card", card.properties().name());
        all.put("capability", card.properties().capability() / 10.0);
        all.put("driver", card.properties().driver());
        all.put("compiler", card.properties().compiler());
        all.put("quick", quick);

        KernelChecks kernels = new KernelChecks(card, quick ? 8 : 1);
        List<KernelChecks.Result> checks = new ArrayList<>(kernels.run());
        checks.addAll(kernels.run(Precision.TF32));
        checks.addAll(kernels.run(Precision.BF16));
        checks.forEach(c -> out.printf(Locale.ROOT, "%-24s error %.2e %s%n", c.name(), c.error(), verdict(c.passed())));
        all.put("checks", checks);
        boolean passed = checks.stream().allMatch(KernelChecks.Result::passed);

        int steps = quick ? 3 : 200;
        TrainingCheck training =
                new TrainingCheck(quick ? TINY : UNetNetwork.small().config(), quick ? 2 : 32);
        TrainingCheck.Run there = training.train(card, steps);
        TrainingCheck.Run here = training.train(Device.cpu(), steps);
        double difference = difference(there.losses(), here.losses());
        boolean same = difference <= LOSS_TOLERANCE;
        out.printf(
                Locale.ROOT,
                "U-Net, %d steps: largest difference of losses %.2e %s; %.1f ms a step, host %.1f ms%n",
                steps,
                difference,
                verdict(same),
                1e3 * there.secondsPerStep(),
                1e3 * here.secondsPerStep());
        all.put("training", Map.of("card", there, "host", here, "difference", difference));
        passed &= same;

        boolean replays = training.replaysAreEager(card, quick ? 4 : 50);
        out.println("U-Net step as a graph: its reports are those of single kernels: " + verdict(replays));
        all.put("replays", replays);
        passed &= replays;
        for (Precision precision : List.of(Precision.TF32, Precision.BF16)) {
            try (PrecisionScope chosen = PrecisionScope.open(precision)) {
                TrainingCheck.Run run = training.train(card, steps);
                out.printf(
                        Locale.ROOT,
                        "U-Net, %s: last loss %.5f, in float32 %.5f; %.1f ms a step%n",
                        precision,
                        run.losses().get(steps - 1),
                        there.losses().get(steps - 1),
                        1e3 * run.secondsPerStep());
                all.put("training " + precision, run);
            }
        }

        UNetConfig network = quick ? TINY : UNetNetwork.benchmark().config();
        int runs = quick ? 1 : 20;
        List<KernelTimes.Time> times = new ArrayList<>(new KernelTimes(card, quick ? 16 : 1, runs).run());
        times.addAll(new NetworkTimes(card, network, quick ? 2 : 64, runs).run());
        times.forEach(t -> out.printf(
                Locale.ROOT,
                "%-52s %9.3f ms %9.1f GB/s %8.2f TFLOP/s%n",
                t.name(),
                t.millis(),
                t.gigabytesPerSecond(),
                t.teraflopsPerSecond()));
        all.put("times", times);
        all.put("passed", passed);
        Json.save(file, all);
        out.println(verdict(passed) + ", written to " + file);
        return passed;
    }

    private static String verdict(boolean passed) {
        return passed ? "ok" : "FAILED";
    }

    /** Returns the largest relative difference, over the first 20 steps: what follows is roundings grown large. */
    private static double difference(List<Double> a, List<Double> b) {
        double worst = 0;
        for (int i = 0; i < Math.min(20, a.size()); i++) {
            double d = Math.abs(a.get(i) - b.get(i)) / Math.abs(b.get(i));
            worst = Double.isNaN(d) ? Double.POSITIVE_INFINITY : Math.max(worst, d);
        }
        return worst;
    }
}
