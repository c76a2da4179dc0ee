package org.atelier4j.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunLockTest {
    @TempDir
    Path folder;

    /** Takes the lock, says so, and waits to be killed. */
    static final class Holder {
        public static void main(String[] args) throws Exception {
            RunLock.take(Path.of(args[0]));
            System.out.println("locked");
            Thread.sleep(60_000);
        }
    }

    @Test
    void aSecondProcessIsNamedAndItsDeathFreesTheFolder() throws Exception {
        Path run = folder.resolve("run");
        Process other = ChildJvm.start(Holder.class, run);
        try (BufferedReader out = other.inputReader()) {
            assertThat(out.readLine()).isEqualTo("locked");
            assertThatThrownBy(() -> RunLock.take(run))
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageStartingWith("RunLock: " + run + ": is in use by process " + other.pid() + " since 20")
                    .hasMessageEndingWith("; wait for it, stop it, or choose another folder");
        } finally {
            other.destroyForcibly().waitFor();
        }
        try (RunLock lock = RunLock.take(run)) {
            assertThat(Files.readString(run.resolve("run.lock")))
                    .startsWith("process " + ProcessHandle.current().pid() + " since ");
        }
    }

    @Test
    void aSecondTakerInThisProcessIsRefusedUntilTheFirstCloses() throws IOException {
        try (RunLock lock = RunLock.take(folder)) {
            assertThatThrownBy(() -> RunLock.take(folder))
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining(
                            "is in use by process " + ProcessHandle.current().pid());
        }
        RunLock.take(folder).close();
    }
}
