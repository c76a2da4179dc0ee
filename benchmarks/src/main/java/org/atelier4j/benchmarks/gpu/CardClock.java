package org.atelier4j.benchmarks.gpu;

import org.atelier4j.tensor.device.cuda.CudaDevice;
import org.atelier4j.tensor.device.cuda.CudaEvent;

/** Times work by the card's own clock. */
final class CardClock {
    private CardClock() {}

    /** Returns the milliseconds of one of {@code runs} runs, after two that compile and record what they need. */
    static double millis(CudaDevice card, Runnable work, int runs) {
        work.run();
        work.run();
        card.synchronize();
        try (CudaEvent start = card.event();
                CudaEvent end = card.event()) {
            start.record();
            for (int i = 0; i < runs; i++) {
                work.run();
            }
            end.record();
            end.await();
            return end.millisSince(start) / runs;
        }
    }
}
