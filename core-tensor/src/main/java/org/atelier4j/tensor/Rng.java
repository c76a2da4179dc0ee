package org.atelier4j.tensor;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.kernel.Distribution;
import org.atelier4j.tensor.kernel.Philox;
import org.atelier4j.tensor.op.GumbelSoftmax;
import org.jspecify.annotations.Nullable;

/**
 * A stream of random numbers that can be split by name.
 *
 * <p>Philox-4×32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): number i of a stream is a pure
 * function of the stream's key and i, so the bits are the same on one thread or many, on the CPU or a GPU. Splitting
 * gives a stream that is independent of how much was drawn from this one. There is no global stream. A stream remembers
 * how far it was read and belongs to one thread at a time.
 */
public final class Rng {
    private static final ThreadLocal<@Nullable Map<Rng, Long>> WATCH = new ThreadLocal<>();

    private final long key;
    private final @Nullable Rng parent;
    private final @Nullable Object name; // by which it was split from its parent: a String or a Long
    private long position;

    private Rng(long key, long position, @Nullable Rng parent, @Nullable Object name) {
        this.key = key;
        this.position = position;
        this.parent = parent;
        this.name = name;
    }

    /** Returns the stream of a seed. */
    public static Rng of(long seed) {
        return new Rng(seed, 0, null, null);
    }

    /** Returns a stream that continues another, as saved by {@link #key()} and {@link #position()}. */
    public static Rng resume(long key, long position) {
        return new Rng(key, position, null, null);
    }

    /** Returns the stream's key. */
    public long key() {
        return key;
    }

    /** Returns how many 128-bit blocks were drawn. */
    public long position() {
        return position;
    }

    /** Moves the stream to a position, as saved by {@link #position()}. */
    public void seek(long block) {
        Check.that(block >= 0, "Rng.seek: position must be >= 0, got %d", block);
        position = block;
    }

    /** Returns the stream with the given name; the same name gives the same stream. */
    public Rng split(String name) {
        long h = key;
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < bytes.length; i += 8) {
            long word = 0;
            for (int j = i; j < Math.min(i + 8, bytes.length); j++) {
                word |= (bytes[j] & 0xffL) << 8 * (j - i);
            }
            h = Philox.mix(h, word, i + 1L);
        }
        return new Rng(Philox.mix(h, bytes.length, Philox.NAMED), 0, this, name);
    }

    /** Returns the stream with the given number, as for image i of a batch. */
    public Rng split(long index) {
        return new Rng(Philox.mix(key, index, Philox.NUMBERED), 0, this, index);
    }

    /** Returns uniform FLOAT32 numbers on [0, 1). */
    public Tensor uniform(Shape shape) {
        return draw(Distribution.UNIFORM, shape, DType.FLOAT32, Device.current());
    }

    /** Returns normal FLOAT32 numbers, mean 0 and variance 1. */
    public Tensor normal(Shape shape) {
        return draw(Distribution.NORMAL, shape, DType.FLOAT32, Device.current());
    }

    /**
     * Returns normal FLOAT32 numbers of mean 0 and standard deviation 1 before truncation to {@code [−bound, bound]}, by
     * inversion of the distribution function.
     *
     * @param bound in standard deviations, &gt; 0
     */
    public Tensor truncatedNormal(Shape shape, double bound) {
        Check.that(bound > 0, "truncatedNormal: bound must be > 0, got %s", bound);
        double[] u = draw(Distribution.UNIFORM, shape, DType.FLOAT64, Device.current())
                .toDoubles();
        double low = Normal.cumulative(-bound);
        double width = 1 - 2 * low;
        float[] x = new float[u.length];
        for (int i = 0; i < x.length; i++) {
            double value = Normal.quantile(low + width * u[i]);
            x[i] = (float) Math.max(-bound, Math.min(bound, value));
        }
        return Tensor.of(x, shape.dims());
    }

    /** Returns FLOAT32 numbers of the standard Gumbel law, {@code −log(−log u)}. */
    public Tensor gumbel(Shape shape) {
        Tensor u = uniform(shape).clamp(0x1p-25, 1); // 0 would give −∞; uniform numbers end at 1 − 2⁻²⁴
        return u.log().neg().log().neg();
    }

    /** Returns BOOL values that are true with probability {@code p}. */
    public Tensor bernoulli(double p, Shape shape) {
        Check.that(p >= 0 && p <= 1, "bernoulli: p must lie in [0, 1], got %s", p);
        return uniform(shape).less(p);
    }

    /** Returns uniform integers in {@code [0, bound)} as INT32: {@code ⌊bound·bits/2³²⌋}. */
    public Tensor integers(int bound, Shape shape) {
        Check.that(bound > 0, "integers: bound must be > 0, got %d", bound);
        Tensor bits =
                draw(Distribution.BITS, shape, DType.INT32, Device.current()).to(DType.FLOAT64);
        Tensor unsigned = bits.add(bits.less(0).to(DType.FLOAT64).mul(0x1p32));
        return unsigned.mul(bound * 0x1p-32).floor().to(DType.INT32);
    }

    /**
     * Returns one class index per row of {@code logits} (…, K) as INT32 (…), drawn from their softmax by the largest of
     * logits plus Gumbel noise (Gumbel 1954).
     */
    public Tensor categorical(Tensor logits) {
        Shape lead = logits.shape().drop(-1);
        return logits.detach()
                .to(DType.FLOAT32)
                .add(gumbel(logits.shape()))
                .argMax(-1)
                .reshape(lead);
    }

    /**
     * A choice of one in n that has a gradient.
     *
     * @param weights of the classes (…, n)
     * @param largest the class of the first largest weight, INT32 (…)
     */
    public record Choice(Tensor weights, Tensor largest) {}

    /**
     * Returns {@code softmax((logits + g)/temperature)} for logits (…, n), where g is what {@link #gumbel} would return, in one
     * operation that keeps nothing but its result (Jang, Gu, Poole 2017, arXiv:1611.01144, eq. 2).
     *
     * @param logits floating, n ≥ 1
     * @param temperature τ, positive and finite
     */
    public Choice gumbelSoftmax(Tensor logits, double temperature) {
        Check.that(
                temperature > 0 && temperature < Double.POSITIVE_INFINITY,
                "gumbelSoftmax: temperature must be positive and finite, got %s",
                temperature);
        return gumbelSoftmax(
                logits, Tensor.full(temperature, DType.FLOAT64, Shape.scalar()).to(logits.device()));
    }

    /**
     * Does the same at a temperature that another tensor tells, as one that falls from step to step.
     *
     * @param logits floating, n ≥ 1
     * @param temperature τ, a FLOAT64 scalar on the device of the logits, positive and finite, which is not checked; it gets
     *     no gradient
     */
    public Choice gumbelSoftmax(Tensor logits, Tensor temperature) {
        Check.that(
                temperature.dtype() == DType.FLOAT64 && temperature.size() == 1,
                "gumbelSoftmax: temperature must be one FLOAT64 number, got %s %s",
                temperature.dtype(),
                temperature.shape());
        Check.that(logits.dtype().isFloating(), "gumbelSoftmax: logits must be floating, got %s", logits.dtype());
        Check.shape(
                logits.rank() >= 1 && logits.dim(-1) >= 1,
                "gumbelSoftmax: logits must have shape (…, n) with n >= 1, got %s",
                logits.shape());
        Shape lead = logits.shape().drop(-1);
        Tensor largest = Tensor.empty(lead, DType.INT32, logits.device());
        long at = advance((logits.size() + 3) / 4);
        return new Choice(new GumbelSoftmax(temperature.detach(), key, at, largest).apply(logits), largest);
    }

    /** Returns the numbers 0 to n − 1 in random order (Fisher, Yates 1938). */
    public int[] permutation(int n) {
        int[] order = new int[n];
        int[] bits = n == 0
                ? order
                : draw(Distribution.BITS, Shape.of(n), DType.INT32, Device.current())
                        .toInts();
        for (int i = 0; i < n; i++) {
            int j = (int) ((bits[i] & 0xffffffffL) * (i + 1) >>> 32);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }

    /** Returns one uniform double on [0, 1). */
    public double nextDouble() {
        return draw(Distribution.UNIFORM, Shape.scalar(), DType.FLOAT64, Device.current())
                .item();
    }

    /** Returns one uniform integer in {@code [0, bound)}. */
    public int nextInt(int bound) {
        return integers(bound, Shape.scalar()).toInts()[0];
    }

    /** Returns a fill of the given law and type on a device; the same bits on every device for UNIFORM and BITS. */
    public Tensor draw(Distribution distribution, Shape shape, DType dtype, Device device) {
        Tensor t = Tensor.empty(shape, dtype, device);
        int perBlock = dtype == DType.FLOAT64 ? 2 : 4;
        device.kernels().random(distribution, key, advance((shape.size() + perBlock - 1) / perBlock), t);
        return t;
    }

    /** Returns the stream from which this one was split, null if it was not. */
    @Nullable
    Rng parent() {
        return parent;
    }

    /** Returns the name by which this was split from its parent, a String or a Long. */
    @Nullable
    Object name() {
        return name;
    }

    /** Runs a computation and notes the streams that it draws from, each with the position of its first draw, in order. */
    static <T> T watched(Map<Rng, Long> starts, Supplier<T> body) {
        Map<Rng, Long> outer = WATCH.get();
        WATCH.set(starts);
        try {
            return body.get();
        } finally {
            WATCH.set(outer);
            if (outer != null) {
                starts.forEach(outer::putIfAbsent);
            }
        }
    }

    private long advance(long blocks) {
        Map<Rng, Long> watch = WATCH.get();
        if (watch != null) {
            watch.putIfAbsent(this, position);
        }
        long at = position;
        position += blocks;
        return at;
    }

    /**
     * The streams that a computation draws from and where they stood, so that it can be run again with the same numbers:
     * what gradient checkpointing needs.
     */
    public static final class Replay {
        private final Map<Rng, Long> starts = new LinkedHashMap<>();

        /** Runs a computation and notes where its streams stood. */
        public <T> T record(Supplier<T> body) {
            return watched(starts, body);
        }

        /** Runs it again from the same positions; afterwards the streams stand where they stood before this call. */
        public <T> T repeat(Supplier<T> body) {
            Map<Rng, Long> now = new LinkedHashMap<>();
            starts.forEach((rng, start) -> {
                now.put(rng, rng.position);
                rng.position = start;
            });
            try {
                return body.get();
            } finally {
                now.forEach((rng, position) -> rng.position = position);
            }
        }
    }
}
