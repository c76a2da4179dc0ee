package org.atelier4j.metrics.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.data.Percentage;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.TensorScope;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Inception2015Test {
    private static Inception2015 net;

    @TempDir
    Path folder;

    @BeforeAll
    static void make() {
        net = Inception2015.of(Hashed.of("inception-2015", Graphs.inception()));
    }

    @Test
    void everyBlockEqualsTheReferenceWithTheSameWeights() {
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> trace = net.trace(golden("images"));
            TensorAssert.assertThat(Samples.every(trace.remove("input"), 23, 29, 1))
                    .isCloseTo(golden("input"), 0, 1e-6);
            assertThat(trace.keySet())
                    .contains("Mixed_5b", "Mixed_5c", "Mixed_5d", "Mixed_6a", "Mixed_6b", "Mixed_6c", "Mixed_6d")
                    .contains("Mixed_6e", "Mixed_7a", "Mixed_7b", "Mixed_7c");
            trace.forEach((name, y) -> {
                double size = golden("scale." + name).item();
                assertThat(y.abs().mean().item()).as("size of %s", name).isCloseTo(size, byPart(1e-4));
                int rows = Math.max(1, y.dim(1) / 3);
                TensorAssert.assertThat(Samples.every(y, rows, rows, y.dim(3) / 16))
                        .as("block %s", name)
                        .isCloseTo(golden(name), 1e-3, 2e-4 * size);
            });
        }
    }

    @Test
    void featuresAndLogitsEqualTheReference() {
        Tensor features = net.features(golden("images"));
        TensorAssert.assertThat(features).hasShape(2, 2048);
        TensorAssert.assertThat(every16(features)).isCloseTo(golden("features"), 1e-3, 1e-4);
        Tensor logits = net.logits(features);
        TensorAssert.assertThat(logits).hasShape(2, 1008);
        TensorAssert.assertThat(every16(logits)).isCloseTo(golden("logits"), 1e-3, 2e-3);
    }

    @Test
    void featuresOfEachDepthAreTheMeansOfItsMap() {
        List<Tensor> maps = net.maps(golden("images"));
        Inception2015.Tap[] taps = Inception2015.Tap.values();
        assertThat(maps).hasSize(taps.length);
        for (int i = 0; i < taps.length; i++) {
            Inception2015 at = net.at(taps[i]);
            TensorAssert.assertThat(at.features(golden("images")))
                    .hasShape(2, at.width())
                    .isCloseTo(maps.get(i).mean(1, 2).reshape(2, at.width()), 1e-5, 1e-6);
        }
        assertThat(taps).extracting(t -> net.at(t).width()).containsExactly(64, 192, 768, 2048);
    }

    @Test
    void onlyThePublishedWeightsMakeItFid() {
        assertThat(Inception2015.isFid(net)).isFalse();
        assertThat(net.name()).isEqualTo("inception-2015-other-weights");
        Map<String, Tensor> same = new LinkedHashMap<>();
        Graphs.inception().forEach((name, dims) -> same.put(name, Tensor.zeros(dims)));
        Inception2015 published =
                Inception2015.of(new Weights("inception-2015", "a test", same, Inception2015.PUBLISHED_HASH));
        assertThat(Inception2015.isFid(published)).isTrue();
        assertThat(published.name()).isEqualTo("inception-2015");
        assertThat(Inception2015.isFid(published.at(Inception2015.Tap.MIXED_768)))
                .isFalse();
        assertThat(published.at(Inception2015.Tap.MIXED_768).name()).isEqualTo("inception-2015-768");
        assertThat(Inception2015.isFid(EfficientNetLite0.load())).isFalse();
    }

    @Test
    void refusesAFileThatIsNotThePublishedOne() {
        Map<String, Tensor> all = new LinkedHashMap<>();
        Graphs.inception().forEach((name, dims) -> all.put(name, Tensor.zeros(dims)));
        all.put("Mixed_5b.branch1x1.bn.num_batches_tracked", Tensor.scalar(1));
        Path file = Samples.write(folder.resolve("other.safetensors"), all);
        assertThatThrownBy(() -> Inception2015.load(file))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("inception-2015: the published weights have SHA-256 6726825d0af5f729")
                .hasMessageContaining("loadOther takes others, and their numbers are no FID");
        assertThat(Inception2015.loadOther(file).name()).isEqualTo("inception-2015-other-weights");
    }

    @Test
    void namesTensorsThatTorchvisionsNetworkHasOtherwise() {
        Map<String, Tensor> all = new LinkedHashMap<>();
        Graphs.inception().forEach((name, dims) -> all.put(name, Tensor.zeros(dims)));
        all.put("fc.weight", Tensor.zeros(1000, 2048));
        all.remove("Mixed_7c.branch_pool.conv.weight");
        Weights weights = new Weights("inception-2015", "a test", all, "");
        assertThatThrownBy(() -> Inception2015.of(weights))
                .hasMessage("inception-2015: these are not its weights, a test: 1 missing:"
                        + " Mixed_7c.branch_pool.conv.weight; fc.weight must be [1008, 2048], got FLOAT32[1000,"
                        + " 2048]");
    }

    @Test
    void saysWhereThePublishedWeightsBelong() {
        assertThatThrownBy(() -> Weights.cached("inception-2015", "no-such-file.pth"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith(
                        "inception-2015: its weights are not on this machine. Put no-such-file.pth into ")
                .hasMessageContaining("ATELIER_DATA");
    }

    @Test
    void resizesAsTensorFlowOneDid() {
        Tensor x = Tensor.of(new float[] {0, 1, 2, 3}, 1, 1, 4, 1);
        TensorAssert.assertThat(TensorFlowResize.bilinear(x, 1, 8)).hasValues(0, 0.5, 1, 1.5, 2, 2.5, 3, 3);
        TensorAssert.assertThat(TensorFlowResize.bilinear(x, 1, 2)).hasValues(0, 2); // skips pixels, as it did
        TensorAssert.assertThat(TensorFlowResize.bilinear(x, 1, 4)).isEqualTo(x);
    }

    private static Percentage byPart(double part) {
        return Percentage.withPercentage(100 * part);
    }

    private static Tensor every16(Tensor rows) {
        return Samples.every(rows.reshape(rows.dim(0), 1, 1, rows.dim(1)), 1, 1, 16)
                .reshape(rows.dim(0), rows.dim(1) / 16);
    }

    private static Tensor golden(String name) {
        return Samples.GOLDEN.tensor("inception." + name);
    }
}
