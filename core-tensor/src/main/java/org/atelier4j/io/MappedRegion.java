package org.atelier4j.io;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;

/**
 * A part of a file in memory, for reading, given back when closed. A plain mapped buffer stays until the garbage collector
 * finds it, and so long Windows lets nobody replace or delete the file: a run could not overwrite the weights it began
 * with.
 */
final class MappedRegion implements AutoCloseable {
    private static final Unmapper UNMAPPER = Unmapper.find();

    private final ByteBuffer bytes;

    private MappedRegion(ByteBuffer bytes) {
        this.bytes = bytes;
    }

    /**
     * Maps a part of a file.
     *
     * @param length in bytes, in {@code [1, 2³¹)}
     * @throws IOException if the file has become shorter than that
     */
    static MappedRegion of(FileChannel channel, long position, long length) throws IOException {
        return new MappedRegion(channel.map(FileChannel.MapMode.READ_ONLY, position, length));
    }

    /** Returns the bytes, not to be touched after {@link #close}. */
    ByteBuffer bytes() {
        return bytes;
    }

    @Override
    public void close() {
        UNMAPPER.unmap(bytes);
    }

    /** The JDK's own way before {@code Arena} (JDK 22): {@code sun.misc.Unsafe.invokeCleaner}, where it is open. */
    private record Unmapper(
            @Nullable Object unsafe, @Nullable Method invokeCleaner) {

        static Unmapper find() {
            try {
                Class<?> type = Class.forName("sun.misc.Unsafe");
                Field instance = type.getDeclaredField("theUnsafe");
                instance.setAccessible(true);
                return new Unmapper(instance.get(null), type.getMethod("invokeCleaner", ByteBuffer.class));
            } catch (ReflectiveOperationException | RuntimeException e) {
                return new Unmapper(null, null); // the garbage collector does it later
            }
        }

        void unmap(ByteBuffer buffer) {
            if (invokeCleaner != null) {
                try {
                    invokeCleaner.invoke(unsafe, buffer);
                } catch (ReflectiveOperationException e) {
                    throw new IllegalStateException("a mapped file could not be given back", e);
                }
            }
        }
    }
}
