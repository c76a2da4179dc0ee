package org.atelier4j.tensor.kernel.cuda;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.atelier4j.tensor.device.cuda.Nvrtc;

/**
 * What each kernel takes of a multiprocessor, told by the compiler, without a card: registers bound how many threads live
 * there at once, and spilled registers cost memory traffic.
 *
 * @param file where it is written
 * @param kernel its name
 * @param registers of a thread
 * @param sharedBytes of a block
 * @param stackBytes of a thread, for arrays with computed indices
 * @param spillBytes stored and loaded of a thread
 */
public record KernelReport(String file, String kernel, int registers, int sharedBytes, int stackBytes, int spillBytes) {
    private static final Pattern ENTRY = Pattern.compile("Compiling entry function '(\\w+)'");
    private static final Pattern STACK =
            Pattern.compile("(\\d+) bytes stack frame, (\\d+) bytes spill stores, (\\d+) bytes spill loads");
    private static final Pattern USED = Pattern.compile("Used (\\d+) registers");
    private static final Pattern SHARED = Pattern.compile("(\\d+) bytes smem");

    /** Returns the report of all kernels for FLOAT32 (and those for every type), by file and name. */
    public static List<KernelReport> of(Nvrtc nvrtc, int architecture) {
        List<KernelReport> reports = new ArrayList<>();
        for (Code code : Code.values()) {
            if (architecture < code.oldestCapability()) {
                continue;
            }
            List<String> options = new ArrayList<>(code.variants().get(0));
            options.addAll(List.of("-arch=sm_" + architecture, "-std=c++17", "--ptxas-options=--verbose"));
            String log = nvrtc.compile(code.fileName(), code.source(), options).log();
            reports.addAll(parse(code.title(), log));
        }
        reports.sort(Comparator.comparing(KernelReport::file).thenComparing(KernelReport::kernel));
        return reports;
    }

    static List<KernelReport> parse(String file, String log) {
        List<KernelReport> reports = new ArrayList<>();
        for (String part : log.split("(?=ptxas info\\s+: Compiling entry function)")) {
            Matcher entry = ENTRY.matcher(part);
            if (entry.find()) {
                int spills = number(STACK, 2, part) + number(STACK, 3, part);
                reports.add(new KernelReport(
                        file,
                        entry.group(1),
                        number(USED, 1, part),
                        number(SHARED, 1, part),
                        number(STACK, 1, part),
                        spills));
            }
        }
        return reports;
    }

    private static int number(Pattern pattern, int group, String text) {
        Matcher matcher = pattern.matcher(text);
        return matcher.find() ? Integer.parseInt(matcher.group(group)) : 0;
    }

    /** Returns the reports as a table in Markdown. */
    public static String table(List<KernelReport> reports) {
        StringBuilder table =
                new StringBuilder("| file | kernel | registers | shared bytes | stack bytes | spilled bytes |\n");
        table.append("|---|---|---:|---:|---:|---:|\n");
        for (KernelReport r : reports) {
            table.append(String.format(
                    Locale.ROOT,
                    "| %s | %s | %d | %d | %d | %d |%n",
                    r.file,
                    r.kernel,
                    r.registers,
                    r.sharedBytes,
                    r.stackBytes,
                    r.spillBytes));
        }
        return table.toString();
    }
}
