package org.atelier4j.examples;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.function.LongConsumer;
import org.atelier4j.io.FileFailure;

/** Gets a file by HTTP. */
final class Download {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final int OK = 200;
    private static final int BUFFER = 1 << 16;

    private Download() {}

    /**
     * Writes what an address sends into a file.
     *
     * @param seen told how many bytes there are
     * @throws RunException if there is no such address, it cannot be reached, it sends an error, or nothing for a while
     */
    static void get(URI address, Path to, LongConsumer seen) {
        get(address, to, seen, PATIENCE);
    }

    /**
     * The same with another patience.
     *
     * @param patience how long to wait for the connection, for the answer, and for each next piece of it
     */
    static void get(URI address, Path to, LongConsumer seen, Duration patience) {
        HttpClient client = HttpClient.newBuilder()
                .followRedirects(HttpClient.Redirect.NORMAL)
                .connectTimeout(patience)
                .build();
        HttpRequest request = HttpRequest.newBuilder(address)
                .header("User-Agent", "atelier")
                .timeout(patience)
                .build();
        HttpResponse<InputStream> answer = ask(client, request);
        try (InputStream in = answer.body();
                StallGuard guard = new StallGuard(in, patience)) {
            if (answer.statusCode() != OK) {
                throw new RunException(address + " answered " + answer.statusCode() + " instead of 200");
            }
            try {
                copy(in, to, guard, seen);
            } catch (IOException e) {
                throw new RunException(
                        guard.hasStalled()
                                ? address + " sent nothing for " + seconds(patience)
                                : address + " broke off: " + e.getMessage());
            }
        } catch (IOException e) {
            throw new RunException(address + " broke off: " + e.getMessage());
        }
    }

    private static String seconds(Duration time) {
        return String.format(Locale.ROOT, "%.1f s", time.toMillis() / 1e3);
    }

    private static HttpResponse<InputStream> ask(HttpClient client, HttpRequest request) {
        try {
            return client.send(request, HttpResponse.BodyHandlers.ofInputStream());
        } catch (IOException e) {
            String why = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
            throw new RunException(request.uri() + " cannot be reached (" + why + "); is this machine on the network?");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RunException("stopped while waiting for " + request.uri());
        }
    }

    private static void copy(InputStream in, Path to, StallGuard guard, LongConsumer seen) throws IOException {
        byte[] buffer = new byte[BUFFER];
        long done = 0;
        try (OutputStream out = created(to)) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                guard.moved();
                write(out, buffer, n, to);
                done += n;
                seen.accept(done);
            }
        }
    }

    /** A full disk is not the server's fault. */
    private static void write(OutputStream out, byte[] buffer, int n, Path file) {
        try {
            out.write(buffer, 0, n);
        } catch (IOException e) {
            throw FileFailure.writing(file, e);
        }
    }

    private static OutputStream created(Path file) {
        try {
            return Files.newOutputStream(file);
        } catch (IOException e) {
            throw FileFailure.writing(file, e);
        }
    }
}
