package org.atelier4j.diffusion;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import org.atelier4j.FamilyArchitecture;
import org.junit.jupiter.api.Test;

/** Who may know whom within the family. */
class ArchitectureTest extends FamilyArchitecture {
    private static final String ROOT = "org.atelier4j.diffusion";

    ArchitectureTest() {
        super(NoiseSchedule.class, 40);
    }

    @Test
    void samplersNeverSeeANetwork() {
        noClasses()
                .that()
                .resideInAPackage(ROOT + ".sampler..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(ROOT + ".unet..", ROOT + ".pipeline..", "org.atelier4j.nn..")
                .check(family());
    }

    @Test
    void networksNeverSeeAScheduleOrASampler() {
        noClasses()
                .that()
                .resideInAPackage(ROOT + ".unet..")
                .should()
                .dependOnClassesThat(resideInAPackage(ROOT + ".sampler..")
                        .or(resideInAPackage(ROOT + ".pipeline.."))
                        .or(resideInAPackage(ROOT).and(notNamed("Condition"))))
                .check(family());
    }

    @Test
    void theMathematicsKnowsNeitherNetworksNorSamplers() {
        noClasses()
                .that()
                .resideInAPackage(ROOT)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(ROOT + ".unet..", ROOT + ".sampler..", ROOT + ".pipeline..")
                .check(family());
    }

    private static DescribedPredicate<JavaClass> notNamed(String name) {
        return DescribedPredicate.describe(
                "other than " + name, c -> !c.getSimpleName().equals(name));
    }
}
