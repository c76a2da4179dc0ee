package org.atelier4j.io;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.device.Device;

/** Moves elements between files and tensors, in pieces, so that no second copy of a large tensor is ever made. */
final class TensorBytes {
    private static final int PIECE = 1 << 18; // elements

    private TensorBytes() {}

    /**
     * Returns a tensor of the elements in {@code source}, from its position on.
     *
     * @param source in the file's byte order, holding at least the elements of {@code shape}
     */
    static Tensor read(StoredType type, Shape shape, ByteBuffer source) {
        Tensor tensor = Tensor.empty(shape, type.dtype(), Device.cpu());
        Device device = tensor.device();
        int count = Math.toIntExact(shape.size());
        if (type.isStoredAsIs() && (type.bytes() == 1 || source.order() == ByteOrder.nativeOrder())) {
            device.upload(source.slice(source.position(), count * type.bytes()), tensor.storage(), 0);
            return tensor;
        }
        ByteBuffer piece = buffer(Math.min(count, PIECE), type.dtype());
        for (int done = 0; done < count; done += PIECE) {
            int bytes = Math.min(PIECE, count - done) * type.bytes();
            type.decode(source.slice(source.position(), bytes).order(source.order()), piece.clear());
            source.position(source.position() + bytes);
            device.upload(piece.flip(), tensor.storage(), done);
        }
        return tensor;
    }

    /**
     * Returns a tensor of the next elements of a stream. The caller has made sure that so many may follow: the memory is
     * set aside before they are read.
     *
     * @throws EOFException if the stream ends before
     */
    static Tensor read(StoredType type, Shape shape, InputStream in, ByteOrder order) throws IOException {
        Tensor tensor = Tensor.empty(shape, type.dtype(), Device.cpu());
        int count = Math.toIntExact(shape.size());
        byte[] raw = new byte[Math.min(count, PIECE) * type.bytes()];
        ByteBuffer piece = buffer(Math.min(count, PIECE), type.dtype());
        try {
            for (int done = 0; done < count; done += PIECE) {
                int bytes = Math.min(PIECE, count - done) * type.bytes();
                if (in.readNBytes(raw, 0, bytes) < bytes) {
                    throw new EOFException("the data ends too early");
                }
                type.decode(ByteBuffer.wrap(raw, 0, bytes).order(order), piece.clear());
                tensor.device().upload(piece.flip(), tensor.storage(), done);
            }
        } catch (IOException | RuntimeException e) {
            tensor.storage().release();
            throw e;
        }
        return tensor;
    }

    /** Writes the elements in little-endian order. */
    static void write(Tensor tensor, OutputStream out) throws IOException {
        DType dtype = tensor.dtype();
        StoredType type = StoredType.of(dtype);
        ByteBuffer piece = buffer((int) Math.min(tensor.size(), PIECE), dtype);
        boolean swap = ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN;
        ByteBuffer swapped = swap ? ByteBuffer.allocate(piece.capacity()).order(ByteOrder.LITTLE_ENDIAN) : piece;
        tensor.storage().checkAlive();
        for (long done = 0; done < tensor.size(); done += PIECE) {
            int n = (int) Math.min(PIECE, tensor.size() - done);
            piece.clear().limit(n * dtype.bytes());
            tensor.device().download(tensor.storage(), tensor.offset() + done, piece);
            if (swap) {
                type.decode(piece.flip(), swapped.clear());
            }
            out.write(swapped.array(), 0, n * dtype.bytes());
        }
    }

    private static ByteBuffer buffer(int elements, DType dtype) {
        return ByteBuffer.allocate(elements * dtype.bytes()).order(ByteOrder.nativeOrder());
    }
}
