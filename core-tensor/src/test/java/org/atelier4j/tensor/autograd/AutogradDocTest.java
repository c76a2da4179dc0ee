package org.atelier4j.tensor.autograd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The code in {@code docs/autograd.md} is code that {@link WriteYourOwnOpTest} compiles and runs. */
class AutogradDocTest {
    private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
    private static final Pattern REGION =
            Pattern.compile("^ *// region \\w+\n(.*?)^ *// endregion", Pattern.DOTALL | Pattern.MULTILINE);

    @Test
    void everyBlockOfThePageIsARegionOfTheTest() throws IOException {
        Path root = root();
        List<String> blocks = all(BLOCK, Files.readString(root.resolve("docs/autograd.md")));
        List<String> regions = all(
                REGION,
                Files.readString(root.resolve(
                        "core-tensor/src/test/java/org/atelier4j/tensor/autograd/WriteYourOwnOpTest.java")));
        assertThat(blocks).hasSize(5).allSatisfy(block -> assertThat(regions).contains(block));
    }

    private static List<String> all(Pattern pattern, String text) {
        List<String> found = new ArrayList<>();
        Matcher matcher = pattern.matcher(text.replace("\r\n", "\n"));
        while (matcher.find()) {
            found.add(withoutIndent(matcher.group(1)));
        }
        return found;
    }

    private static String withoutIndent(String code) {
        int indent = code.lines()
                .filter(line -> !line.isBlank())
                .mapToInt(line -> line.length() - line.stripLeading().length())
                .min()
                .orElse(0);
        return code.lines()
                .map(line -> line.isBlank() ? "" : line.substring(indent))
                .collect(Collectors.joining("\n"));
    }

    /** Returns the folder of the repository: the nearest above the working directory that has the page. */
    private static Path root() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("docs/autograd.md"))) {
            folder = folder.getParent();
        }
        return folder;
    }
}
