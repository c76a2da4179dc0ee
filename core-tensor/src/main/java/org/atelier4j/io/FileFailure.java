package org.atelier4j.io;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/** Turns what the file system says into one exception with the path and the reason in words. */
public final class FileFailure {
    private FileFailure() {}

    /** Returns the exception for a file that could not be read. */
    public static UncheckedIOException reading(Object source, IOException cause) {
        return new UncheckedIOException(source + ": could not be read: " + reason(cause), cause);
    }

    /** Returns the exception for a file that could not be written. */
    public static UncheckedIOException writing(Object target, IOException cause) {
        return new UncheckedIOException(target + ": could not be written: " + reason(cause), cause);
    }

    private static String reason(IOException e) {
        String where = e instanceof FileSystemException f && f.getFile() != null ? " " + f.getFile() : "";
        if (e instanceof NoSuchFileException) {
            return "there is no" + where;
        } else if (e instanceof AccessDeniedException) {
            return "access is denied to" + where;
        } else if (e instanceof NotDirectoryException) {
            return "not a folder:" + where;
        } else if (e instanceof FileAlreadyExistsException) {
            return "a file is in the way:" + where;
        }
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }
}
