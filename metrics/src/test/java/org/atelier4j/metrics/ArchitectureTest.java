package org.atelier4j.metrics;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import java.util.List;
import org.atelier4j.FamilyArchitecture;
import org.junit.jupiter.api.Test;

/** Who may know whom within the family. */
class ArchitectureTest extends FamilyArchitecture {
    private static final String ROOT = "org.atelier4j.metrics";

    ArchitectureTest() {
        super(FrechetDistance.class, 25);
    }

    /** Frozen networks call operations of the engine themselves, without layers around them. */
    @Override
    protected List<String> hidden() {
        return List.of("org.nd4j..", "org.bytedeco..");
    }

    @Test
    void metricsOfPairsKnowNeitherStatisticsNorNetworks() {
        noClasses()
                .that()
                .resideInAPackage(ROOT + ".image..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(ROOT, ROOT + ".net..")
                .check(family());
    }
}
