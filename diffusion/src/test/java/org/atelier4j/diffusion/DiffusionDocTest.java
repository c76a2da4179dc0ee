package org.atelier4j.diffusion;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What {@code docs/diffusion.md} and {@code docs/papers.md} show and name exists. */
class DiffusionDocTest {
    private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
    private static final Pattern REGION =
            Pattern.compile("^ *// region \\w+\n(.*?)^ *// endregion", Pattern.DOTALL | Pattern.MULTILINE);
    private static final Pattern CLASS = Pattern.compile("`([A-Z][A-Za-z0-9]+)(?:\\.[A-Za-z]\\w*)?`");
    private static final Pattern LINK = Pattern.compile("]\\((?!https?:)([^)#]+)");
    private static final Set<String> OTHERS = Set.of("UNet2DModel"); // of another library

    @Test
    void everyBlockOfThePageIsARegionOfTheGuideTest() throws IOException {
        Path test = root().resolve("diffusion/src/test/java/org/atelier4j/diffusion/DiffusionGuideTest.java");
        List<String> blocks = all(BLOCK, Files.readString(root().resolve("docs/diffusion.md")));
        List<String> regions = all(REGION, Files.readString(test));

        assertThat(blocks).hasSize(3).allSatisfy(block -> assertThat(regions).contains(block));
    }

    @Test
    void everyClassThatThePagesNameExists() throws IOException {
        Set<String> known;
        try (Stream<Path> files = Files.walk(root())) {
            known = files.map(f -> f.getFileName().toString())
                    .filter(name -> name.endsWith(".java"))
                    .map(name -> name.substring(0, name.length() - 5))
                    .collect(Collectors.toSet());
        }
        for (String page : List.of("docs/diffusion.md", "docs/papers.md")) {
            Set<String> named = all(CLASS, Files.readString(root().resolve(page))).stream()
                    .filter(name -> !name.toUpperCase(java.util.Locale.ROOT).equals(name))
                    .filter(name -> !OTHERS.contains(name))
                    .collect(Collectors.toSet());
            assertThat(named).as(page).hasSizeGreaterThan(20);
            assertThat(known).as(page).containsAll(named);
        }
    }

    @Test
    void everyLinkOfThePagesLeadsSomewhere() throws IOException {
        for (String page : List.of("docs/diffusion.md", "docs/papers.md")) {
            for (String link : all(LINK, Files.readString(root().resolve(page)))) {
                assertThat(root().resolve("docs").resolve(link))
                        .as("link of %s", page)
                        .exists();
            }
        }
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
        while (!Files.exists(folder.resolve("docs/diffusion.md"))) {
            folder = folder.getParent();
        }
        return folder;
    }
}
