package org.atelier4j.tensor.kernel.onednn;

import com.sun.jna.Callback;
import com.sun.jna.CallbackThreadInitializer;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.atelier4j.tensor.kernel.Parallel;

/**
 * Runs Java loops on the threads of the OpenMP library that oneDNN uses. Between oneDNN's calls these threads spin for a
 * while: Java threads of our own would have to share the cores with them, so that a second one gains nothing, whereas a
 * region on the same team costs 2–3 µs. Only GNU's libgomp is known to this class; elsewhere the Java pool serves.
 */
final class OpenMp implements Parallel.Team {
    private static final Map<Long, Runnable> JOBS = new ConcurrentHashMap<>();
    private static final AtomicLong NUMBER = new AtomicLong();
    private static final Region REGION = number ->
            Objects.requireNonNull(JOBS.get(Pointer.nativeValue(number))).run();

    /** What libgomp calls on every thread of a team; native code hands the job's number on as if it were an address. */
    interface Region extends Callback {
        void invoke(Pointer number);
    }

    private OpenMp() {}

    /** Returns the team of the libgomp that this process has loaded, if it has. */
    static Optional<Parallel.Team> find() {
        Path maps = Path.of("/proc/self/maps");
        if (!Files.isReadable(maps)) {
            return Optional.empty();
        }
        try (Stream<String> lines = Files.lines(maps)) {
            Optional<String> path = lines.filter(l -> l.contains("libgomp"))
                    .map(l -> l.substring(l.indexOf('/')))
                    .findFirst();
            path.ifPresent(p -> {
                Native.register(OpenMp.class, p);
                Native.setCallbackThreadInitializer(REGION, new CallbackThreadInitializer(true, false, "openmp"));
            });
            return path.map(p -> new OpenMp());
        } catch (IOException | LinkageError e) {
            return Optional.empty();
        }
    }

    @Override
    public int size() {
        return omp_get_max_threads();
    }

    @Override
    public void run(int threads, Runnable job) {
        long number = NUMBER.incrementAndGet();
        JOBS.put(number, job);
        GOMP_parallel(REGION, new Pointer(number), threads, 0);
        JOBS.remove(number);
    }

    private static native void GOMP_parallel(Callback body, Pointer data, int threads, int flags);

    private static native int omp_get_max_threads();
}
