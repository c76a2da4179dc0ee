package org.atelier4j.train;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atelier4j.io.FileFailure;
import org.atelier4j.io.Json;
import org.atelier4j.io.MalformedFileException;
import org.atelier4j.tensor.Check;
import org.jspecify.annotations.Nullable;

/**
 * Writes the numbers of every n-th step as one line of JSON, as
 * {@code {"step":20,"images":1280,"seconds":3.2,"loss":0.31}}.
 *
 * <p>Each line is handed to the operating system at once, so a killed run keeps its log. A resumed run first cuts what the
 * former one wrote after the checkpoint: each step appears once.
 */
public final class JsonlLog implements StepListener {
    private final Path file;
    private final long every;
    private @Nullable FileChannel channel;

    /**
     * Makes a log.
     *
     * @param file where to write; its folder must exist
     * @param every steps between two lines, ≥ 1
     */
    public JsonlLog(Path file, long every) {
        Check.that(every >= 1, "JsonlLog: steps between lines must be >= 1, got %d", every);
        this.file = file;
        this.every = every;
    }

    /**
     * Returns the numbers of a log, one map per line; a last line cut off by a kill is left out.
     *
     * @throws java.io.UncheckedIOException if the file cannot be read
     * @throws MalformedFileException if it holds anything else
     */
    public static List<Map<String, Double>> read(Path file) {
        List<Map<String, Double>> entries = new ArrayList<>();
        try {
            String text = Files.readString(file);
            for (String line :
                    text.substring(0, text.lastIndexOf('\n') + 1).lines().toList()) {
                entries.add(numbers(line, file));
            }
        } catch (IOException e) {
            throw FileFailure.reading(file, e);
        }
        return entries;
    }

    @Override
    public void started(TrainingProgress progress) {
        try {
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            channel.truncate(lengthUpTo(progress.step()));
            channel.position(channel.size());
        } catch (IOException e) {
            throw FileFailure.writing(file, e);
        }
    }

    @Override
    public void stepped(TrainingProgress progress, StepReport report) {
        if (progress.step() % every != 0) {
            return;
        }
        FileChannel out = channel;
        Check.state(out != null, "JsonlLog: started must be called before stepped");
        try {
            ByteBuffer line = ByteBuffer.wrap(line(progress, report).getBytes(StandardCharsets.UTF_8));
            while (line.hasRemaining()) {
                out.write(line);
            }
        } catch (IOException e) {
            throw FileFailure.writing(file, e);
        }
    }

    @Override
    public void close() {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            throw FileFailure.writing(file, e);
        }
    }

    private static String line(TrainingProgress progress, StepReport report) {
        Map<String, Object> numbers = new LinkedHashMap<>();
        numbers.put("step", progress.step());
        numbers.put("images", progress.images());
        numbers.put("seconds", Math.round(progress.seconds() * 1e3) / 1e3);
        numbers.putAll(report.scalars());
        return Json.write(numbers) + "\n";
    }

    /** Returns the number of bytes of all whole lines up to a step; a line cut off by a kill does not count. */
    private long lengthUpTo(long step) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        int length = 0;
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] == '\n') {
                String line = new String(bytes, length, i - length, StandardCharsets.UTF_8);
                if (numbers(line, file).getOrDefault("step", 0.0) > step) {
                    break;
                }
                length = i + 1;
            }
        }
        return length;
    }

    private static Map<String, Double> numbers(String line, Path file) {
        Map<String, Double> numbers = new LinkedHashMap<>();
        Json.object(Json.parse(line.getBytes(StandardCharsets.UTF_8), file), file)
                .forEach((name, value) -> {
                    try {
                        numbers.put(name, Double.valueOf(String.valueOf(value))); // also "NaN", a text
                    } catch (NumberFormatException e) {
                        throw new MalformedFileException(file, "a line must hold numbers only, got " + line, e);
                    }
                });
        return numbers;
    }
}
