package org.atelier4j.image;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Parallel;

/**
 * Changes of an image's size by a filter, along one axis after the other, as Pillow does it.
 *
 * <p>{@link #resize} is for numbers that go into metrics. Parmar, Zhang, Zhu 2022, "On Aliased Resizing and Surprising
 * Subtleties in GAN Evaluation" (arXiv:2104.11222) show that the way of resizing moves FID by more than most papers' gains,
 * and take Pillow's bicubic filter over floating-point pixels, which is this to the bit.
 */
public final class Resampling {
    private Resampling() {}

    /** What one output position takes: inputs {@code [first, first + weights.length)}, weights with sum 1. */
    private record Window(int first, double[] weights) {}

    /**
     * Returns images resized as Pillow's mode "F": columns first, then rows (recent Pillow begins with the rows where an image
     * becomes lower and wider), sums in double precision rounded to float after each; nothing is limited to the range of the input, which bicubic and Lanczos may leave at edges. Gradients stop here;
     * {@link #product} lets them pass.
     *
     * @param images FLOAT32 (B, H, W, C)
     * @return (B, height, width, C)
     */
    public static Tensor resize(Tensor images, ResizeFilter filter, int height, int width) {
        check(images, height, width);
        Check.dtype("Resampling.resize", DType.FLOAT32, images);
        int h = images.dim(1);
        int w = images.dim(2);
        int channels = images.dim(3);
        Window[] columns = windows(filter, w, width);
        Window[] rows = windows(filter, h, height);
        float[] in = images.toFloats();
        float[] out = new float[images.dim(0) * height * width * channels];
        Parallel.forRange(images.dim(0), 1, (from, to) -> {
            for (int b = from; b < to; b++) {
                double[] image = new double[h * w * channels];
                for (int i = 0; i < image.length; i++) {
                    image[i] = in[b * image.length + i];
                }
                double[] narrow = rounded(alongRows(image, h, columns, w, channels));
                double[] done = alongColumns(narrow, width * channels, rows);
                for (int i = 0; i < done.length; i++) {
                    out[b * done.length + i] = (float) done[i];
                }
            }
        });
        return Tensor.of(out, images.dim(0), height, width, channels);
    }

    /**
     * Returns the same as {@link #resize}, but for roundings, as two matrix products: gradients pass, and it runs where the
     * images are.
     *
     * @param images floating (B, H, W, C)
     * @return (B, height, width, C)
     */
    public static Tensor product(Tensor images, ResizeFilter filter, int height, int width) {
        check(images, height, width);
        int b = images.dim(0);
        int h = images.dim(1);
        int w = images.dim(2);
        int c = images.dim(3);
        Tensor rows = matrix(filter, h, height, images); // (height, H)
        Tensor columns = matrix(filter, w, width, images); // (width, W)
        Tensor low = rows.matmul(images.reshape(b, h, w * c)); // (B, height, W·C)
        return columns.matmul(low.reshape(b, height, w, c)); // (B, height, width, C)
    }

    private static void check(Tensor images, int height, int width) {
        Check.rank("Resampling", 4, "(B, H, W, C)", images);
        Check.shape(
                height > 0 && width > 0 && images.dim(1) > 0 && images.dim(2) > 0,
                "Resampling: sizes must be > 0, got %d x %d for shape %s",
                height,
                width,
                images.shape());
    }

    private static Tensor matrix(ResizeFilter filter, int from, int to, Tensor like) {
        double[] values = new double[to * from];
        Window[] windows = windows(filter, from, to);
        for (int i = 0; i < to; i++) {
            System.arraycopy(
                    windows[i].weights(), 0, values, i * from + windows[i].first(), windows[i].weights().length);
        }
        return Tensor.of(values, to, from).to(like.dtype()).to(like.device());
    }

    private static double[] rounded(double[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) values[i];
        }
        return values;
    }

    /** Returns the image resampled with a triangle filter. Color counts by its opacity where there is any. */
    static Image triangle(Image image, int width, int height) {
        int channels = image.channels();
        double[] values = load(image);
        Window[] columns = windows(ResizeFilter.BILINEAR, image.width(), width);
        values = alongRows(values, image.height(), columns, image.width(), channels);
        values = alongColumns(values, width * channels, windows(ResizeFilter.BILINEAR, image.height(), height));
        return Image.wrap(width, height, channels, store(values, channels));
    }

    private static Window[] windows(ResizeFilter filter, int from, int to) {
        double scale = (double) from / to;
        double stretch = Math.max(scale, 1);
        double reach = filter.support() * stretch; // in input pixels
        Window[] windows = new Window[to];
        for (int i = 0; i < to; i++) {
            double center = (i + 0.5) * scale;
            int first = Math.max(0, (int) (center - reach + 0.5));
            int end = Math.min(from, (int) (center + reach + 0.5));
            double[] weights = new double[end - first];
            double sum = 0;
            for (int j = 0; j < weights.length; j++) {
                weights[j] = filter.weight((first + j - center + 0.5) * (1 / stretch));
                sum += weights[j];
            }
            for (int j = 0; j < weights.length; j++) {
                weights[j] /= sum;
            }
            windows[i] = new Window(first, weights);
        }
        return windows;
    }

    private static double[] alongRows(double[] in, int rows, Window[] windows, int width, int channels) {
        double[] out = new double[rows * windows.length * channels];
        int at = 0;
        for (int y = 0; y < rows; y++) {
            for (Window window : windows) {
                int start = (y * width + window.first()) * channels;
                for (int c = 0; c < channels; c++) {
                    double sum = 0;
                    for (int j = 0; j < window.weights().length; j++) {
                        sum += window.weights()[j] * in[start + j * channels + c];
                    }
                    out[at++] = sum;
                }
            }
        }
        return out;
    }

    private static double[] alongColumns(double[] in, int row, Window[] windows) {
        double[] out = new double[windows.length * row];
        for (int y = 0; y < windows.length; y++) {
            Window window = windows[y];
            for (int j = 0; j < window.weights().length; j++) {
                int start = (window.first() + j) * row;
                for (int x = 0; x < row; x++) {
                    out[y * row + x] += window.weights()[j] * in[start + x];
                }
            }
        }
        return out;
    }

    private static double[] load(Image image) {
        byte[] bytes = image.toBytes();
        double[] values = new double[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            double opacity = image.channels() == 4 && i % 4 != 3 ? (bytes[i | 3] & 0xff) / 255.0 : 1;
            values[i] = (bytes[i] & 0xff) * opacity;
        }
        return values;
    }

    private static byte[] store(double[] values, int channels) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < bytes.length; i++) {
            double opacity = channels == 4 && i % 4 != 3 ? values[i | 3] / 255 : 1;
            double value = opacity > 0 ? values[i] / opacity : 0;
            bytes[i] = (byte) Math.min(255, (int) (value + 0.5));
        }
        return bytes;
    }
}
