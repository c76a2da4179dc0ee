package org.atelier4j.examples;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.atelier4j.image.Image;
import org.atelier4j.image.PixelRange;
import org.atelier4j.metrics.Estimate;
import org.atelier4j.metrics.image.Psnr;
import org.atelier4j.metrics.image.Ssim;
import org.atelier4j.metrics.net.Lpips;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;

/** Compares the pictures of two folders one by one, those of equal names: reconstructions with their originals. */
final class PictureComparison {
    private static final int SMALLEST_LPIPS = 31; // side that AlexNet needs

    private PictureComparison() {}

    /** Prints mean and deviation of PSNR, SSIM and LPIPS over all pairs and returns them for JSON. */
    static Map<String, Object> run(Path images, Path pairs, PrintWriter screen) {
        PictureFolder a = PictureFolder.open(images, List.of(), 3);
        PictureFolder b = PictureFolder.open(pairs, List.of(), 3);
        checkNames(images, a, pairs, b);
        Map<String, List<Double>> values = new LinkedHashMap<>();
        int smaller = Math.min(a.imageShape().dim(0), a.imageShape().dim(1));
        Lpips lpips = smaller < SMALLEST_LPIPS ? null : Lpips.alex();
        try (WorkProgress progress = new WorkProgress(screen, ProgressDisplay.isTerminal(), "comparing", a.size())) {
            for (int i = 0; i < a.size(); i++) {
                try (TensorScope scope = TensorScope.open();
                        NoGrad off = NoGrad.open()) {
                    Tensor x = tensor(a.image(i));
                    Tensor y = tensor(b.image(i));
                    add(values, "PSNR", Psnr.between(x, y));
                    add(values, "SSIM", Ssim.paper().similarity(x, y));
                    if (lpips != null) {
                        add(values, "LPIPS", lpips.between(x, y));
                    }
                }
                progress.accept(i + 1L);
            }
        }
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("images", images.toString());
        result.put("pairs", pairs.toString());
        result.put("count", a.size());
        screen.printf("%d pairs of pictures of %s%n", a.size(), a.imageShape());
        values.forEach((name, list) -> {
            Estimate e =
                    Estimate.of(list.stream().mapToDouble(Double::doubleValue).toArray());
            result.put(name, Map.of("mean", finite(e.mean()), "deviation", finite(e.deviation())));
            screen.printf(Locale.ROOT, "  %-6s %10.4f ± %.4f over the pairs%n", name, e.mean(), e.deviation());
        });
        if (lpips == null) {
            screen.println("  left out: LPIPS needs pictures of " + SMALLEST_LPIPS + " pixels and more");
        }
        screen.flush();
        return result;
    }

    /** JSON knows no infinity, which the PSNR of equal pictures is. */
    private static Object finite(double value) {
        return Double.isFinite(value) ? (Object) value : String.valueOf(value);
    }

    private static void checkNames(Path images, PictureFolder a, Path pairs, PictureFolder b) {
        List<Path> left = names(images, a);
        List<Path> right = names(pairs, b);
        if (!left.equals(right)) {
            List<Path> alone = new ArrayList<>(left);
            alone.removeAll(right);
            throw new RunException("the pictures of " + images + " and " + pairs + " must have the same names, got "
                    + a.size() + " and " + b.size()
                    + (alone.isEmpty() ? "" : "; " + alone.get(0) + " is in the first folder alone"));
        }
        if (!a.imageShape().equals(b.imageShape())) {
            throw new RunException("the pictures of " + images + " and " + pairs + " must have one size, got "
                    + a.imageShape() + " and " + b.imageShape());
        }
    }

    private static List<Path> names(Path folder, PictureFolder pictures) {
        List<Path> names = new ArrayList<>();
        for (int i = 0; i < pictures.size(); i++) {
            names.add(folder.relativize(pictures.file(i)));
        }
        return names;
    }

    private static Tensor tensor(Image image) {
        return PixelRange.SIGNED.toTensor(List.of(image)); // (1, H, W, 3)
    }

    private static void add(Map<String, List<Double>> values, String name, Tensor value) {
        values.computeIfAbsent(name, n -> new ArrayList<>()).add(value.toDoubles()[0]);
    }
}
