package org.atelier4j.image;

import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.List;
import org.atelier4j.tensor.Check;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Many small images as one picture, row by row on white, with names beside rows and above columns if wanted.
 *
 * <pre>{@code
 * Image grid = ImageGrid.columns(10).withScale(2).withRowLabels(classNames).draw(PixelRange.SIGNED.toImages(x));
 * }</pre>
 *
 * @param columns images in a row, ≥ 1
 * @param padding pixels around each image, ≥ 0
 * @param scale by how much each image is enlarged, ≥ 1
 * @param rowLabels names at the left, from the top; empty for none
 * @param columnLabels names above, from the left; empty for none
 */
public record ImageGrid(int columns, int padding, int scale, List<String> rowLabels, List<String> columnLabels) {
    private static final Logger LOG = LoggerFactory.getLogger(ImageGrid.class);
    private static final int WHITE = 255;
    private static final int MIN_FONT = 10;
    private static final int MAX_FONT = 24;

    /** Checks the numbers and keeps unmodifiable copies of the labels. */
    public ImageGrid {
        Check.that(columns >= 1, "ImageGrid: columns must be >= 1, got %d", columns);
        Check.that(padding >= 0, "ImageGrid: padding must be >= 0, got %d", padding);
        Check.that(scale >= 1, "ImageGrid: scale must be >= 1, got %d", scale);
        rowLabels = List.copyOf(rowLabels);
        columnLabels = List.copyOf(columnLabels);
    }

    /** Returns a grid with two pixels of padding, images in their own size and no labels. */
    public static ImageGrid columns(int columns) {
        return new ImageGrid(columns, 2, 1, List.of(), List.of());
    }

    /** Returns this grid with another padding, in pixels. */
    public ImageGrid withPadding(int pixels) {
        return new ImageGrid(columns, pixels, scale, rowLabels, columnLabels);
    }

    /** Returns this grid with each image enlarged. */
    public ImageGrid withScale(int factor) {
        return new ImageGrid(columns, padding, factor, rowLabels, columnLabels);
    }

    /** Returns this grid with names at the left. */
    public ImageGrid withRowLabels(List<String> labels) {
        return new ImageGrid(columns, padding, scale, labels, columnLabels);
    }

    /** Returns this grid with names above. */
    public ImageGrid withColumnLabels(List<String> labels) {
        return new ImageGrid(columns, padding, scale, rowLabels, labels);
    }

    /**
     * Returns the picture. Labels need a font; on a machine without any they are left out, with a warning in the log.
     *
     * @param images of one size and number of channels; the last row may be short
     */
    public Image draw(List<Image> images) {
        Check.that(!images.isEmpty(), "ImageGrid: at least one image must be given");
        images.forEach(image -> PixelRange.checkLike(images.get(0), image));
        int rows = (images.size() + columns - 1) / columns;
        Check.that(
                rowLabels.size() <= rows && columnLabels.size() <= columns,
                "ImageGrid: labels must not outnumber %d rows and %d columns, got %d and %d",
                rows,
                columns,
                rowLabels.size(),
                columnLabels.size());
        Image first = images.get(0);
        int cellWidth = first.width() * scale + padding;
        int cellHeight = first.height() * scale + padding;
        Margins margins = margins(cellHeight);
        int width = Math.addExact(margins.left(), Math.addExact(padding, Math.multiplyExact(columns, cellWidth)));
        int height = Math.addExact(margins.top(), Math.addExact(padding, Math.multiplyExact(rows, cellHeight)));
        byte[] canvas = Image.filled(width, height, first.channels(), WHITE).toBytes();
        for (int i = 0; i < images.size(); i++) {
            int x = margins.left() + padding + i % columns * cellWidth;
            int y = margins.top() + padding + i / columns * cellHeight;
            paste(images.get(i).enlarge(scale), canvas, width, x, y);
        }
        Image grid = Image.wrap(width, height, first.channels(), canvas);
        return margins.isEmpty() ? grid : label(grid, margins, cellWidth, cellHeight);
    }

    private static void paste(Image image, byte[] canvas, int width, int x, int y) {
        byte[] pixels = image.toBytes();
        int row = image.width() * image.channels();
        for (int i = 0; i < image.height(); i++) {
            System.arraycopy(pixels, i * row, canvas, ((y + i) * width + x) * image.channels(), row);
        }
    }

    /** Room for labels, in pixels. */
    private record Margins(int left, int top, int fontSize) {
        boolean isEmpty() {
            return left == 0 && top == 0;
        }
    }

    private Margins margins(int cellHeight) {
        if (rowLabels.isEmpty() && columnLabels.isEmpty()) {
            return new Margins(0, 0, 0);
        }
        int fontSize = Math.max(MIN_FONT, Math.min(MAX_FONT, cellHeight / 3));
        Graphics2D pen = new BufferedImage(1, 1, BufferedImage.TYPE_BYTE_GRAY).createGraphics();
        try {
            FontMetrics metrics = pen.getFontMetrics(font(fontSize));
            int widest = rowLabels.stream().mapToInt(metrics::stringWidth).max().orElse(0);
            int left = rowLabels.isEmpty() ? 0 : widest + fontSize;
            return new Margins(left, columnLabels.isEmpty() ? 0 : metrics.getHeight() + padding, fontSize);
        } catch (RuntimeException
                | LinkageError
                | InternalError e) { // what the JDK throws where no fonts are installed
            LOG.warn(
                    "grid without labels, since no font can be used (install fontconfig and a font): {}", e.toString());
            return new Margins(0, 0, 0);
        } finally {
            pen.dispose();
        }
    }

    private Image label(Image grid, Margins margins, int cellWidth, int cellHeight) {
        BufferedImage awt = grid.toBufferedImage();
        Graphics2D pen = awt.createGraphics();
        pen.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        pen.setColor(Color.BLACK);
        pen.setFont(font(margins.fontSize()));
        FontMetrics metrics = pen.getFontMetrics();
        for (int i = 0; i < rowLabels.size(); i++) {
            String text = rowLabels.get(i);
            int x = margins.left() - margins.fontSize() / 3 - metrics.stringWidth(text);
            int center = margins.top() + padding + i * cellHeight + (cellHeight - padding) / 2;
            pen.drawString(text, x, center + (metrics.getAscent() - metrics.getDescent()) / 2);
        }
        for (int i = 0; i < columnLabels.size(); i++) {
            String text = columnLabels.get(i);
            int center = margins.left() + padding + i * cellWidth + (cellWidth - padding) / 2;
            pen.drawString(text, center - metrics.stringWidth(text) / 2, metrics.getAscent());
        }
        pen.dispose();
        return Image.of(awt);
    }

    private static Font font(int size) {
        return new Font(Font.SANS_SERIF, Font.PLAIN, size);
    }
}
