package org.atelier4j.examples;

import java.nio.file.Path;
import org.atelier4j.data.Dataset;
import org.atelier4j.data.Datasets;
import org.atelier4j.data.Idx;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;

/**
 * Makes the subset of Fashion-MNIST that comes with the library from the whole set: the first 1,150 training and the
 * first 200 test images of each of the ten classes, in their order in the whole set.
 *
 * <pre>{@code
 * java @examples/target/jvm.flags -cp examples/target/atelier.jar org.atelier4j.examples.MakeFashionSubset \
 *     examples/src/main/resources/org/atelier4j/examples/fashion-mnist
 * }</pre>
 *
 * <p>Takes two seconds. The unpacked bytes are the same on every machine; the packed ones may differ with the zlib of the
 * JDK.
 */
public final class MakeFashionSubset {
    private static final int TRAIN_PER_CLASS = 1_150;
    private static final int TEST_PER_CLASS = 200;

    private MakeFashionSubset() {}

    /**
     * Writes the four files.
     *
     * @param args the folder to write to
     */
    public static void main(String[] args) {
        Check.that(args.length == 1, "MakeFashionSubset: one argument must be given, the folder to write to");
        Datasets.Resolved whole = Datasets.resolve("fashion-mnist");
        Check.that(
                whole.train().size() == 60_000,
                "MakeFashionSubset: the whole set must be installed, found %s",
                whole.source());
        Path folder = Path.of(args[0]);
        write(firstOfEachClass(whole.train(), TRAIN_PER_CLASS), folder, "train");
        write(firstOfEachClass(whole.test(), TEST_PER_CLASS), folder, "t10k");
    }

    private static Dataset firstOfEachClass(Dataset all, int perClass) {
        int[] indices = new int[perClass * all.classNames().size()];
        int[] taken = new int[all.classNames().size()];
        int count = 0;
        for (int i = 0; i < all.size(); i++) {
            if (taken[all.label(i)]++ < perClass) {
                indices[count++] = i;
            }
        }
        Check.that(count == indices.length, "MakeFashionSubset: each class must have %d images", perClass);
        return all.select(indices);
    }

    private static void write(Dataset subset, Path folder, String part) {
        int height = subset.imageShape().dim(0);
        int width = subset.imageShape().dim(1);
        byte[] pixels = new byte[subset.size() * height * width];
        byte[] labels = new byte[subset.size()];
        for (int i = 0; i < subset.size(); i++) {
            subset.copyPixels(i, pixels, i * height * width);
            labels[i] = (byte) subset.label(i);
        }
        Idx.write(folder.resolve(part + "-images-idx3-ubyte.gz"), Tensor.of(pixels, subset.size(), height, width));
        Idx.write(folder.resolve(part + "-labels-idx1-ubyte.gz"), Tensor.of(labels, subset.size()));
        System.out.println(part + ": " + subset.size() + " images");
    }
}
