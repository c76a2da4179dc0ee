package org.atelier4j.tensor;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.atelier4j.tensor.autograd.NoGrad;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.device.DeviceScope;
import org.atelier4j.tensor.device.cuda.CudaDevice;
import org.atelier4j.tensor.device.cuda.CudaGraph;
import org.jspecify.annotations.Nullable;

/**
 * A function of tensors that a card computes as one graph: its kernels are recorded, and a call then launches all of them at
 * once, where launching each would take longer than many of them run. On the host it is the function itself.
 *
 * <pre>{@code
 * try (CapturedFunction decode = new CapturedFunction(in -> decoder.forward(in.get(0)))) {
 *     Tensor images = decode.apply(List.of(latents));
 * }
 * }</pre>
 *
 * <p>The first call with inputs of some shapes and types computes kernel by kernel, for which kernels are compiled; the second
 * is recorded. The last {@value #MOST} sets of shapes are remembered, each with memory for all that the function makes.
 * Results are new tensors, outside of the gradient's graph.
 *
 * <p>What the function reads beside its inputs, as the weights of a model, is read where it lay when it was recorded: change
 * it by {@link Tensor#assign}, and close this before it is released. The function must depend on its inputs alone: it may
 * neither read results nor draw random numbers, which would be the same in every call. Calls from several threads take
 * turns.
 */
public final class CapturedFunction implements AutoCloseable {
    private static final int MOST = 8;

    private final Function<List<@Nullable Tensor>, Tensor> function;
    private final Map<List<@Nullable Kind>, @Nullable Recording> recordings = new LinkedHashMap<>(16, 0.75f, true);
    private boolean closed;

    /**
     * Prepares a function; nothing is computed yet.
     *
     * @param function of a list as long as that of each call, null where an input is missing
     */
    public CapturedFunction(Function<List<@Nullable Tensor>, Tensor> function) {
        this.function = function;
    }

    /** What a recording depends on. */
    private record Kind(Device device, Shape shape, DType dtype) {}

    /** A graph with the memory that it reads and writes. */
    private record Recording(CudaGraph graph, List<@Nullable Tensor> inputs, Tensor result) {}

    /**
     * Returns the function's value.
     *
     * @param inputs all on one device; some may be missing, null
     */
    public Tensor apply(List<@Nullable Tensor> inputs) {
        Device device = inputs.stream()
                .filter(Objects::nonNull)
                .map(Tensor::device)
                .findFirst()
                .orElseGet(Device::current);
        if (device instanceof CudaDevice card) {
            return apply(card, inputs);
        }
        try (NoGrad off = NoGrad.open()) {
            return function.apply(inputs);
        }
    }

    private synchronized Tensor apply(CudaDevice card, List<@Nullable Tensor> inputs) {
        Check.state(!closed, "CapturedFunction: must be open to be applied, was closed");
        List<@Nullable Kind> kinds = inputs.stream()
                .<@Nullable Kind>map(x -> x == null ? null : new Kind(x.device(), x.shape(), x.dtype()))
                .toList();
        boolean met = recordings.containsKey(kinds);
        Recording recording = recordings.get(kinds);
        try (NoGrad off = NoGrad.open();
                DeviceScope there = DeviceScope.open(card)) {
            if (!met) {
                Tensor result = function.apply(inputs);
                remember(kinds, null);
                return result;
            }
            if (recording == null) {
                recording = TensorScope.outside(() -> record(card, inputs));
                remember(kinds, recording);
            }
            for (int i = 0; i < inputs.size(); i++) {
                Tensor place = recording.inputs().get(i);
                if (place != null) {
                    place.assign(inputs.get(i));
                }
            }
            recording.graph().replay();
            return recording.result().copy();
        }
    }

    private Recording record(CudaDevice card, List<@Nullable Tensor> inputs) {
        List<@Nullable Tensor> places = inputs.stream()
                .<@Nullable Tensor>map(x -> x == null ? null : Tensor.empty(x.shape(), x.dtype(), card))
                .toList();
        Tensor[] result = new Tensor[1];
        CudaGraph graph = card.capture(() -> {
            try (TensorScope scope = TensorScope.open()) {
                result[0] = scope.keep(function.apply(places));
            }
        });
        try {
            graph.draw(draw -> {
                throw new IllegalStateException(
                        "CapturedFunction: the function must not draw random numbers, got a draw of" + " key "
                                + draw.key());
            });
            return new Recording(graph, places, result[0]);
        } catch (IllegalStateException e) {
            graph.close();
            throw e;
        }
    }

    private void remember(List<@Nullable Kind> kinds, @Nullable Recording recording) {
        recordings.put(kinds, recording);
        if (recordings.size() > MOST) {
            List<@Nullable Kind> oldest = recordings.keySet().iterator().next();
            free(recordings.remove(oldest));
        }
    }

    private static void free(@Nullable Recording recording) {
        if (recording != null) {
            recording.graph().close();
            TensorScope.discard(recording.result());
            recording.inputs().stream().filter(Objects::nonNull).forEach(TensorScope::discard);
        }
    }

    /** Frees all recordings. */
    @Override
    public synchronized void close() {
        closed = true;
        recordings.values().forEach(CapturedFunction::free);
        recordings.clear();
    }
}
