/**
 * What crosses from one family of models to another. Families never import each other; they meet in these interfaces, and
 * whoever joins two of them (an example, an application) passes the one to the other.
 *
 * <p>{@link org.atelier4j.model.ImageSource} is what yields images: a data set, a sampler of any family. Metrics take it.
 * {@link org.atelier4j.model.FeatureExtractor} is what metrics and perceptual losses see with.
 * {@link org.atelier4j.model.ImageCodec} makes the latents of latent diffusion, {@link org.atelier4j.model.ImageTokenizer}
 * the codes of autoregressive priors.
 */
@NullMarked
package org.atelier4j.model;

import org.jspecify.annotations.NullMarked;
