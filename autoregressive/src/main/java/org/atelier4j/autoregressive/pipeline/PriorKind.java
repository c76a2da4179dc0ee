package org.atelier4j.autoregressive.pipeline;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.atelier4j.autoregressive.CodePrior;
import org.atelier4j.autoregressive.CodeSpace;
import org.atelier4j.autoregressive.pixel.PixelCnn;
import org.atelier4j.autoregressive.pixel.PixelCnnPrior;
import org.atelier4j.autoregressive.transformer.CausalTransformer;
import org.atelier4j.autoregressive.transformer.MaskedPrior;
import org.atelier4j.autoregressive.transformer.MaskedTransformer;
import org.atelier4j.autoregressive.transformer.TransformerPrior;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;

/** The priors by name, for files and command lines. */
public enum PriorKind {
    /** One code after the other, by a transformer: {@link TransformerPrior}. */
    TRANSFORMER(CausalTransformer.Config.class),
    /** All codes in a few rounds: {@link MaskedPrior}. */
    MASKGIT(MaskedTransformer.Config.class),
    /** One code after the other, by masked convolutions: {@link PixelCnnPrior}. */
    PIXELCNN(PixelCnn.Config.class);

    private final Class<? extends Record> sizes;

    PriorKind(Class<? extends Record> sizes) {
        this.sizes = sizes;
    }

    /** Returns the name that files and users write, as {@code maskgit}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Returns the type of record that holds the sizes of the network. */
    public Class<? extends Record> sizes() {
        return sizes;
    }

    /**
     * Returns the prior of the given name.
     *
     * @throws IllegalArgumentException listing all names if there is none
     */
    public static PriorKind of(String label) {
        for (PriorKind kind : values()) {
            if (kind.label().equals(label)) {
                return kind;
            }
        }
        String all = Arrays.stream(values()).map(PriorKind::label).collect(Collectors.joining(", "));
        Check.that(false, "PriorKind: name must be one of %s, got %s", all, label);
        throw new AssertionError();
    }

    /** Returns a prior with random weights; {@code network} holds sizes of this kind. */
    CodePrior make(Record network, Rng rng) {
        return switch (this) {
            case TRANSFORMER -> new TransformerPrior(new CausalTransformer((CausalTransformer.Config) network, rng));
            case MASKGIT -> new MaskedPrior(new MaskedTransformer((MaskedTransformer.Config) network, rng));
            case PIXELCNN -> new PixelCnnPrior(new PixelCnn((PixelCnn.Config) network, rng));
        };
    }

    /** Returns what a network of these sizes models. */
    CodeSpace space(Record network) {
        return switch (this) {
            case TRANSFORMER -> ((CausalTransformer.Config) network).codes();
            case MASKGIT -> ((MaskedTransformer.Config) network).codes();
            case PIXELCNN -> PixelCnnPrior.space((PixelCnn.Config) network);
        };
    }
}
