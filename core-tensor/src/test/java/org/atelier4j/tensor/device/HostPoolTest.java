package org.atelier4j.tensor.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Off-heap memory: reused, aligned, never shared by two owners, given back once. */
@Timeout(60)
class HostPoolTest {
    private static final HostPool POOL = HostPool.SHARED;

    private static HostStorage storage(Tensor t) {
        return (HostStorage) t.storage();
    }

    @Test
    void sizeClassesWasteAnEighthAtMost() {
        for (long bytes = 0; bytes < 100_000; bytes += 7) {
            long capacity = HostPool.sizeClass(bytes);
            assertThat(capacity).isGreaterThanOrEqualTo(Math.max(64, bytes));
            assertThat(capacity % 64).isZero();
            assertThat(capacity - bytes).isLessThanOrEqualTo(Math.max(64, bytes / 8));
            assertThat(HostPool.sizeClass(capacity)).as("a class is its own").isEqualTo(capacity);
        }
        assertThat(HostPool.sizeClass(Integer.MAX_VALUE - 64))
                .isBetween(Integer.MAX_VALUE - 64L, (long) Integer.MAX_VALUE);
    }

    @Test
    void eachClassHasANumberOfItsOwnThatRisesWithIt() {
        long last = 0;
        int number = HostPool.classNumber(HostPool.sizeClass(1));
        for (long bytes = 1; bytes <= Integer.MAX_VALUE - 64L; bytes += 1 + bytes / 50) {
            long capacity = HostPool.sizeClass(bytes);
            int next = HostPool.classNumber(capacity);
            if (capacity == last) {
                assertThat(next).isEqualTo(number);
            } else {
                assertThat(next).as("of %d bytes", capacity).isGreaterThan(last == 0 ? -1 : number);
            }
            last = capacity;
            number = next;
        }
    }

    @Test
    void aBlockGivenBackIsTakenAgain() {
        HostPool.Block first = POOL.take(100_000);
        long reserved = POOL.reservedBytes();
        long pooled = POOL.pooledBytes();
        POOL.give(first);
        assertThat(POOL.pooledBytes()).isEqualTo(pooled + first.capacity());
        HostPool.Block second = POOL.take(first.capacity() - 10);
        assertThat(second).isSameAs(first);
        assertThat(POOL.reservedBytes()).isEqualTo(reserved);
        POOL.give(second);
    }

    @Test
    void blocksAreAlignedAndWritableToTheirEnd() {
        for (long bytes : new long[] {0, 1, 64, 65, 1000, 1 << 20}) {
            HostPool.Block block = POOL.take(bytes);
            assertThat(block.address() % 64).isZero();
            assertThat((long) block.bytes().capacity())
                    .isEqualTo(block.capacity())
                    .isGreaterThanOrEqualTo(bytes);
            for (int i = 0; i < block.capacity(); i += 63) {
                block.bytes().put(i, (byte) 7);
            }
            POOL.give(block);
        }
    }

    @Test
    void trimGivesUnusedBlocksBack() {
        POOL.give(POOL.take(3 << 20));
        long used = POOL.reservedBytes() - POOL.pooledBytes();
        POOL.trim();
        assertThat(POOL.pooledBytes()).isZero();
        assertThat(POOL.reservedBytes()).isEqualTo(used);
    }

    @Test
    void threadsNeverGetTheSameBlock() throws InterruptedException {
        int threads = 4;
        CountDownLatch start = new CountDownLatch(1);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        List<Thread> all = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            byte mark = (byte) (i + 1);
            Thread thread = new Thread(() -> {
                try {
                    start.await();
                    for (int repeat = 0; repeat < 2000; repeat++) {
                        HostPool.Block a = POOL.take(4096);
                        HostPool.Block b = POOL.take(4096);
                        a.bytes().put(0, mark).put(4095, mark);
                        b.bytes().put(0, mark).put(4095, mark);
                        assertThat(a.address()).isNotEqualTo(b.address());
                        assertThat(a.bytes().get(0)).isEqualTo(mark);
                        assertThat(b.bytes().get(4095)).isEqualTo(mark);
                        POOL.give(a);
                        POOL.give(b);
                    }
                } catch (Throwable e) {
                    failure.set(e);
                }
            });
            thread.start();
            all.add(thread);
        }
        start.countDown();
        for (Thread thread : all) {
            thread.join();
        }
        assertThat(failure.get()).isNull();
    }

    @Test
    void tensorsOfTwoGibibytesAreRefused() {
        assertThatThrownBy(() -> Tensor.empty(Shape.of(1 << 29), DType.FLOAT32, Device.cpu()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Tensor: a tensor on the CPU must be smaller than 2 GiB, got 2147483648 bytes");
    }

    @Test
    void tenThousandStepsReserveNothingAfterTheFirst() {
        Tensor weight = Tensor.ones(64, 64);
        step(weight);
        long reserved = POOL.reservedBytes();
        for (int i = 0; i < 10_000; i++) {
            step(weight);
        }
        assertThat(POOL.reservedBytes()).isEqualTo(reserved);
    }

    private static void step(Tensor weight) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = Tensor.zeros(8, 64).add(weight.sum(0));
            try (TensorScope inner = TensorScope.open()) {
                Tensor y = x.mul(2).add(1);
                inner.keep(y);
                x.mul(y);
            }
        }
    }

    @Test
    void releasedStorageRefusesEveryUse() {
        Tensor t;
        try (TensorScope scope = TensorScope.open()) {
            t = Tensor.ones(3);
        }
        HostStorage storage = storage(t);
        String message = "tensor: its memory was released with its TensorScope";
        assertThat(storage.isReleased()).isTrue();
        assertThatThrownBy(t::toFloats)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining(message);
        assertThatThrownBy(() -> t.add(1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining(message);
        assertThatThrownBy(t::toINDArray)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining(message);
        assertThatThrownBy(storage::address).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(storage::bytes).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(storage::floats).isInstanceOf(IllegalStateException.class);
        assertThat(t.toString()).isEqualTo("FLOAT32[3] (released)");
    }

    @Test
    void releasingTwiceGivesBackOnce() throws InterruptedException {
        for (boolean managed : new boolean[] {false, true}) {
            releaseTwice(managed);
            System.gc(); // a second owner would give the block back now
            Thread.sleep(50);
            Set<Long> addresses = new HashSet<>();
            List<HostPool.Block> taken = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                HostPool.Block block = POOL.take(777 * 4);
                taken.add(block);
                assertThat(addresses.add(block.address())).isTrue();
            }
            taken.forEach(POOL::give);
        }
    }

    private static void releaseTwice(boolean managed) {
        try (TensorScope scope = TensorScope.open()) {
            HostStorage storage = storage(Tensor.ones(777));
            if (managed) {
                storage.manage();
                storage.manage();
            }
            long pooled = POOL.pooledBytes();
            storage.release();
            storage.release();
            storage.manage();
            assertThat(POOL.pooledBytes()).isEqualTo(pooled + HostPool.sizeClass(777 * 4));
        }
    }

    @Test
    void accessBeyondTheEndIsCaughtThoughTheBlockIsLarger() {
        HostStorage storage = storage(Tensor.ones(3));
        assertThat(storage.bytes().capacity()).isEqualTo(12);
        assertThatThrownBy(() -> storage.floats().get(3)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> Device.cpu().upload(java.nio.ByteBuffer.allocate(8), storage, 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Storage: range must lie in [0, 3), got [2, 4)");
    }

    @Test
    void theGarbageCollectorReturnsWhatNobodyHolds() throws InterruptedException {
        POOL.trim();
        int bytes = 5_000_000;
        long capacity = HostPool.sizeClass(bytes);
        long before = POOL.pooledBytes();
        make(bytes);
        for (int i = 0; i < 200 && POOL.pooledBytes() < before + capacity; i++) {
            System.gc();
            Thread.sleep(10);
        }
        assertThat(POOL.pooledBytes()).isGreaterThanOrEqualTo(before + capacity);
    }

    private static void make(int bytes) {
        Tensor lost = Tensor.empty(Shape.of(bytes), DType.UINT8, Device.cpu());
        assertThat(storage(lost).isManaged()).isTrue();
    }

    /** Twenty gigabytes of tensors outside of any scope, while the heap stays nearly empty and asks for no collection. */
    @Test
    void tensorsOutsideOfScopesDoNotPileUp() {
        POOL.trim();
        long before = POOL.reservedBytes();
        for (int i = 0; i < 200; i++) {
            Tensor.empty(Shape.of(100_000_000), DType.UINT8, Device.cpu());
        }
        assertThat(POOL.reservedBytes() - before).isLessThan(4L << 30);
        POOL.trim();
    }
}
