package org.atelier4j.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {
    @TempDir
    Path folder;

    @Test
    void replacesTheFormerFileAndMakesFolders() throws IOException {
        Path path = folder.resolve("a/b/c.txt");
        write(path, "one");
        write(path, "two");
        assertThat(path).hasContent("two");
        assertThat(names(path.getParent())).containsExactly("c.txt");
    }

    @Test
    void aFailureLeavesTheFormerFileAndNothingElse() throws IOException {
        Path path = folder.resolve("c.txt");
        write(path, "one");
        assertThatThrownBy(() -> AtomicFile.write(path, out -> {
                    out.write(new byte[1 << 20]);
                    throw new IOException("No space left on device");
                }))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessage(path + ": could not be written: No space left on device");
        assertThatThrownBy(() -> AtomicFile.write(path, out -> {
                    throw new IllegalStateException("mine");
                }))
                .isInstanceOf(IllegalStateException.class);
        assertThat(path).hasContent("one");
        assertThat(names(folder)).containsExactly("c.txt");
    }

    @Test
    void passesOverWhatAKilledProcessLeft() throws IOException {
        Path left = folder.resolve(".c.txt.tmp-" + ProcessHandle.current().pid() + "-0");
        Files.writeString(left, "half");
        write(folder.resolve("c.txt"), "one");
        assertThat(folder.resolve("c.txt")).hasContent("one");
        assertThat(left).hasContent("half");
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "links need a right there")
    void writesThroughALinkAndReadableForOthersAsUsual() throws IOException {
        Path target = folder.resolve("target.txt");
        write(target, "one");
        Path link = Files.createSymbolicLink(folder.resolve("link.txt"), target);
        write(link, "two");
        assertThat(target).hasContent("two");
        assertThat(link).isSymbolicLink();
        Path usual = Files.createFile(folder.resolve("usual.txt"));
        assertThat(Files.getPosixFilePermissions(target)).isEqualTo(Files.getPosixFilePermissions(usual));
    }

    @Test
    void namesTheReasonWhereAFolderIsInTheWay() throws IOException {
        Path path = Files.createDirectories(folder.resolve("d/inner")).getParent();
        assertThatThrownBy(() -> write(path, "x"))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageStartingWith(path + ": could not be written: ");
        assertThat(names(folder)).containsExactly("d");
    }

    private static void write(Path path, String text) {
        AtomicFile.write(path, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static Stream<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(p -> p.getFileName().toString()).toList().stream();
        }
    }
}
