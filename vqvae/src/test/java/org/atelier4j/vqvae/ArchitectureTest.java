package org.atelier4j.vqvae;

import org.atelier4j.FamilyArchitecture;

/** Whom the family may know: what holds in every one. */
class ArchitectureTest extends FamilyArchitecture {
    ArchitectureTest() {
        super(VqVae.class, 40);
    }
}
