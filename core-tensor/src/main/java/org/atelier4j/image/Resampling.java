package org.atelier4j.image;

/** Changes of size along both axes, one after the other. */
final class Resampling {
    private Resampling() {}

    /** What one output position takes: inputs {@code [first, first + weights.length)}, weights with sum 1. */
    private record Window(int first, double[] weights) {}

    /** Returns the image resampled with a triangle filter. Color counts by its opacity where there is any. */
    static Image triangle(Image image, int width, int height) {
        int channels = image.channels();
        double[] values = load(image);
        values = alongRows(values, image.height(), windows(image.width(), width), image.width(), channels);
        values = alongColumns(values, width * channels, windows(image.height(), height));
        return Image.wrap(width, height, channels, store(values, channels));
    }

    private static Window[] windows(int from, int to) {
        double scale = (double) from / to;
        double reach = Math.max(scale, 1); // half the triangle's base, in input pixels
        Window[] windows = new Window[to];
        for (int i = 0; i < to; i++) {
            double center = (i + 0.5) * scale;
            int first = Math.max(0, (int) (center - reach + 0.5));
            int end = Math.min(from, (int) (center + reach + 0.5));
            double[] weights = new double[end - first];
            double sum = 0;
            for (int j = 0; j < weights.length; j++) {
                weights[j] = Math.max(0, 1 - Math.abs(first + j + 0.5 - center) / reach);
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
