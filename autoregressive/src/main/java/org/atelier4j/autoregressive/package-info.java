/** Models that draw one element after the other. */
@NullMarked
package org.atelier4j.autoregressive;

import org.jspecify.annotations.NullMarked;
