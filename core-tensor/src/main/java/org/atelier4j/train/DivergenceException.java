package org.atelier4j.train;

/** Training has produced a number that is not finite. */
public final class DivergenceException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    /** Makes an exception that says which number of which step. */
    public DivergenceException(String message) {
        super(message);
    }
}
