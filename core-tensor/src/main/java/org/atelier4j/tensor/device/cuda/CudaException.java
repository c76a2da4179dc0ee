package org.atelier4j.tensor.device.cuda;

/** A call of the CUDA driver or compiler failed, or there is none; the message says which, why and what to do. */
public final class CudaException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** The driver's code, 0 where the failure did not come from the driver. */
    private final int code;

    /** Makes a failure that did not come from the driver. */
    public CudaException(String message) {
        this(0, message);
    }

    CudaException(int code, String message) {
        super(message);
        this.code = code;
    }

    /** Returns the driver's error code (cuda.h, {@code CUresult}), or 0. */
    public int code() {
        return code;
    }
}
