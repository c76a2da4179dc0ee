/**
 * Frozen networks that judge pictures, and the distances made of them.
 *
 * <p>Read {@link org.atelier4j.metrics.net.Lpips} first: it comes with its weights and is short.
 * {@link org.atelier4j.metrics.net.EfficientNetLite0} comes with its weights too and gives features and classes of color
 * images; {@link org.atelier4j.metrics.net.Inception2015} is FID's network, whose weights the user brings;
 * {@link org.atelier4j.metrics.net.Dists} needs VGG16's. {@link org.atelier4j.metrics.net.FrozenClassifier} holds small
 * classifiers trained by {@link org.atelier4j.metrics.net.ClassifierTraining}, such as FM-Net for Fashion-MNIST.
 *
 * <p>What they share: weights never change, batch norms are part of the convolutions before them, evaluation is the only mode,
 * each knows the SHA-256 of its weights, gradients pass to the images, and many threads may use one. Files of weights that
 * are looked for are in the folder {@code weights} of {@link org.atelier4j.data.Datasets#cacheFolder()}.
 *
 * <p>Papers: Zhang et al. 2018 (arXiv:1801.03924), Ding et al. 2020 (arXiv:2004.07728), Tan, Le 2019 (arXiv:1905.11946),
 * Szegedy et al. 2015 (arXiv:1512.00567), Parmar et al. 2022 (arXiv:2104.11222).
 */
@NullMarked
package org.atelier4j.metrics.net;

import org.jspecify.annotations.NullMarked;
