package org.atelier4j.autoregressive;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import org.atelier4j.FamilyArchitecture;
import org.junit.jupiter.api.Test;

/** Who may know whom within the family. */
class ArchitectureTest extends FamilyArchitecture {
    private static final String ROOT = "org.atelier4j.autoregressive";

    ArchitectureTest() {
        super(CodePrior.class, 40);
    }

    @Test
    void whatPriorsHaveInCommonKnowsNoneOfThem() {
        noClasses()
                .that()
                .resideInAPackage(ROOT)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(ROOT + ".transformer..", ROOT + ".pixel..", ROOT + ".pipeline..")
                .check(family());
    }

    @Test
    void transformersAndPixelCnnsKnowNothingOfEachOther() {
        noClasses()
                .that()
                .resideInAPackage(ROOT + ".transformer..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(ROOT + ".pixel..")
                .check(family());
        noClasses()
                .that()
                .resideInAPackage(ROOT + ".pixel..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(ROOT + ".transformer..")
                .check(family());
    }
}
