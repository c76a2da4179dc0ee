/**
 * Atelier beside DeepLearning4J: data sets in both directions ({@link org.atelier4j.examples.dl4j.DatasetIterator}, {@link
 * org.atelier4j.examples.dl4j.IteratorDataset}), and a judge of generated images that shares no code of training with the
 * library ({@link org.atelier4j.examples.dl4j.LeNetJudge}). Read the judge first.
 */
@NullMarked
package org.atelier4j.examples.dl4j;

import org.jspecify.annotations.NullMarked;
