package org.atelier4j.metrics;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.atelier4j.io.MalformedFileException;
import org.atelier4j.io.Npz;
import org.atelier4j.model.FeatureExtractor;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;

/**
 * Mean and covariance of features, gathered batch by batch in double precision; what {@link FrechetDistance} compares.
 *
 * <p>Chan, Golub, LeVeque 1979, "Updating formulae and a pairwise algorithm for computing sample variances", eq. 2.1, for
 * matrices: with S the sum of squares about the mean, two sets of n and m rows have together
 * {@code S = S_a + S_b + δδᵀ·nm/(n + m)}, δ = μ_b − μ_a. No difference of large sums ever appears, so features far from zero
 * lose nothing, and statistics of parts {@linkplain #merge merge} to those of the whole.
 *
 * <p>The file is a NumPy archive with {@code mu} and {@code sigma}, as pytorch-fid reads and writes it, and beside them
 * {@code count}, {@code extractor} and {@code hash} (UTF-8 bytes), which pytorch-fid ignores.
 */
public final class FeatureStatistics {
    private static final long UNKNOWN = -1;

    private final String extractor;
    private final String hash;
    private final double[] mean; // μ
    private final double[] squares; // S (D, D)
    private long count;

    private FeatureStatistics(String extractor, String hash, double[] mean, double[] squares, long count) {
        this.extractor = extractor;
        this.hash = hash;
        this.mean = mean;
        this.squares = squares;
        this.count = count;
    }

    /** Returns statistics of no images yet. */
    public static FeatureStatistics of(FeatureExtractor extractor) {
        return of(extractor.name(), extractor.hash(), extractor.width());
    }

    /**
     * Returns statistics of no images yet.
     *
     * @param extractor the network's name
     * @param hash the network's hash, or "" where there is none
     * @param width D, the number of features, ≥ 1
     */
    public static FeatureStatistics of(String extractor, String hash, int width) {
        Check.that(width >= 1, "FeatureStatistics: width must be >= 1, got %d", width);
        return new FeatureStatistics(extractor, hash, new double[width], new double[width * width], 0);
    }

    /** Adds features (N, D), FLOAT32 or FLOAT64. */
    public void add(Tensor features) {
        Check.shape(
                features.rank() == 2 && features.dim(1) == width(),
                "FeatureStatistics: features must be (N, %d), got %s",
                width(),
                features.shape());
        checkGrowing();
        if (features.dim(0) == 0) {
            return;
        }
        Rows.checkFinite(extractor, features, count);
        try (TensorScope scope = TensorScope.open();
                NoGrad off = NoGrad.open()) {
            Tensor x = features.detach().to(DType.FLOAT64); // (N, D)
            Tensor mu = x.mean(0); // (1, D)
            Tensor centered = x.sub(mu);
            double[] s = centered.matmul(centered, true, false).toDoubles(); // (D, D)
            combine(mu.toDoubles(), s, features.dim(0));
        }
    }

    /** Adds all that another one has seen. */
    public void merge(FeatureStatistics other) {
        Rows.checkSameNetwork("FeatureStatistics.merge", extractor, hash, other.extractor, other.hash);
        Check.shape(
                width() == other.width(),
                "FeatureStatistics.merge: widths must be equal, got %d and %d",
                width(),
                other.width());
        checkGrowing();
        other.checkGrowing();
        combine(other.mean, other.squares, other.count);
    }

    private void checkGrowing() {
        Check.state(
                count != UNKNOWN, "FeatureStatistics: the file did not say of how many images, so none can be added");
    }

    /** Chan et al. 1979, eq. 2.1. */
    private void combine(double[] mu, double[] s, long m) {
        if (m == 0) {
            return;
        }
        int d = width();
        double total = (double) count + m;
        double weight = count * (m / total); // nm/(n + m)
        double[] delta = new double[d];
        Arrays.setAll(delta, i -> mu[i] - mean[i]);
        for (int i = 0; i < d; i++) {
            double wi = weight * delta[i];
            for (int j = 0, at = i * d; j < d; j++, at++) {
                squares[at] += s[at] + wi * delta[j];
            }
            mean[i] += delta[i] * (m / total);
        }
        count += m;
    }

    /** Returns the network's name. */
    public String extractor() {
        return extractor;
    }

    /** Returns the network's hash, "" where it is not known. */
    public String hash() {
        return hash;
    }

    /** Returns D, the number of features. */
    public int width() {
        return mean.length;
    }

    /** Returns the number of images, −1 where a file did not say. */
    public long count() {
        return count;
    }

    /** Returns μ, FLOAT64 (D). */
    public Tensor mean() {
        Rows.checkCount("FeatureStatistics.mean", count == UNKNOWN ? 1 : count, 1);
        return Tensor.of(mean, width());
    }

    /** Returns Σ, FLOAT64 (D, D), the unbiased estimate (divided by N − 1); singular where N ≤ D. */
    public Tensor covariance() {
        double[] sigma = squares.clone();
        if (count != UNKNOWN) {
            Rows.checkCount("FeatureStatistics.covariance", count, 2);
            double scale = 1.0 / (count - 1);
            Arrays.setAll(sigma, i -> squares[i] * scale);
        }
        return Tensor.of(sigma, width(), width());
    }

    /** Writes a file that this class and pytorch-fid read. */
    public void save(Path path) {
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> arrays = new LinkedHashMap<>();
            arrays.put("mu", mean());
            arrays.put("sigma", covariance());
            arrays.put("count", Tensor.of(new long[] {count}, 1));
            arrays.put("extractor", text(extractor));
            arrays.put("hash", text(hash));
            Npz.write(path, arrays);
        }
    }

    /**
     * Reads a file of this class or of pytorch-fid; the latter knows neither count nor network, so that its network is the
     * one the caller says.
     *
     * @param extractor the name of the network whose features are expected
     * @param hash its hash
     * @throws MalformedFileException if it is none, or of another network
     */
    public static FeatureStatistics load(Path path, String extractor, String hash) {
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> arrays = Npz.read(path);
            Tensor mu = array(path, arrays, "mu");
            Tensor sigma = array(path, arrays, "sigma");
            check(mu.rank() == 1 && mu.size() > 0, path, "mu must be (D), got " + mu.shape());
            Shape square = Shape.of(mu.dim(0), mu.dim(0));
            check(sigma.shape().equals(square), path, "sigma must be " + square + ", got " + sigma.shape());
            checkNumbers(path, sigma, mu);
            String madeBy = text(arrays, "extractor", extractor);
            String madeWith = text(arrays, "hash", hash);
            check(
                    madeBy.equals(extractor) && madeWith.equals(hash),
                    path,
                    "statistics must be of " + extractor + " " + hash + ", got " + madeBy + " " + madeWith);
            long n = arrays.containsKey("count") ? (long) arrays.get("count").item() : UNKNOWN;
            check(n == UNKNOWN || n >= 2, path, "count must be >= 2, got " + n);
            double[] squares = sigma.toDoubles();
            if (n != UNKNOWN) {
                Arrays.setAll(squares, i -> squares[i] * (n - 1));
            }
            return new FeatureStatistics(extractor, hash, mu.toDoubles(), squares, n);
        }
    }

    private static Tensor array(Path path, Map<String, Tensor> arrays, String name) {
        Tensor array = arrays.get(name);
        if (array == null) {
            throw new MalformedFileException(path, "arrays mu and sigma must be there, got " + arrays.keySet());
        }
        return array;
    }

    private static void checkNumbers(Path path, Tensor... arrays) {
        for (Tensor a : arrays) {
            check(Double.isFinite(a.to(DType.FLOAT64).sum().item()), path, "numbers must be finite, got others");
        }
    }

    private static void check(boolean condition, Path path, String message) {
        if (!condition) {
            throw new MalformedFileException(path, message);
        }
    }

    private static Tensor text(String value) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        return Tensor.of(bytes, bytes.length);
    }

    private static String text(Map<String, Tensor> arrays, String name, String absent) {
        Tensor bytes = arrays.get(name);
        if (bytes == null) {
            return absent;
        }
        int[] values = bytes.toInts();
        byte[] raw = new byte[values.length];
        for (int i = 0; i < raw.length; i++) {
            raw[i] = (byte) values[i];
        }
        return new String(raw, StandardCharsets.UTF_8);
    }
}
