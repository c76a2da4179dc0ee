/** Numbers that judge image generators, at their published definitions. */
@NullMarked
package org.atelier4j.metrics;

import org.jspecify.annotations.NullMarked;
