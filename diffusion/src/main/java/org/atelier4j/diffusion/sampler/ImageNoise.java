package org.atelier4j.diffusion.sampler;

import java.util.List;
import java.util.stream.IntStream;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Expression;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/**
 * Normal noise with one stream of random numbers per image, so that image i is the same in a batch of any size.
 *
 * @param image shape of one image, as (H, W, C)
 * @param streams one per image; drawing moves them on
 * @param dtype element type; the numbers themselves are those of FLOAT32
 */
public record ImageNoise(Shape image, List<Rng> streams, DType dtype) {

    /** Copies the list. */
    public ImageNoise {
        streams = List.copyOf(streams);
        Check.that(!streams.isEmpty(), "ImageNoise: at least one stream must be given, got none");
        Check.that(dtype.isFloating(), "ImageNoise: dtype must be floating, got %s", dtype);
    }

    /** Returns FLOAT32 noise for {@code count} images: image i draws from stream i of the seed. */
    public static ImageNoise of(Shape image, int count, long seed) {
        return of(image, 0, count, seed);
    }

    /** Returns FLOAT32 noise for images {@code [first, first + count)} of a seed. */
    public static ImageNoise of(Shape image, int first, int count, long seed) {
        Rng rng = Rng.of(seed);
        List<Rng> streams = IntStream.range(first, first + count)
                .mapToObj(i -> rng.split((long) i))
                .toList();
        return new ImageNoise(image, streams, DType.FLOAT32);
    }

    /** Returns fresh noise to go on with, (B, image…). */
    Expression z() {
        return Expression.of(draw());
    }

    /** Returns fresh noise, (B, image…). */
    public Tensor draw() {
        Shape one = image.insert(0, 1);
        return Tensor.concat(0, streams.stream().map(rng -> rng.normal(one)).toArray(Tensor[]::new))
                .to(dtype);
    }
}
