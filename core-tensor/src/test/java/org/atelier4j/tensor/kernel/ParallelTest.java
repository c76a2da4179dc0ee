package org.atelier4j.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Loops over threads: every index once, the same chunks on any number of threads, failures at the caller. */
@Timeout(60)
class ParallelTest {
    private final int before = Parallel.threads();

    @AfterEach
    void restore() {
        Parallel.setThreads(before);
    }

    @Test
    void visitsEveryIndexOnce() {
        for (int threads : new int[] {1, 2, 5}) {
            Parallel.setThreads(threads);
            for (int n : new int[] {0, 1, 7, 10, 11, 1000}) {
                AtomicIntegerArray visits = new AtomicIntegerArray(n);
                Parallel.forRange(n, 10, (from, to) -> {
                    for (int i = from; i < to; i++) {
                        visits.incrementAndGet(i);
                    }
                });
                for (int i = 0; i < n; i++) {
                    assertThat(visits.get(i)).isEqualTo(1);
                }
            }
        }
    }

    @Test
    void chunksDependOnTheLengthOnly() {
        Set<List<Integer>> first = chunks(1);
        assertThat(first)
                .contains(List.of(0, 7), List.of(7, 14), List.of(98, 100))
                .hasSize(15);
        assertThat(chunks(2)).isEqualTo(first);
        assertThat(chunks(6)).isEqualTo(first);
    }

    private static Set<List<Integer>> chunks(int threads) {
        Parallel.setThreads(threads);
        Set<List<Integer>> chunks = ConcurrentHashMap.newKeySet();
        Parallel.forRange(100, 7, (from, to) -> chunks.add(List.of(from, to)));
        return chunks;
    }

    @Test
    void rangesNearTheEndOfIntsDoNotOverflow() {
        AtomicInteger last = new AtomicInteger();
        Parallel.forRange(Integer.MAX_VALUE, 1 << 30, (from, to) -> last.accumulateAndGet(to, Math::max));
        assertThat(last.get()).isEqualTo(Integer.MAX_VALUE);
    }

    @Test
    void severalThreadsTakePart() {
        Parallel.setThreads(2);
        CountDownLatch both = new CountDownLatch(2);
        Parallel.forRange(2, 1, (from, to) -> {
            both.countDown();
            try {
                assertThat(both.await(30, TimeUnit.SECONDS))
                        .as("two chunks at once")
                        .isTrue();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
    }

    @Test
    void failuresArriveAtTheCallerAndTheNextLoopIsFine() {
        for (int threads : new int[] {1, 3}) {
            Parallel.setThreads(threads);
            for (int bad = 0; bad < 100; bad += 33) {
                int at = bad;
                assertThatThrownBy(() -> Parallel.forRange(100, 1, (from, to) -> {
                            if (from == at) {
                                throw new IllegalArgumentException("index " + from);
                            }
                        }))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessage("index " + at);
                assertThatThrownBy(() -> Parallel.forRange(100, 1, (from, to) -> {
                            throw new AssertionError("broken");
                        }))
                        .isInstanceOf(AssertionError.class);
            }
            AtomicInteger sum = new AtomicInteger();
            Parallel.forRange(100, 1, (from, to) -> sum.addAndGet(from));
            assertThat(sum.get()).isEqualTo(4950);
        }
    }

    @Test
    void loopsInsideLoopsAndFromManyThreadsFinish() throws InterruptedException {
        Parallel.setThreads(4);
        AtomicInteger count = new AtomicInteger();
        List<Thread> callers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            Thread caller = new Thread(() -> {
                for (int repeat = 0; repeat < 20; repeat++) {
                    Parallel.forRange(8, 1, (from, to) -> Parallel.forRange(8, 1, (a, b) -> count.incrementAndGet()));
                }
            });
            caller.start();
            callers.add(caller);
        }
        for (Thread caller : callers) {
            caller.join(30_000);
            assertThat(caller.isAlive()).isFalse();
        }
        assertThat(count.get()).isEqualTo(4 * 20 * 64);
    }

    @Test
    void anInterruptedCallerStillWaitsForItsHelpers() {
        Parallel.setThreads(2);
        Thread.currentThread().interrupt();
        AtomicInteger done = new AtomicInteger();
        Parallel.forRange(50, 1, (from, to) -> {
            long end = System.nanoTime() + 200_000;
            while (System.nanoTime() < end) {
                Thread.onSpinWait();
            }
            done.incrementAndGet();
        });
        assertThat(done.get()).isEqualTo(50);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void tilesAndRowsCoverTheirRange() {
        AtomicInteger covered = new AtomicInteger();
        Parallel.forTiles(100_001, (from, to) -> {
            assertThat(to - from).isBetween(1, Parallel.TILE);
            covered.addAndGet(to - from);
        });
        assertThat(covered.get()).isEqualTo(100_001);
        for (long length : new long[] {0, 1, 100, 1L << 40}) {
            covered.set(0);
            Parallel.forRows(1000, length, (from, to) -> covered.addAndGet(to - from));
            assertThat(covered.get()).isEqualTo(1000);
        }
    }

    @Test
    void threadsMustBePositive() {
        assertThatThrownBy(() -> Parallel.setThreads(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Parallel: threads must be >= 1, got 0");
    }
}
