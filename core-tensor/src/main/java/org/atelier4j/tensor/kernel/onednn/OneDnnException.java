package org.atelier4j.tensor.kernel.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_invalid_arguments;
import static org.bytedeco.dnnl.global.dnnl.dnnl_out_of_memory;
import static org.bytedeco.dnnl.global.dnnl.dnnl_unimplemented;

/** A call that oneDNN refused. */
final class OneDnnException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    private final boolean unimplemented;

    OneDnnException(String what, int status) {
        super("oneDNN: " + what + " failed with status " + status + meaning(status));
        unimplemented = status == dnnl_unimplemented;
    }

    /** Returns whether oneDNN has no code for the request, so that another kernel must serve it. */
    boolean isUnimplemented() {
        return unimplemented;
    }

    private static String meaning(int status) {
        return status == dnnl_unimplemented
                ? " (not implemented)"
                : status == dnnl_invalid_arguments
                        ? " (invalid arguments)"
                        : status == dnnl_out_of_memory ? " (out of memory)" : "";
    }
}
