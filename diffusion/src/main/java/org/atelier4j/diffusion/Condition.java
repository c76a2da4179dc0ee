package org.atelier4j.diffusion;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What B images should show, beside their noise and time: nothing, a class, a sequence to attend to, or both.
 *
 * @param labels class numbers INT32 (B) in {@code [0, K]}, where K stands for "no class"; or null
 * @param context tokens (B, T, D) for cross-attention; or null
 * @param contextMask BOOL (B, T), true where {@code context} holds a token and false where it is padding; null if all
 *     are tokens
 */
public record Condition(
        @Nullable Tensor labels,
        @Nullable Tensor context,
        @Nullable Tensor contextMask) {
    private static final Condition NONE = new Condition(null, null, null);

    /** Checks ranks, types and that all parts are for the same number of images. */
    public Condition {
        if (labels != null) {
            Check.rank("Condition: labels", 1, "(B)", labels);
            Check.dtype("Condition: labels", DType.INT32, labels);
        }
        if (context != null) {
            Check.rank("Condition: context", 3, "(B, T, D)", context);
        }
        if (contextMask != null) {
            Check.dtype("Condition: contextMask", DType.BOOL, contextMask);
            Check.that(context != null, "Condition: contextMask must come with a context, got none");
            Check.shape(
                    contextMask.shape().equals(Shape.of(context.dim(0), context.dim(1))),
                    "Condition: contextMask must be (B, T) = [%d, %d], got %s",
                    context.dim(0),
                    context.dim(1),
                    contextMask.shape());
        }
        Check.shape(
                labels == null || context == null || labels.dim(0) == context.dim(0),
                "Condition: labels and context must be for the same images, got %s and %s",
                labels == null ? null : labels.shape(),
                context == null ? null : context.shape());
    }

    /** Returns no condition, for any number of images. */
    public static Condition none() {
        return NONE;
    }

    /** Returns one class per image. */
    public static Condition labels(int... labels) {
        return labels(Tensor.of(labels, labels.length));
    }

    /** Returns one class per image, INT32 (B). */
    public static Condition labels(Tensor labels) {
        return new Condition(labels, null, null);
    }

    /** Returns a sequence (B, T, D) per image to attend to; {@code mask} BOOL (B, T) is true at tokens, null for all. */
    public static Condition context(Tensor context, @Nullable Tensor mask) {
        return new Condition(null, context, mask);
    }

    /** Returns whether this says nothing, for any number of images. */
    public boolean isNone() {
        return labels == null && context == null;
    }

    /** Checks that this is for {@code images} images, and returns it. */
    public Condition checkedFor(int images) {
        Check.shape(isNone() || images() == images, "Condition: must be for %d images, got %d", images, images());
        return this;
    }

    /** Returns this condition for one image repeated for {@code images}. */
    public Condition repeated(int images) {
        if (isNone()) {
            return this;
        }
        checkedFor(1);
        return new Condition(repeat(labels, images), repeat(context, images), repeat(contextMask, images));
    }

    /** Returns the conditions of these images followed by those of the others; both must have the same parts. */
    public Condition concat(Condition other) {
        return new Condition(
                join("labels", labels, other.labels),
                join("context", context, other.context),
                join("contextMask", contextMask, other.contextMask));
    }

    /** Returns the conditions of images {@code [start, start + count)}. */
    public Condition slice(int start, int count) {
        return new Condition(part(labels, start, count), part(context, start, count), part(contextMask, start, count));
    }

    /**
     * Returns this with the condition of each image replaced by {@code unconditional} with probability {@code p}: how a
     * network learns both for classifier-free guidance (Ho, Salimans 2022, arXiv:2207.12598, algorithm 1).
     *
     * @param unconditional a condition for one image with the same parts as this
     */
    public Condition dropped(Condition unconditional, double p, Rng rng) {
        if (p == 0 || isNone()) {
            return this;
        }
        int images = images();
        Tensor drop = rng.bernoulli(p, Shape.of(images)); // (B)
        Condition nothing = unconditional.repeated(images);
        return new Condition(
                choose("labels", drop, nothing.labels, labels),
                choose("context", drop.reshape(images, 1, 1), nothing.context, context),
                choose("contextMask", drop.reshape(images, 1), nothing.contextMask, contextMask));
    }

    /** Returns the number of images, 0 if that is open. */
    private int images() {
        return labels != null ? labels.dim(0) : context != null ? context.dim(0) : 0;
    }

    private static @Nullable Tensor repeat(@Nullable Tensor x, int times) {
        return x == null ? null : x.broadcastTo(x.shape().with(0, times));
    }

    private static @Nullable Tensor part(@Nullable Tensor x, int start, int count) {
        return x == null ? null : x.slice(0, start, count);
    }

    private static @Nullable Tensor join(String name, @Nullable Tensor a, @Nullable Tensor b) {
        checkBoth(name, a, b);
        return a == null || b == null ? null : a.concat(b, 0);
    }

    private static @Nullable Tensor choose(String name, Tensor which, @Nullable Tensor a, @Nullable Tensor b) {
        checkBoth(name, a, b);
        return a == null || b == null ? null : Tensor.where(which, a, b);
    }

    private static void checkBoth(String name, @Nullable Tensor a, @Nullable Tensor b) {
        Check.that(
                (a == null) == (b == null),
                "Condition: both must have %s or neither, got %s and %s",
                name,
                a == null ? "none" : a.shape(),
                b == null ? "none" : b.shape());
    }
}
