/**
 * What changes parameters: optimizers, learning-rate schedules, gradient clipping and accumulation, moving averages.
 *
 * <p>Read {@link org.atelier4j.optim.Optimizer} first. One step of training reads
 *
 * <pre>{@code
 * Gradients g = loss.backward();
 * double norm = optimizer.step(g, new GradientClip(1.0));
 * ema.update(batch.size(), imagesSeen);
 * }</pre>
 *
 * <p>A step is one pass over all parameters: clipping, weight decay and the rule itself are fused. State lives outside
 * {@link org.atelier4j.tensor.TensorScope}s and is saved as named tensors, so that a resumed run equals the unbroken one
 * bit for bit.
 *
 * <p>Papers: Sutskever et al. 2013 (momentum); Hinton 2012, lecture 6e (RMSProp); Kingma, Ba 2014 (arXiv:1412.6980);
 * Loshchilov, Hutter 2017 (arXiv:1711.05101, AdamW) and 2016 (arXiv:1608.03983, cosine schedule); Chen et al. 2023
 * (arXiv:2302.06675, Lion); Pascanu et al. 2012 (arXiv:1211.5063, clipping); Karras et al. 2022 (arXiv:2206.00364, the
 * half-life of averages in images).
 */
@NullMarked
package org.atelier4j.optim;

import org.jspecify.annotations.NullMarked;
