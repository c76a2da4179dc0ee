/** Images as grids of codes. */
@NullMarked
package org.atelier4j.vqvae;

import org.jspecify.annotations.NullMarked;
