package org.atelier4j.tensor.kernel;

import java.util.List;
import org.atelier4j.tensor.DType;

/** What the parts of the contract build on. */
interface ContractPart {
    int[] SIZES = {0, 1, 3, 7, 8, 16, 17, 255, 1024};

    /** Long enough for several threads, and odd. */
    int LONG = 40_001;

    Kernels kernels();

    List<DType> floats();

    double rtol(DType dtype);

    default Trial trial(String what, Object... values) {
        return new Trial(kernels(), what, values);
    }
}
