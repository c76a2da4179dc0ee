package org.atelier4j.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PageTest {
    private static final Path FOLDER = Path.of("results");

    static Stream<Page> pages() {
        return Page.all().stream();
    }

    @ParameterizedTest
    @MethodSource("pages")
    void pagesOfThisRepositoryShowWhatTheirFilesHold(Page page) throws IOException {
        String text = Files.readString(Path.of("..").resolve(page.file()));
        String name = Page.published(text);
        if (!name.equals(Page.NONE)) {
            assertThat(text).isEqualTo(page.updated(text, FOLDER, name));
        }
    }

    @Test
    void aPageMustHaveAPlaceForResults() {
        assertThatThrownBy(() -> Page.published("# Title\n")).hasMessage("page: there must be the marks of results");
    }
}
