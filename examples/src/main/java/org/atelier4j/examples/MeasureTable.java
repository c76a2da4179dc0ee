package org.atelier4j.examples;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import org.atelier4j.metrics.Confusion;

/** Prints measures as a table. */
final class MeasureTable {
    private static final String ROW = "  %-16s %12s %12s %12s %16s   %s%n";

    private MeasureTable() {}

    static void print(List<Measure> measures, PrintWriter out) {
        out.printf(ROW, "", "measured", "± noise", "real images", "by chance", "better");
        for (Measure m : measures) {
            out.printf(
                    ROW,
                    m.name(),
                    number(OptionalDouble.of(m.mean())),
                    number(m.noise()),
                    number(m.real()),
                    m.chance().map(MeasureTable::number).orElse("–"),
                    m.goal());
        }
        out.flush();
    }

    private static String number(Confusion chance) {
        return String.format(Locale.ROOT, "%.3f ± %.3f", chance.accuracy(), chance.chanceDeviation());
    }

    /** Returns four significant digits, a dash where nothing was measured. */
    private static String number(OptionalDouble value) {
        if (value.isEmpty()) {
            return "–";
        }
        double v = value.getAsDouble();
        double size = Math.abs(v);
        int decimals = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : size >= 0.1 || size == 0 ? 3 : 5;
        return String.format(Locale.ROOT, "%." + decimals + "f", v);
    }
}
