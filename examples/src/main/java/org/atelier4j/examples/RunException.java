package org.atelier4j.examples;

/** A run cannot start or go on for a reason that its user can mend; the message says how. */
final class RunException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    RunException(String message) {
        super(message);
    }
}
