/**
 * Labelled images: where they come from and how they become batches.
 *
 * <p>Read {@link org.atelier4j.data.Dataset} first: a size, and access to image i as bytes. {@link org.atelier4j.data.Idx},
 * {@link org.atelier4j.data.Cifar10} and {@link org.atelier4j.data.ImageFolder} read what is published,
 * {@link org.atelier4j.data.ToyShapes} is drawn in code, {@link org.atelier4j.data.Datasets} finds a set by its name.
 * {@link org.atelier4j.data.Batches} shuffles, augments and prepares tensors ahead of the training step.
 */
@NullMarked
package org.atelier4j.data;

import org.jspecify.annotations.NullMarked;
