package org.atelier4j.autoregressive;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Who may know whom within the family. */
class ArchitectureTest {
    private static final String ROOT = "org.atelier4j.autoregressive";
    private static final JavaClasses CLASSES = new ClassFileImporter().importPath(compiled());

    /** The folder with the family's classes, without those of tests. */
    private static Path compiled() {
        try {
            URI classes = CodePrior.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI();
            return Path.of(classes).resolve(ROOT.replace('.', '/'));
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void theScanSeesTheFamily() {
        assertThat(CLASSES.size()).isGreaterThan(40);
    }

    @Test
    void otherFamiliesAreUnknown() {
        noClasses()
                .should()
                .dependOnClassesThat(resideInAPackage("org.atelier4j.vqvae..")
                        .or(resideInAPackage("org.atelier4j.diffusion.."))
                        .or(resideInAPackage("org.atelier4j.metrics..")))
                .check(CLASSES);
    }

    @Test
    void whatPriorsHaveInCommonKnowsNoneOfThem() {
        noClasses()
                .that()
                .resideInAPackage(ROOT)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(ROOT + ".transformer..", ROOT + ".pixel..", ROOT + ".pipeline..")
                .check(CLASSES);
    }

    @Test
    void transformersAndPixelCnnsKnowNothingOfEachOther() {
        slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(CLASSES);
        noClasses()
                .that()
                .resideInAPackage(ROOT + ".transformer..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(ROOT + ".pixel..")
                .check(CLASSES);
        noClasses()
                .that()
                .resideInAPackage(ROOT + ".pixel..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(ROOT + ".transformer..")
                .check(CLASSES);
    }

    @Test
    void onlyTensorsAreSeenOfTheEngine() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "org.nd4j..",
                        "org.bytedeco..",
                        "org.atelier4j.tensor.kernel..",
                        "org.atelier4j.tensor.op..",
                        "org.atelier4j.tensor.device..")
                .check(CLASSES);
    }

    @Test
    void everyPackageSaysWhatItIsFor() {
        Set<String> documented = CLASSES.stream()
                .filter(c -> c.getSimpleName().equals("package-info"))
                .map(JavaClass::getPackageName)
                .collect(Collectors.toSet());
        Set<String> all = CLASSES.stream().map(JavaClass::getPackageName).collect(Collectors.toSet());

        assertThat(documented).isEqualTo(all);
    }

    @Test
    void classesAreFinalOrRecordsOrInterfaces() {
        classes()
                .that()
                .areTopLevelClasses()
                .and()
                .areNotInterfaces()
                .and()
                .areNotEnums()
                .should()
                .haveModifier(JavaModifier.FINAL)
                .check(CLASSES);
    }
}
