package org.atelier4j.io;

import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;

/** The files of {@code src/test/resources/golden/files}, written by other programs. */
public final class GoldenFiles {
    private GoldenFiles() {}

    /** Returns the path of a file. */
    public static Path path(String name) {
        URL url = GoldenFiles.class.getClassLoader().getResource("golden/files/" + name);
        if (url == null) {
            throw new IllegalArgumentException("no file golden/files/" + name);
        }
        try {
            return Path.of(url.toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
