package org.atelier4j.train;

import java.util.function.LongToDoubleFunction;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.kernel.HostNumber;

/**
 * A number that the host computes from the number of the training step, as a temperature that falls, for kernels to read.
 * Where a {@link CapturedStep} records the step, each replay finds there the number of its own step; an ordinary Java number
 * would stay that of the recording.
 */
public final class StepNumber {
    private StepNumber() {}

    /**
     * Returns {@code f(step)} as a FLOAT64 scalar on the current device.
     *
     * @param step number of the present step, which the next run follows by one
     */
    public static Tensor of(long step, LongToDoubleFunction f) {
        Device device = Device.current();
        HostNumber now = new HostNumber(f.applyAsDouble(step));
        long[] last = {step};
        device.renew(now, () -> new HostNumber(f.applyAsDouble(++last[0])));
        Tensor t = Tensor.empty(Shape.scalar(), DType.FLOAT64, device);
        device.kernels().fill(now, t);
        return t;
    }
}
