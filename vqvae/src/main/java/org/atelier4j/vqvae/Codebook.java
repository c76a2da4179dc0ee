package org.atelier4j.vqvae;

import java.util.Map;
import org.atelier4j.model.CodeGrid;
import org.atelier4j.nn.Layer;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/**
 * Turns latents (B, h, w, D) into codes in [0, K) and codes into vectors: the bottleneck of a {@link VqVae}.
 *
 * <p>Which code a latent gets, how gradients pass a choice that has none, and how the codes themselves learn are the three
 * questions that its kinds answer differently. All have the same life: {@link #start} with the first latents of a
 * training, then {@link #quantize} and {@link #learn} around each step of the optimizer; afterwards {@link #codes} and
 * {@link #lookup} alone.
 */
public abstract sealed class Codebook extends Layer
        permits NearestCodebook, GumbelCodebook, FiniteScalar, LookupFree, Residual {

    /** Starts a codebook without parameters. */
    protected Codebook() {}

    /** Returns what this was made of. */
    public abstract CodebookConfig config();

    /**
     * Chooses codes while training.
     *
     * @param latents what the encoder says (B, h, w, D)
     * @param step number of the training step, from 0: temperatures may follow it
     * @param rng of this step, for those that choose at random
     */
    public abstract Quantization quantize(Tensor latents, long step, Rng rng);

    /** Returns the codes of latents (B, h, w, D) without any chance: INT32 of {@link #gridShape}. */
    public abstract Tensor codes(Tensor latents);

    /** Returns the vectors of codes INT32 (B, h, w): (B, h, w, D). */
    public abstract Tensor lookup(Tensor codes);

    /** Returns the grid that h × w latents become, (h, w) unless one latent takes several codes. */
    public Shape gridShape(int height, int width) {
        return Shape.of(height, width);
    }

    /**
     * Fits the codes to the latents of the first batch, where the codebook starts from data.
     *
     * @param latents (B, h, w, D), without gradients
     */
    public void start(Tensor latents, Rng rng) {}

    /**
     * Changes what no gradient changes, after the optimizer's step: moving averages, codes that nobody uses.
     *
     * @param latents what {@link #quantize} was given
     * @param chosen what it returned
     */
    public void learn(Tensor latents, Quantization chosen, Rng rng) {}

    /** Returns what {@link #lookup} depends on, so that two codebooks are the same if these are. */
    protected Map<String, Tensor> identity() {
        return parameters();
    }

    /** Returns the SHA-256 of the codebook in hexadecimal digits: of its config and all that decides its vectors. */
    public final String hash() {
        return CodebookHash.of(config(), identity());
    }

    /**
     * Returns the codes of a grid from outside, once they are known to belong to this codebook.
     *
     * @throws IllegalArgumentException naming the first code that does not
     */
    public final Tensor checked(CodeGrid grid) {
        int size = config().size();
        Check.that(grid.size() == size, "Codebook: grid must have codes of %d, got codes of %d", size, grid.size());
        int[] codes = grid.codes().toInts();
        for (int i = 0; i < codes.length; i++) {
            Check.that(
                    codes[i] >= 0 && codes[i] < size,
                    "Codebook: codes must lie in [0, %d), got %d at position %d of grid %s",
                    size,
                    codes[i],
                    i,
                    grid.codes().shape());
        }
        return grid.codes();
    }

    /** Checks that latents are FLOAT (B, h, w, D) for this codebook. */
    protected final void check(Tensor latents) {
        int width = config().width();
        Check.shape(
                latents.rank() == 4 && latents.dim(3) == width,
                "Codebook: latents must be (B, h, w, %d), got %s",
                width,
                latents.shape());
        Check.that(latents.dtype() != DType.INT32, "Codebook: latents must be floating, got %s", latents.dtype());
    }
}
