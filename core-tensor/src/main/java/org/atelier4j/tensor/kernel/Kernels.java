package org.atelier4j.tensor.kernel;

import java.util.List;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.device.Precision;
import org.jspecify.annotations.Nullable;

/**
 * The one interface behind which arithmetic happens. A provider writes results into tensors that its callers made.
 *
 * <p>All tensors are contiguous, on the provider's device, and of shapes that the calling op has checked; unless a method
 * says otherwise, all floating-point tensors of a call share one element type. Images are channels-last:
 * {@code (B, spatial…, C)}. Outputs never overlap inputs. Index tensors are INT32.
 */
public interface Kernels {

    /** Returns the name by which the provider is chosen and reported, as {@code onednn}. */
    String name();

    // --- movement ---------------------------------------------------------------------------------------------------

    /** Converts element types: floats to integers towards zero, anything to BOOL as {@code x != 0}. */
    void convert(Tensor x, Tensor out);

    /** Sets every element. */
    void fill(HostNumber value, Tensor out);

    /** Does the same with a number that stays. */
    default void fill(double value, Tensor out) {
        fill(new HostNumber(value), out);
    }

    /** Copies a strided region of {@code x} into a strided region of {@code out}; any element type. */
    void copy(StridedCopy copy, Tensor x, Tensor out);

    /** Gathers rows: {@code out[i, :] = table[indices[i], :]}; table is (N, D…), out is (indices…, D…). */
    void gatherRows(Tensor table, Tensor indices, Tensor out);

    /** Adds rows: {@code table[indices[i], :] += rows[i, :]}, in order of i; {@code table} already has contents. */
    void scatterAddRows(Tensor rows, Tensor indices, Tensor table);

    /** Gathers along one axis: {@code out[.., i, ..] = x[.., indices[.., i, ..], ..]}; indices has out's shape. */
    void gatherAxis(Tensor x, int axis, Tensor indices, Tensor out);

    /** Adds along one axis: {@code out[.., indices[.., i, ..], ..] += x[.., i, ..]}; {@code out} already has contents. */
    void scatterAddAxis(Tensor x, int axis, Tensor indices, Tensor out);

    // --- elementwise ------------------------------------------------------------------------------------------------

    /** {@code out = f(x)}. */
    void unary(Unary f, Tensor x, Tensor out);

    /** {@code dx = dy · f'(x)}, where {@code y = f(x)}. */
    void unaryBackward(Unary f, Tensor x, Tensor y, Tensor dy, Tensor dx);

    /** {@code out = f(a, b)} with broadcasting; comparisons have BOOL outputs, integers are allowed. */
    void binary(Binary f, Tensor a, Tensor b, Tensor out);

    /** {@code out = condition ? a : b} with broadcasting of all three; {@code condition} is BOOL. */
    void where(Tensor condition, Tensor a, Tensor b, Tensor out);

    /**
     * A formula of each element in one pass: broadcasts {@code inputs} to the shape that all {@code outputs} have. Between its
     * steps numbers are kept at least as exactly as elements: what is rounded to the element type is inputs and results.
     *
     * @param numbers what the formula's numbers are, this time
     */
    void evaluate(Formula formula, List<Tensor> inputs, double[] numbers, List<Tensor> outputs);

    // --- reductions -------------------------------------------------------------------------------------------------

    /** Reduces over the given axes (ascending); {@code out} keeps them with length 1. Sums of nothing are 0. */
    void reduce(Reduction f, Tensor x, int[] axes, Tensor out);

    /** Index of the first largest element along one axis; {@code indices} keeps the axis with length 1. */
    void argMax(Tensor x, int axis, Tensor indices);

    /** The k largest along the last axis, falling, ties by rising index; {@code indices} tells where they stood. */
    void topK(Tensor x, Tensor values, Tensor indices);

    /** Running sum or product along one axis, from its end if {@code reverse}, without the own element if {@code exclusive}. */
    void cumulate(Reduction f, Tensor x, int axis, boolean exclusive, boolean reverse, Tensor out);

    // --- products ---------------------------------------------------------------------------------------------------

    /**
     * Returns whether products of FLOAT32 tensors, convolutions among them, are of rounded factors where {@link
     * org.atelier4j.tensor.device.PrecisionScope} says so; else they are as exact as ever.
     */
    default boolean multiplies(Precision precision) {
        return precision == Precision.FLOAT32;
    }

    /**
     * {@code out = epilogue(op(a) · op(b))} for matrices of the last two axes, transposed where said; the leading axes of
     * a and b broadcast.
     */
    void matmul(Tensor a, boolean transposeA, Tensor b, boolean transposeB, Epilogue epilogue, Tensor out);

    /** Convolution: x (B, spatial…, C), weight (O, C/groups, kernel…), out (B, spatial'…, O); 1 to 3 spatial axes. */
    void conv(Convolution conv, Tensor x, Tensor weight, Epilogue epilogue, Tensor out);

    /** The adjoint of {@link #conv} in x: dx from dy; also the forward of a transposed convolution. */
    void convBackwardInput(Convolution conv, Tensor dy, Tensor weight, Tensor dx);

    /** The adjoint of {@link #conv} in the weight and, where {@code bias} is not null, the bias. */
    void convBackwardWeight(Convolution conv, Tensor x, Tensor dy, Tensor dWeight, @Nullable Tensor dBias);

    /**
     * Number of the nearest vector: {@code codes[i] = argmin_k ‖points_i − table_k‖²}, the smallest of equals, found as
     * {@code argmin_k ‖table_k‖²/2 − ⟨points_i, table_k⟩} without N × K numbers in memory. As in {@link #argMax}, the first
     * distance that is no number wins.
     *
     * @param points (N, D)
     * @param table (K, D), K ≥ 1
     * @param codes receives numbers in [0, K), INT32 (N)
     */
    void nearestCode(Tensor points, Tensor table, Tensor codes);

    // --- images -----------------------------------------------------------------------------------------------------

    /** Largest element of each window; {@code indices} are positions within the flattened spatial axes of x. */
    void maxPool(Pooling pooling, Tensor x, Tensor out, Tensor indices);

    /** Largest element of each window, for those who do not ask where it was. */
    default void maxPool(Pooling pooling, Tensor x, Tensor out) {
        maxPool(pooling, x, out, Tensor.empty(out.shape(), DType.INT32, out.device()));
    }

    /** Mean of each window, padding not counted. */
    void averagePool(Pooling pooling, Tensor x, Tensor out);

    /** The adjoint of {@link #averagePool}. */
    void averagePoolBackward(Pooling pooling, Tensor dy, Tensor dx);

    /** Resizes the spatial axes of x (B, H, W, C) to those of out, half-pixel centers, edges repeated. */
    void resize(Interpolation mode, Tensor x, Tensor out);

    /** The adjoint of {@link #resize}. */
    void resizeBackward(Interpolation mode, Tensor dy, Tensor dx);

    // --- softmax and norms ------------------------------------------------------------------------------------------

    /** Softmax, or its logarithm, over the last axis; the maximum is subtracted first. */
    void softmax(boolean log, Tensor x, Tensor out);

    /** Gradient of {@link #softmax} from its output. */
    void softmaxBackward(boolean log, Tensor y, Tensor dy, Tensor dx);

    /**
     * Normalizes x (B, N, C) over groups of channels and all N positions:
     * {@code out = act((x − mean)·rstd·gamma + beta)}. Every norm of the library is this one on a reshaped x.
     *
     * @param gamma scale (C), or (B, C) for one per image as adaptive norms have it, or null for 1
     * @param beta shift of gamma's shape, or null for 0
     * @param mean receives the mean of each group (B, G), FLOAT64 if x is, else FLOAT32
     * @param rstd receives {@code 1/√(variance + eps)} of each group (B, G)
     */
    void norm(Norm norm, Tensor x, @Nullable Tensor gamma, @Nullable Tensor beta, Tensor out, Tensor mean, Tensor rstd);

    /** Gradients of {@link #norm}; {@code dGamma} and {@code dBeta} have gamma's shape, or are null where it is. */
    void normBackward(
            Norm norm,
            Tensor x,
            @Nullable Tensor gamma,
            @Nullable Tensor beta,
            Tensor mean,
            Tensor rstd,
            Tensor dy,
            Tensor dx,
            @Nullable Tensor dGamma,
            @Nullable Tensor dBeta);

    // --- random numbers ---------------------------------------------------------------------------------------------

    /**
     * Fills with random numbers of a Philox-4×32-10 stream: element i depends on {@code key}, {@code position} and i only.
     *
     * @param position index of the first 128-bit block; the fill uses ⌈n/4⌉ blocks for 32-bit numbers, ⌈n/2⌉ for FLOAT64
     */
    void random(Distribution distribution, long key, long position, Tensor out);

    /**
     * Draws one of n classes a row, softly: {@code out = softmax((logits + g)/temperature)} over the last axis, where
     * {@code g = −log(−log u)} and u is the FLOAT32 UNIFORM fill of the same stream, not below 2⁻²⁵. Noise, sums and quotients
     * are rounded to the element type, as if each had been written.
     *
     * @param position as in {@link #random}
     * @param largest receives the index of the first largest weight of each row, INT32, one a row
     */
    void gumbelSoftmax(Tensor temperature, long key, long position, Tensor logits, Tensor out, Tensor largest);

    // --- training ---------------------------------------------------------------------------------------------------

    /** {@code total = Σ x²} over all elements of all tensors; total is a FLOAT64 scalar. */
    void sumOfSquares(List<Tensor> tensors, Tensor total);

    /**
     * One optimizer step over a whole parameter set, in one pass: parameters and state change in place.
     *
     * @param gradients one per parameter, of its shape
     * @param state per state slot of the rule ({@link UpdateRule#slots()}) one tensor per parameter
     * @param scale factor on the gradients, a FLOAT64 scalar, null for 1; where it is not finite nothing changes
     */
    void update(
            UpdateRule rule,
            List<Tensor> parameters,
            List<Tensor> gradients,
            List<List<Tensor>> state,
            @Nullable Tensor scale);

    /** {@code target ← target + weight · (source − target)} for each pair, weight in [0, 1]: exponential moving average. */
    void lerp(List<Tensor> targets, List<Tensor> sources, HostNumber weight);
}
