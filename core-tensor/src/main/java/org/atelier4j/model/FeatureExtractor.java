package org.atelier4j.model;

import java.util.List;
import org.atelier4j.tensor.Tensor;

/**
 * A frozen network that turns images into numbers in which pictures that look alike lie close to each other.
 *
 * <p>Metrics compare the distributions of its {@link #features}, perceptual losses the {@link #maps} of two images. What is
 * measured with it means something only beside its name and its hash, therefore it knows both. It computes in evaluation
 * mode always, serves many threads at once, and gradients pass through it to the images but never to its weights.
 */
public interface FeatureExtractor {

    /** Returns the name under which results are printed, such as {@code fm-net} or {@code lpips-alex}. */
    String name();

    /** Returns the SHA-256 of the weights in hexadecimal digits. */
    String hash();

    /** Returns the number of channels that its images must have: 1 or 3. */
    int channels();

    /** Returns D, the length of {@link #features}. */
    int width();

    /**
     * Returns one row for each image, FLOAT32 (B, D).
     *
     * @param images FLOAT32 (B, H, W, C) in [−1, 1]; what else it must hold for H and W the class says
     */
    Tensor features(Tensor images);

    /**
     * Returns what the network sees at several depths, from fine to coarse, each (B, h, w, c).
     *
     * @param images as in {@link #features}
     */
    List<Tensor> maps(Tensor images);
}
