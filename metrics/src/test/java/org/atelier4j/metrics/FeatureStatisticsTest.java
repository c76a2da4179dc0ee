package org.atelier4j.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.atelier4j.tensor.TensorAssert.assertThat;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.atelier4j.io.MalformedFileException;
import org.atelier4j.io.Npz;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.GoldenFile;
import org.atelier4j.tensor.ShapeException;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FeatureStatisticsTest {
    private final GoldenFile golden = GoldenFile.load("golden/features.safetensors");

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 39, 40})
    void meanAndCovarianceAreNumPysForBatchesOfAnySize(int batch) {
        FeatureStatistics s = inBatches(golden.tensor("moments.x"), batch);

        assertThat(s.count()).isEqualTo(40);
        assertThat(s.mean()).isCloseTo(golden.tensor("moments.mu"), 1e-14, 0);
        assertThat(s.covariance()).isCloseTo(golden.tensor("moments.sigma"), 1e-6, 1e-15); // 1e-6 of 1e4 is noise
    }

    @Test
    void mergedPartsAreTheWhole() {
        Tensor x = Laws.normal(50, 6, 1);
        FeatureStatistics whole = inBatches(x, 50);
        FeatureStatistics left = inBatches(x.slice(0, 0, 13), 13);

        left.merge(inBatches(x.slice(0, 13, 37), 5));

        assertThat(left.count()).isEqualTo(50);
        assertThat(left.mean()).isCloseTo(whole.mean(), 1e-13, 1e-15);
        assertThat(left.covariance()).isCloseTo(whole.covariance(), 1e-12, 1e-14);
    }

    @Test
    void mergingWithNothingChangesNothing() {
        FeatureStatistics s = inBatches(Laws.normal(9, 3, 2), 9);
        Tensor before = s.covariance();

        s.merge(FeatureStatistics.of("test", "", 3));

        assertThat(s.count()).isEqualTo(9);
        assertThat(s.covariance()).isIdenticalTo(before);
    }

    @Test
    void fewerImagesThanFeaturesGiveASingularCovarianceThatIsRight() {
        FeatureStatistics s = inBatches(golden.tensor("frechet.few.x"), 3); // 10 rows of 24
        Tensor x = golden.tensor("frechet.few.x");
        Tensor centered = x.sub(x.mean(0));

        assertThat(s.covariance())
                .isCloseTo(centered.matmul(centered, true, false).div(9), 1e-12, 1e-15);
    }

    @Test
    void aFileGivesBackWhatWasSaved() {
        Path file = folder.resolve("s.npz");
        FeatureStatistics s = FeatureStatistics.of("fm-net", "abc", 4);
        s.add(Laws.normal(12, 4, 3).to(DType.FLOAT32));
        s.save(file);

        FeatureStatistics loaded = FeatureStatistics.load(file, "fm-net", "abc");
        loaded.add(Laws.normal(5, 4, 4));
        s.add(Laws.normal(5, 4, 4));

        assertThat(loaded.count()).isEqualTo(17);
        assertThat(loaded.mean()).isIdenticalTo(s.mean());
        assertThat(loaded.covariance()).isCloseTo(s.covariance(), 1e-14, 1e-16);
        assertThat(Npz.read(file).keySet()).contains("mu", "sigma");
    }

    @Test
    void aFileOfPytorchFidIsReadButCannotGrow() {
        Path file = folder.resolve("fid.npz");
        FeatureStatistics s = inBatches(Laws.normal(12, 4, 3), 12);
        Map<String, Tensor> arrays = new LinkedHashMap<>();
        arrays.put("mu", s.mean());
        arrays.put("sigma", s.covariance());
        Npz.write(file, arrays);

        FeatureStatistics loaded = FeatureStatistics.load(file, "test", "");

        assertThat(loaded.covariance()).isIdenticalTo(s.covariance());
        assertThat(loaded.mean()).isIdenticalTo(s.mean());
        assertThat(loaded.count()).isEqualTo(-1);
        assertThat(FrechetDistance.between(s, loaded)).isLessThan(1e-10);
        assertThatThrownBy(() -> loaded.add(Laws.normal(2, 4, 1)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("FeatureStatistics: the file did not say of how many images, so none can be added");
    }

    @Test
    void filesOfAnotherNetworkOrWithoutItsArraysAreRefused() {
        Path file = folder.resolve("s.npz");
        FeatureStatistics s = FeatureStatistics.of("fm-net", "abc", 4);
        s.add(Laws.normal(12, 4, 3));
        s.save(file);

        assertThatThrownBy(() -> FeatureStatistics.load(file, "inception", "abc"))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageEndingWith("statistics must be of inception abc, got fm-net abc");

        Path empty = folder.resolve("empty.npz");
        Npz.write(empty, Map.of("mu", s.mean()));
        assertThatThrownBy(() -> FeatureStatistics.load(empty, "fm-net", "abc"))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageEndingWith("arrays mu and sigma must be there, got [mu]");

        Path crooked = folder.resolve("crooked.npz");
        Npz.write(crooked, Map.of("mu", s.mean(), "sigma", Laws.normal(4, 3, 1)));
        assertThatThrownBy(() -> FeatureStatistics.load(crooked, "fm-net", "abc"))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageEndingWith("sigma must be [4, 4], got [4, 3]");

        Path poisoned = folder.resolve("poisoned.npz");
        Npz.write(poisoned, Map.of("mu", s.mean(), "sigma", s.covariance().mul(Double.NaN)));
        assertThatThrownBy(() -> FeatureStatistics.load(poisoned, "fm-net", "abc"))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageEndingWith("numbers must be finite, got others");
    }

    @Test
    void badFeaturesAreRefused() {
        FeatureStatistics s = FeatureStatistics.of("net", "", 2);
        s.add(Laws.normal(3, 2, 1));

        assertThatThrownBy(() -> s.add(Tensor.zeros(3, 4)))
                .isInstanceOf(ShapeException.class)
                .hasMessage("FeatureStatistics: features must be (N, 2), got [3, 4]");
        assertThatThrownBy(() -> s.add(Tensor.of(new float[] {1, 2, Float.NaN, 4}, 2, 2)))
                .hasMessage("net: features must be finite, got NaN in the features of image 4");
        assertThatThrownBy(() -> s.add(Tensor.of(new float[] {1, Float.NEGATIVE_INFINITY}, 1, 2)))
                .hasMessage("net: features must be finite, got infinity in the features of image 3");
        assertThatThrownBy(() -> s.merge(FeatureStatistics.of("other", "", 2)))
                .hasMessage(
                        "FeatureStatistics.merge: both sets of features must come from one network, got net (no hash)"
                                + " and other (no hash)");
        assertThat(s.count()).isEqualTo(3);
    }

    @Test
    void tooFewImagesHaveNoCovariance() {
        FeatureStatistics s = FeatureStatistics.of("net", "", 2);
        assertThatThrownBy(s::mean).hasMessage("FeatureStatistics.mean: at least 1 images are needed, got 0");

        s.add(Laws.normal(1, 2, 1));
        assertThatThrownBy(s::covariance)
                .hasMessage("FeatureStatistics.covariance: at least 2 images are needed, got 1");
    }

    static FeatureStatistics inBatches(Tensor x, int batch) {
        FeatureStatistics s = FeatureStatistics.of("test", "", x.dim(1));
        for (int i = 0; i < x.dim(0); i += batch) {
            s.add(x.slice(0, i, Math.min(batch, x.dim(0) - i)));
        }
        return s;
    }
}
