package org.atelier4j.tensor.kernel;

import org.atelier4j.tensor.kernel.nd4j.Nd4jKernels;

/** The portable provider keeps the contract. */
class Nd4jKernelsTest extends KernelsContract {

    @Override
    protected Kernels provider() {
        return new Nd4jKernels();
    }
}
