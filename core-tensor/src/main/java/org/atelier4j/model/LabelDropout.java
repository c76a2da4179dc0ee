package org.atelier4j.model;

import java.util.Map;
import org.atelier4j.tensor.Check;

/**
 * The part of the training images whose class was hidden from a class-conditional model. Above 0 it learned what images of no
 * particular class look like, so that it can draw them, and be guided away from them (Ho, Salimans 2022, "Classifier-free
 * diffusion guidance", arXiv:2207.12598, algorithm 1, where it is {@code p_uncond}). At 0 the numbers that stand for "no class"
 * were never trained, and whatever is drawn with them is worthless: such requests are refused.
 *
 * <p>Files of weights say it in their metadata. Those from before it was noted do not; each family knows what it was then.
 *
 * @param part in [0, 1)
 */
public record LabelDropout(double part) {
    /** No class was hidden. */
    public static final LabelDropout NONE = new LabelDropout(0);

    /** A tenth of the classes was hidden, as most programs do. */
    public static final LabelDropout USUAL = new LabelDropout(0.1);

    private static final String KEY = "labelDropout";

    /** Checks the range. */
    public LabelDropout {
        Check.that(part >= 0 && part < 1, "labelDropout: must lie in [0, 1), got %s", part);
    }

    /**
     * Returns what the metadata of a file of weights say.
     *
     * @param absent what holds where they say nothing
     * @param source where the texts are from, for messages
     * @throws IllegalArgumentException if they say something else than a number in [0, 1)
     */
    public static LabelDropout ofMetadata(Map<String, String> texts, LabelDropout absent, Object source) {
        String text = texts.get(KEY);
        if (text == null) {
            return absent;
        }
        try {
            return new LabelDropout(Double.parseDouble(text));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("labelDropout: of " + source + " must be a number, got " + text, e);
        }
    }

    /** Puts this into the metadata of a file of weights. */
    public void putInto(Map<String, String> metadata) {
        metadata.put(KEY, String.valueOf(part));
    }

    /** Returns whether a model with so many classes can be guided: it must know images with and without a class. */
    public boolean allowsGuidance(int classes) {
        return classes > 0 && part > 0;
    }

    /**
     * Checks what is asked of a model.
     *
     * @param who is asked, for the message
     * @param classes how many the model knows; one without classes draws without labels only, so nothing is checked
     * @param labelled whether all images have a class
     * @param guidanceScale w, 0 for no guidance
     */
    public void check(String who, int classes, boolean labelled, double guidanceScale) {
        boolean knowsBoth = classes == 0 || part > 0;
        Check.that(
                guidanceScale == 0 || knowsBoth,
                "%s: guidance must be 0 for a model trained with label dropout 0, which saw no image without its class, got %s",
                who,
                guidanceScale);
        Check.that(
                labelled || knowsBoth,
                "%s: each image must have a class for a model trained with label dropout 0, which saw none without, got"
                        + " images of no class",
                who);
    }
}
