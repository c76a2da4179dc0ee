package org.atelier4j.io;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Thrown when the contents of a file are not what its format promises; the message names the file and the place. */
public final class MalformedFileException extends UncheckedIOException {
    private static final long serialVersionUID = 1L;

    /**
     * Checks a promise of a format.
     *
     * @param source the file's path, or a name for bytes that come from elsewhere
     * @param problem what must hold and what was found; a {@link String#format} pattern where there are values
     * @throws MalformedFileException if {@code condition} is false
     */
    public static void check(boolean condition, Object source, String problem, @Nullable Object... values) {
        if (!condition) {
            String text = values.length == 0 ? problem : String.format(Locale.ROOT, problem, values);
            throw new MalformedFileException(source, text);
        }
    }

    /**
     * Creates the exception with the message {@code source: problem}.
     *
     * @param source the file's path, or a name for bytes that come from elsewhere
     * @param problem what must hold and what was found
     */
    public MalformedFileException(Object source, String problem) {
        this(source, problem, null);
    }

    /**
     * Creates the exception with the message {@code source: problem}.
     *
     * @param source the file's path, or a name for bytes that come from elsewhere
     * @param problem what must hold and what was found
     * @param cause what a decoder threw, or null
     */
    public MalformedFileException(Object source, String problem, @Nullable Throwable cause) {
        super(source + ": " + problem, new IOException(problem, cause));
    }
}
