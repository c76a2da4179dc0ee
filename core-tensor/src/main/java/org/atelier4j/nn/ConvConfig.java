package org.atelier4j.nn;

import java.util.Arrays;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.kernel.Convolution;

/**
 * Sizes of a convolution layer over one to three spatial axes.
 *
 * @param in channels of the input, ≥ 1
 * @param out channels of the output, ≥ 1
 * @param kernel length of the kernel on each spatial axis, ≥ 1
 * @param geometry stride, padding, dilation and groups, of the kernel's rank
 * @param bias whether a number per output channel is added
 * @param init how weight and bias start
 */
public record ConvConfig(int in, int out, Shape kernel, Convolution geometry, boolean bias, Init init) {

    /** Checks the sizes. */
    public ConvConfig {
        int groups = geometry.groups();
        Check.that(
                in >= 1 && out >= 1 && in % groups == 0 && out % groups == 0,
                "ConvConfig: in and out must be >= 1 and multiples of the %d groups, got %d and %d",
                groups,
                in,
                out);
        Check.that(
                kernel.rank() == geometry.stride().rank() && kernel.size() >= 1,
                "ConvConfig: kernel must have %d lengths >= 1, got %s",
                geometry.stride().rank(),
                kernel);
    }

    /** Returns a convolution of sequences (B, T, C): stride 1, padding k/2, bias. */
    public static ConvConfig of1d(int in, int out, int kernel) {
        return of(in, out, Shape.of(kernel));
    }

    /** Returns a convolution of images (B, H, W, C): stride 1, padding k/2 (the size stays for odd k), bias. */
    public static ConvConfig of2d(int in, int out, int kernel) {
        return of(in, out, Shape.of(kernel, kernel));
    }

    /** Returns a convolution of volumes (B, D, H, W, C): stride 1, padding k/2, bias. */
    public static ConvConfig of3d(int in, int out, int kernel) {
        return of(in, out, Shape.of(kernel, kernel, kernel));
    }

    /** Returns a convolution with any kernel: stride 1, padding k/2 on each axis, bias, PyTorch's initial values. */
    public static ConvConfig of(int in, int out, Shape kernel) {
        int n = kernel.rank();
        Shape ones = filled(n, 1);
        int[] half = Arrays.stream(kernel.dims()).map(k -> k / 2).toArray();
        return new ConvConfig(in, out, kernel, new Convolution(ones, Shape.of(half), ones, 1), true, Init.standard());
    }

    /** Returns the same with another stride on all axes. */
    public ConvConfig withStride(int stride) {
        return with(new Convolution(all(stride), geometry.padding(), geometry.dilation(), geometry.groups()));
    }

    /** Returns the same with another number of zeros at both ends of all axes. */
    public ConvConfig withPadding(int padding) {
        return with(new Convolution(geometry.stride(), all(padding), geometry.dilation(), geometry.groups()));
    }

    /** Returns the same with other numbers of zeros, one for both ends of each axis. */
    public ConvConfig withPadding(Shape padding) {
        return with(new Convolution(geometry.stride(), padding, geometry.dilation(), geometry.groups()));
    }

    /** Returns the same with another distance between taps on all axes. */
    public ConvConfig withDilation(int dilation) {
        return with(new Convolution(geometry.stride(), geometry.padding(), all(dilation), geometry.groups()));
    }

    /** Returns the same with another number of groups. */
    public ConvConfig withGroups(int groups) {
        return with(new Convolution(geometry.stride(), geometry.padding(), geometry.dilation(), groups));
    }

    /** Returns the same without bias. */
    public ConvConfig withoutBias() {
        return new ConvConfig(in, out, kernel, geometry, false, init);
    }

    /** Returns the same with other initial values. */
    public ConvConfig withInit(Init law) {
        return new ConvConfig(in, out, kernel, geometry, bias, law);
    }

    private ConvConfig with(Convolution other) {
        return new ConvConfig(in, out, kernel, other, bias, init);
    }

    private Shape all(int value) {
        return filled(kernel.rank(), value);
    }

    private static Shape filled(int n, int value) {
        int[] values = new int[n];
        Arrays.fill(values, value);
        return Shape.of(values);
    }
}
