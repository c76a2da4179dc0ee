package org.atelier4j.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the README and the guides say about the command line and the examples is true. */
class ReadmeTest {
    private static final Path ROOT = Path.of("").toAbsolutePath().endsWith("examples") ? Path.of("..") : Path.of("");
    private static final Pattern COMMAND =
            Pattern.compile("^\\./atelier ([^#]*?)(?:\\s{2,}.*|#.*)?$", Pattern.MULTILINE);
    private static final Pattern REGION =
            Pattern.compile("<!-- region (\\w+) of (\\S+) -->\\s*```java\\n(.*?)```", Pattern.DOTALL);

    private static List<Path> pages() throws IOException {
        List<Path> pages = new ArrayList<>(List.of(ROOT.resolve("README.md")));
        try (Stream<Path> docs = Files.list(ROOT.resolve("docs"))) {
            docs.filter(p -> p.toString().endsWith(".md")).forEach(pages::add);
        }
        return pages;
    }

    @Test
    void everyCommandIsUnderstood() throws IOException {
        int commands = 0;
        for (Path page : pages()) {
            Matcher line = COMMAND.matcher(Files.readString(page));
            while (line.find()) {
                String command = line.group(1).strip();
                if (isBench(command)) {
                    continue;
                }
                assertThatCode(() -> Atelier.commandLine().parseArgs(command.split(" +")))
                        .as(page + ": ./atelier " + command)
                        .doesNotThrowAnyException();
                commands++;
            }
        }
        assertThat(commands).isGreaterThanOrEqualTo(4);
    }

    /** The launcher hands this verb to the benchmarks' own program. */
    private static boolean isBench(String command) {
        return command.equals("bench") || command.startsWith("bench ");
    }

    @Test
    void everyRegionIsTheCodeOfItsFile() throws IOException {
        int regions = 0;
        for (Path page : pages()) {
            Matcher region = REGION.matcher(Files.readString(page));
            while (region.find()) {
                String source = Files.readString(ROOT.resolve(region.group(2)));
                String start = "    // region " + region.group(1) + "\n";
                String code = source.substring(
                        source.indexOf(start) + start.length(),
                        source.indexOf("    // endregion", source.indexOf(start)));
                assertThat(region.group(3))
                        .as(page + ", region " + region.group(1))
                        .isEqualTo(code.stripTrailing().stripIndent() + "\n");
                regions++;
            }
        }
        assertThat(regions).isPositive();
    }

    @Test
    void theFootersOfTheCommandLineAreUnderstoodToo() {
        Pattern example = Pattern.compile("^  atelier (.*?)(?:\\s{2,}.*)?$", Pattern.MULTILINE);
        for (String verb : new String[] {
            "", "quickstart ", "train ", "sample ", "eval ", "edit ", "fetch ", "train prior ", "train vqvae "
        }) {
            Matcher line =
                    example.matcher(CommandLineFixture.atelier(verb + "--help").out());
            int examples = 0;
            while (line.find()) {
                String command = line.group(1).strip();
                if (isBench(command)) {
                    continue;
                }
                assertThatCode(() -> Atelier.commandLine().parseArgs(command.split(" +")))
                        .as(command)
                        .doesNotThrowAnyException();
                examples++;
            }
            assertThat(examples).as(verb).isPositive();
        }
    }
}
