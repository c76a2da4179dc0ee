/**
 * Trained models for use in programs: load a file, ask for images, get images.
 *
 * <p>Read {@link org.atelier4j.diffusion.pipeline.DiffusionPipeline} first. What a file must say about its model stands in
 * {@link org.atelier4j.diffusion.pipeline.PipelineConfig}: the sizes of the network and the {@link
 * org.atelier4j.diffusion.pipeline.Objective} it was trained for, from which both the loss and the samplers follow.
 */
@NullMarked
package org.atelier4j.diffusion.pipeline;

import org.jspecify.annotations.NullMarked;
