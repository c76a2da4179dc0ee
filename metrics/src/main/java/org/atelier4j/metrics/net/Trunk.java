package org.atelier4j.metrics.net;

import java.util.List;
import org.atelier4j.tensor.Tensor;

/** The convolutions of a classifier of ImageNet, tapped at several depths. */
interface Trunk {

    /** Returns the lengths C of the taps' last axes. */
    List<Integer> channels();

    /** Returns the smallest height and width that all taps survive. */
    int smallest();

    /** Returns the taps (B, h, w, C) of normalized images (B, H, W, 3), from fine to coarse. */
    List<Tensor> taps(Tensor images);
}
