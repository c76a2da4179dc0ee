package org.atelier4j.metrics;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Who may know whom within the family. */
class ArchitectureTest {
    private static final String ROOT = "org.atelier4j.metrics";
    private static final JavaClasses CLASSES = new ClassFileImporter().importPath(compiled());

    /** The folder with the family's classes, without those of tests. */
    private static Path compiled() {
        try {
            URI classes = FrechetDistance.class
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
        assertThat(CLASSES.size()).isGreaterThan(25);
    }

    @Test
    void metricsOfPairsKnowNeitherStatisticsNorNetworks() {
        noClasses()
                .that()
                .resideInAPackage(ROOT + ".image..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(ROOT, ROOT + ".net..")
                .check(CLASSES);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void noNativeLibraryAndNoOtherFamilyIsSeen() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "org.nd4j..",
                        "org.bytedeco..",
                        "org.atelier4j.diffusion..",
                        "org.atelier4j.vqvae..",
                        "org.atelier4j.autoregressive..")
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
}
