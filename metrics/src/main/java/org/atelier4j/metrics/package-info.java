/**
 * Numbers that judge image generators, at their published definitions. Read {@link
 * org.atelier4j.metrics.FeatureReader} first: it shows images to a network and fills what the metrics of distributions
 * compare, {@link org.atelier4j.metrics.FeatureStatistics} and {@link org.atelier4j.metrics.FeatureBank}.
 *
 * <p>Arithmetic of features is done in double precision whatever they were stored in. Nothing is drawn but from an
 * {@link org.atelier4j.tensor.Rng} that the caller gives, and features of different networks are never compared.
 *
 * <p>Papers: Heusel et al. 2017 ({@link org.atelier4j.metrics.FrechetDistance}), Salimans et al. 2016 ({@link
 * org.atelier4j.metrics.InceptionScore}), Bińkowski et al. 2018 ({@link org.atelier4j.metrics.KernelDistance}),
 * Jayasumana et al. 2024 ({@link org.atelier4j.metrics.Cmmd}), Kynkäänniemi et al. 2019 and Naeem et al. 2020 ({@link
 * org.atelier4j.metrics.PrecisionRecall}), Xu et al. 2018 ({@link org.atelier4j.metrics.RPrecision}), Hessel et al. 2021
 * ({@link org.atelier4j.metrics.ClipScore}).
 */
@NullMarked
package org.atelier4j.metrics;

import org.jspecify.annotations.NullMarked;
