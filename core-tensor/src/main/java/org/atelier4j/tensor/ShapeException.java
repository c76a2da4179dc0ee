package org.atelier4j.tensor;

/** Thrown when shapes do not fit an operation; the message names the operation, what must hold and what was given. */
public final class ShapeException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception with a finished message. */
    public ShapeException(String message) {
        super(message);
    }
}
