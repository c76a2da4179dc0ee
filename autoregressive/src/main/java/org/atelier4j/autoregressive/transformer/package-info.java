/**
 * Transformers over grids of codes: {@link org.atelier4j.autoregressive.transformer.CausalTransformer} says what comes next
 * (Esser et al. 2021, arXiv:2012.09841), {@link org.atelier4j.autoregressive.transformer.MaskedTransformer} what is behind a
 * mask (Chang et al. 2022, arXiv:2202.04200). Both are one stack of blocks; read {@link
 * org.atelier4j.autoregressive.transformer.TransformerTrunk} first, then the priors that draw with them, {@link
 * org.atelier4j.autoregressive.transformer.TransformerPrior} and {@link
 * org.atelier4j.autoregressive.transformer.MaskedPrior}.
 */
@NullMarked
package org.atelier4j.autoregressive.transformer;

import org.jspecify.annotations.NullMarked;
