/**
 * Layers: the parts that networks are made of, with the parameter names and shapes of PyTorch.
 *
 * <p>Read {@link org.atelier4j.nn.Layer} first (names, checkpoints, modes, freezing), then {@link org.atelier4j.nn.Linear}
 * and {@link org.atelier4j.nn.Conv2d}. Three rules hold for all layers:
 *
 * <ul>
 *   <li>Data are channels-last: images (B, H, W, C), tokens (B, T, C), so a reshape turns one into the other.
 *   <li>A layer computes in the element type of its input: parameters are cast where they differ. A network with FLOAT32
 *       parameters runs in BFLOAT16 from end to end when its input is BFLOAT16, and its gradients arrive as FLOAT32.
 *       Norms keep their statistics in FLOAT32.
 *   <li>Randomness comes from the {@link org.atelier4j.tensor.Rng} that ends a constructor's parameters. A layer with
 *       parameters of its own draws from it; a layer made of layers hands {@code rng.split(name)} to each child, so that
 *       one more child changes no other. Two children must not get the same stream.
 * </ul>
 *
 * <p>Papers: Glorot, Bengio 2010; He et al. 2015 (arXiv:1502.01852); Saxe et al. 2013 (arXiv:1312.6120) for
 * {@link org.atelier4j.nn.Init}; Ioffe, Szegedy 2015 (arXiv:1502.03167), Ba et al. 2016 (arXiv:1607.06450), Ulyanov et
 * al. 2016 (arXiv:1607.08022), Wu, He 2018 (arXiv:1803.08494), Zhang, Sennrich 2019 (arXiv:1910.07467) for the norms;
 * Miyato et al. 2018 (arXiv:1802.05957) for {@link org.atelier4j.nn.SpectralNorm}; Vaswani et al. 2017
 * (arXiv:1706.03762) for {@link org.atelier4j.nn.MultiHeadAttention} and {@link org.atelier4j.nn.SinusoidalEmbedding}.
 */
@NullMarked
package org.atelier4j.nn;

import org.jspecify.annotations.NullMarked;
