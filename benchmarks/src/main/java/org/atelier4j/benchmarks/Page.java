package org.atelier4j.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.atelier4j.tensor.Check;

/**
 * A page of the documentation with a place for results, between two marks of which the first says whose they are.
 *
 * @param file path from the root of the repository
 * @param content what stands there, made of the results
 */
record Page(String file, Function<Results, String> content) {
    /** What a page names before there are results. */
    static final String NONE = "none";

    private static final Pattern BLOCK =
            Pattern.compile("<!-- results of (\\S+) -->\n.*?<!-- end of results -->\n", Pattern.DOTALL);

    /** Returns all pages. */
    static List<Page> all() {
        return List.of(
                new Page("docs/benchmarks.md", ResultTables::markdown),
                new Page("docs/roofline.md", Roofline::markdown));
    }

    /** Writes what belongs between the marks anew, from the results of a name. */
    void update(Path root, Path folder, String name) {
        Path path = root.resolve(file);
        try {
            Files.writeString(path, updated(Files.readString(path), folder, name));
        } catch (IOException e) {
            throw new UncheckedIOException(path.toString(), e);
        }
    }

    /** Returns a text with the results of a name between its marks. */
    String updated(String text, Path folder, String name) {
        Results results = Results.read(folder.resolve(name + ".json"));
        Check.state(
                results.machine().isQuiet(),
                "%s: other work may use at most %s processors while publishable results are measured, got %s",
                name,
                Machine.QUIET,
                results.machine().load());
        String block = "<!-- results of " + name + " -->\n" + content.apply(results) + "<!-- end of results -->\n";
        published(text); // there must be a place
        return BLOCK.matcher(text).replaceFirst(Matcher.quoteReplacement(block));
    }

    /** Returns the name of the results that a text shows. */
    static String published(String text) {
        Matcher block = BLOCK.matcher(text);
        Check.state(block.find(), "page: there must be the marks of results");
        return block.group(1);
    }
}
