package org.atelier4j.data;

import static org.atelier4j.io.MalformedFileException.check;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipException;
import org.atelier4j.io.AtomicFile;
import org.atelier4j.io.FileFailure;
import org.atelier4j.io.MalformedFileException;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/**
 * The IDX format of LeCun, Cortes, Burges, "The MNIST database of handwritten digits": two zero bytes, a byte for the
 * element type, a byte for the rank, the lengths as big-endian integers, the elements. MNIST, Fashion-MNIST and their kin
 * come in it, plain or as .gz (told by contents, not by name). Elements are unsigned bytes.
 */
public final class Idx {
    private static final int UINT8 = 0x08;
    private static final int MAX_RANK = 8;
    private static final int GZIP_MAGIC = 0x1f8b;

    private Idx() {}

    /** What a file holds. */
    record Contents(Shape shape, byte[] elements) {}

    /**
     * Returns the array of a file as UINT8.
     *
     * @throws MalformedFileException if the file is not what its header says
     * @throws java.io.UncheckedIOException if it cannot be read
     */
    public static Tensor read(Path path) {
        Contents contents = contents(path);
        return Tensor.of(contents.elements(), contents.shape().dims());
    }

    /**
     * Returns the labelled images of two files: images (N, H, W) or (N, H, W, C), labels (N).
     *
     * @throws MalformedFileException if a file is not what its header says, the numbers differ, or a label has no name
     * @throws java.io.UncheckedIOException if one cannot be read
     */
    public static Dataset dataset(Path images, Path labels, List<String> classNames) {
        return dataset(contents(images), images, contents(labels), labels, classNames);
    }

    /** Writes UINT8 elements, whole or not at all; compressed if the name ends in .gz. */
    public static void write(Path path, Tensor array) {
        Check.dtype("Idx", DType.UINT8, array);
        Check.that(
                array.rank() >= 1 && array.rank() <= MAX_RANK,
                "Idx: rank must lie in [1, %d], got shape %s",
                MAX_RANK,
                array.shape());
        byte[] elements = new byte[Math.toIntExact(array.size())];
        array.download().get(elements);
        boolean gzip = path.getFileName().toString().endsWith(".gz");
        AtomicFile.write(path, out -> {
            if (gzip) {
                SmallGzip packed = new SmallGzip(out);
                write(packed, array.shape(), elements);
                packed.finish();
            } else {
                write(out, array.shape(), elements);
            }
        });
    }

    private static void write(OutputStream out, Shape shape, byte[] elements) throws IOException {
        ByteArrayOutputStream header = new ByteArrayOutputStream();
        DataOutputStream data = new DataOutputStream(header);
        data.writeInt(UINT8 << 8 | shape.rank());
        for (int dim : shape.dims()) {
            data.writeInt(dim);
        }
        out.write(header.toByteArray());
        out.write(elements);
    }

    private static Contents contents(Path path) {
        try (InputStream in = Files.newInputStream(path)) {
            return read(in, path);
        } catch (IOException e) {
            throw FileFailure.reading(path, e);
        }
    }

    /** Reads a plain or compressed stream to its end. Memory grows with what arrives, not with what the header says. */
    static Contents read(InputStream stream, Object source) throws IOException {
        BufferedInputStream in = new BufferedInputStream(stream, 1 << 16);
        in.mark(2);
        int magic = in.read() << 8 | in.read();
        in.reset();
        try {
            return readPlain(magic == GZIP_MAGIC ? new GZIPInputStream(in, 1 << 16) : in, source);
        } catch (EOFException e) {
            throw new MalformedFileException(source, "IDX file ends too early", e);
        } catch (ZipException e) {
            throw new MalformedFileException(source, "gzip data is damaged: " + e.getMessage(), e);
        }
    }

    private static Contents readPlain(InputStream in, Object source) throws IOException {
        DataInputStream data = new DataInputStream(in);
        int magic = data.readInt();
        int rank = magic & 0xff;
        check(
                magic >>> 8 == UINT8 && rank >= 1 && rank <= MAX_RANK,
                source,
                "IDX file of unsigned bytes must begin with 0x000008 and a rank of 1 to %d, got 0x%08x",
                MAX_RANK,
                magic);
        int[] dims = new int[rank];
        long size = 1;
        for (int i = 0; i < rank; i++) {
            dims[i] = data.readInt();
            check(dims[i] >= 0, source, "lengths must be >= 0, got " + Integer.toUnsignedString(dims[i]));
            size *= dims[i];
            check(
                    size <= Runtime.getRuntime().maxMemory() / 3 && size <= Integer.MAX_VALUE - 8,
                    source,
                    "array must fit into a third of the Java heap (-Xmx), got lengths "
                            + Arrays.toString(Arrays.copyOf(dims, i + 1)));
        }
        byte[] elements = in.readNBytes((int) size);
        check(elements.length == size, source, "header promises " + size + " elements, got " + elements.length);
        check(in.read() < 0, source, "header promises " + size + " elements, got more");
        return new Contents(Shape.of(dims), elements);
    }

    static Dataset dataset(
            Contents images, Object imagesSource, Contents labels, Object labelsSource, List<String> classNames) {
        Shape shape = images.shape();
        check(
                shape.rank() == 3 || shape.rank() == 4,
                imagesSource,
                "images must have shape (N, H, W) or (N, H, W, C), got " + shape);
        check(labels.shape().rank() == 1, labelsSource, "labels must have shape (N), got " + labels.shape());
        check(
                labels.shape().dim(0) == shape.dim(0),
                labelsSource,
                "there must be one label for each of the " + shape.dim(0) + " images of " + imagesSource + ", got "
                        + labels.shape().dim(0));
        Shape one = shape.rank() == 4 ? shape.drop(0) : Shape.of(shape.dim(1), shape.dim(2), 1);
        check(
                one.size() > 0 && List.of(1, 3, 4).contains(one.dim(2)),
                imagesSource,
                "images must have pixels of 1, 3 or 4 channels, got " + shape);
        int[] numbers = new int[labels.elements().length];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = labels.elements()[i] & 0xff;
            check(
                    numbers[i] < classNames.size(),
                    labelsSource,
                    "label %d must lie in [0, %d), got %d",
                    i,
                    classNames.size(),
                    numbers[i]);
        }
        return Dataset.of(classNames, one, images.elements(), numbers);
    }

    /** Gzip at its highest level. */
    private static final class SmallGzip extends GZIPOutputStream {
        SmallGzip(OutputStream out) throws IOException {
            super(out, 1 << 16);
            def.setLevel(Deflater.BEST_COMPRESSION);
        }
    }
}
