package org.atelier4j.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Numbers of a batch before they become tensors. The buffers are used again and again. */
final class HostBatch {
    private final ByteBuffer images;
    private final ByteBuffer labels;
    private int count;

    /**
     * Makes room.
     *
     * @param each numbers in an image
     */
    HostBatch(int batchSize, int each) {
        images = ByteBuffer.allocateDirect(Math.multiplyExact(Math.multiplyExact(batchSize, each), Float.BYTES))
                .order(ByteOrder.nativeOrder());
        labels = ByteBuffer.allocateDirect(Math.multiplyExact(batchSize, Integer.BYTES))
                .order(ByteOrder.nativeOrder());
    }

    /** Empties the batch. */
    void clear() {
        images.clear();
        labels.clear();
        count = 0;
    }

    /** Appends an example. */
    void add(float[] image, int label) {
        images.asFloatBuffer().put(image);
        images.position(images.position() + image.length * Float.BYTES);
        labels.putInt(label);
        count++;
    }

    int count() {
        return count;
    }

    /** Returns the images added, as FLOAT32 in native order, from the start on. */
    ByteBuffer images() {
        return images.duplicate().flip();
    }

    /** Returns the labels added, as INT32 in native order, from the start on. */
    ByteBuffer labels() {
        return labels.duplicate().flip();
    }
}
