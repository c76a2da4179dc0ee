package org.atelier4j.tensor.kernel.cuda;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.cuda.CudaDevice;
import org.atelier4j.tensor.device.cuda.CudaGraph;
import org.atelier4j.tensor.device.cuda.Launch;
import org.atelier4j.tensor.kernel.Distribution;
import org.atelier4j.tensor.kernel.HostNumber;
import org.atelier4j.tensor.kernel.UpdateRule;
import org.jspecify.annotations.Nullable;

/** Launches {@code random.cu} and {@code training.cu}. */
final class Training {
    private static final int THREADS = 256;
    private static final int CHUNK = 4096;
    static final int FEW = 80; // tensors whose addresses and sizes fit into 4,096 bytes of arguments
    static final int MANY = 640; // into 32,764 bytes
    private static final int LONG_ARGUMENTS = 12010; // the first CUDA that takes so many

    private final CudaDevice device;
    private final int most;

    Training(CudaDevice device) {
        this(
                device,
                Math.min(device.properties().driver(), device.properties().compiler()) >= LONG_ARGUMENTS ? MANY : FEW);
    }

    /** Launches kernels for at most so many tensors, {@link #FEW} or {@link #MANY}. */
    Training(CudaDevice device, int most) {
        this.device = device;
        this.most = most;
    }

    /** Returns the compiler option that makes room for so many tensors. */
    static List<String> room(int tensors) {
        return List.of("-DTENSORS=" + tensors);
    }

    void random(Distribution law, long key, long position, Tensor out) {
        boolean bits = law == Distribution.BITS;
        Check.that(
                bits ? out.dtype() == DType.INT32 : out.dtype().isFloating(),
                "random: dtype must be %s for %s, got %s",
                bits ? "INT32" : "floating",
                law,
                out.dtype());
        String kernel = law + "_" + out.dtype();
        long turns = out.dtype() == DType.FLOAT64 ? (out.size() + 1) / 2 : (out.size() + 3) / 4;
        long target = Launch.address(out, 0); // a replay writes there when the tensor is long forgotten
        long size = out.size();
        Function<CudaGraph.Draw, Launch> launch = draw -> Code.RANDOM
                .kernel(device, kernel)
                .with()
                .int64(draw.key())
                .int64(draw.position())
                .pointer(target)
                .int64(size);
        CudaGraph.Draw draw = new CudaGraph.Draw(key, position);
        launch.apply(draw).forElements(turns);
        if (turns > 0) {
            device.note(draw, device.blocksFor(turns, THREADS), THREADS, launch);
        }
    }

    // --- many tensors at a time -------------------------------------------------------------------------------------

    /** Some tensors of each of up to four lists, as the struct {@code Tensors} of the kernels. */
    private record Batch(DType dtype, long[] struct, int tensors, long chunks) {}

    /** Cuts parallel lists into batches of tensors of one type, as many as a launch takes, without empty tensors. */
    private List<Batch> batches(List<List<Tensor>> lists) {
        List<Batch> batches = new ArrayList<>();
        List<Tensor> first = lists.get(0);
        for (int at = 0; at < first.size(); ) {
            DType dtype = first.get(at).dtype();
            long[] struct = new long[6 * most];
            int n = 0;
            long chunks = 0;
            for (; at < first.size() && n < most && first.get(at).dtype() == dtype; at++) {
                long size = first.get(at).size();
                if (size > 0) {
                    for (int list = 0; list < lists.size(); list++) {
                        struct[list * most + n] = Launch.address(lists.get(list).get(at), 0);
                    }
                    struct[4 * most + n] = size;
                    struct[5 * most + n] = chunks;
                    chunks += (size + CHUNK - 1) / CHUNK;
                    n++;
                }
            }
            if (n > 0) {
                batches.add(new Batch(dtype, struct, n, chunks));
            }
        }
        return batches;
    }

    private Launch begin(String kernel, Batch batch) {
        return Code.TRAINING
                .kernel(device, batch.dtype(), room(most), kernel)
                .with()
                .struct(batch.struct())
                .int64(batch.tensors())
                .int64(batch.chunks());
    }

    private void run(Launch launch, Batch batch) {
        launch.run(device.blocksFor(batch.chunks(), 1), 1, 1, THREADS);
    }

    void sumOfSquares(List<Tensor> tensors, Tensor total) {
        List<Batch> batches = batches(List.of(tensors));
        long blocks =
                batches.stream().mapToLong(b -> device.blocksFor(b.chunks(), 1)).sum();
        try (TensorScope scope = TensorScope.open()) {
            Tensor parts = Tensor.empty(Shape.of(Math.toIntExact(blocks)), DType.FLOAT64, device);
            long at = 0;
            for (Batch batch : batches) {
                run(begin("SQUARES", batch).tensor(parts, at), batch);
                at += device.blocksFor(batch.chunks(), 1);
            }
            Code.TRAINING
                    .kernel(device, DType.FLOAT64, room(most), "TOTAL")
                    .with()
                    .tensor(parts)
                    .tensor(total)
                    .int64(blocks)
                    .run(1, 1, 1, THREADS);
        }
    }

    void update(
            UpdateRule rule,
            List<Tensor> parameters,
            List<Tensor> gradients,
            List<List<Tensor>> state,
            @Nullable Tensor scale) {
        int n = parameters.size();
        Check.that(
                gradients.size() == n
                        && state.size() == rule.slots()
                        && state.stream().allMatch(s -> s.size() == n),
                "update: there must be one gradient and %d state tensors per parameter, got %d gradients for %d",
                rule.slots(),
                gradients.size(),
                n);
        List<List<Tensor>> lists = new ArrayList<>(List.of(parameters, gradients));
        lists.addAll(state);
        long factor = scale == null ? 0 : Launch.address(scale, 0); // a replay reads it there
        for (Batch batch : batches(lists)) {
            Function<UpdateRule, Launch> launch = r -> withNumbers(r, batch).pointer(factor);
            run(launch.apply(rule), batch);
            device.note(rule, device.blocksFor(batch.chunks(), 1), THREADS, launch);
        }
    }

    /** Returns the launch of a rule's kernel with all its arguments but the factor on gradients. */
    private Launch withNumbers(UpdateRule rule, Batch batch) {
        if (rule instanceof UpdateRule.Sgd r) {
            return begin("SGD", batch)
                    .float64(r.rate())
                    .float64(r.momentum())
                    .float64(r.decay())
                    .int32(r.nesterov() ? 1 : 0);
        }
        if (rule instanceof UpdateRule.Adam r) {
            return begin("ADAM", batch)
                    .float64(r.rate())
                    .float64(r.beta1())
                    .float64(r.beta2())
                    .float64(r.eps())
                    .float64(r.decay())
                    .int32(r.decoupled() ? 1 : 0)
                    .float64(r.correction1())
                    .float64(r.correction2());
        }
        if (rule instanceof UpdateRule.RmsProp r) {
            return begin("RMSPROP", batch)
                    .float64(r.rate())
                    .float64(r.alpha())
                    .float64(r.eps())
                    .float64(r.momentum())
                    .float64(r.decay());
        }
        UpdateRule.Lion r = (UpdateRule.Lion) rule;
        return begin("LION", batch)
                .float64(r.rate())
                .float64(r.beta1())
                .float64(r.beta2())
                .float64(r.decay());
    }

    void lerp(List<Tensor> targets, List<Tensor> sources, HostNumber weight) {
        Check.that(
                targets.size() == sources.size(),
                "lerp: there must be as many sources as targets, got %d and %d",
                sources.size(),
                targets.size());
        for (Batch batch : batches(List.of(targets, sources))) {
            Function<HostNumber, Launch> launch = w -> begin("LERP", batch).float64(w.value());
            run(launch.apply(weight), batch);
            device.note(weight, device.blocksFor(batch.chunks(), 1), THREADS, launch);
        }
    }
}
