/**
 * Trained priors for use in programs: a tokenizer and a file, then images by class or the rest of an image.
 *
 * <p>Read {@link org.atelier4j.autoregressive.pipeline.CodePipeline} first. What a file must say about its prior stands in
 * {@link org.atelier4j.autoregressive.pipeline.PriorConfig}.
 */
@NullMarked
package org.atelier4j.autoregressive.pipeline;

import org.jspecify.annotations.NullMarked;
