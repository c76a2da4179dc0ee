package org.atelier4j.tensor.kernel.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_clone;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_equal;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.dnnl_memory_desc;

/**
 * Numbers for the layouts that oneDNN chose, equal for equal ones. Two primitives over one weight, as for two batch sizes,
 * may want different layouts of the same size in bytes. There are as many as kinds of weights in a process: a list will do.
 */
final class Layouts {
    private static final List<dnnl_memory_desc> MET = new ArrayList<>();

    private Layouts() {}

    /** Returns the number of a layout. */
    static synchronized int number(dnnl_memory_desc layout) {
        for (int i = 0; i < MET.size(); i++) {
            if (dnnl_memory_desc_equal(MET.get(i), layout) == 1) {
                return i;
            }
        }
        dnnl_memory_desc own = new dnnl_memory_desc();
        OneDnn.check("memory description", dnnl_memory_desc_clone(own, layout));
        MET.add(own);
        return MET.size() - 1;
    }
}
