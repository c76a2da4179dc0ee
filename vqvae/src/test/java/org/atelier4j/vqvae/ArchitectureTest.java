package org.atelier4j.vqvae;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Whom the family may know. */
class ArchitectureTest {
    private static final String ROOT = "org.atelier4j.vqvae";
    private static final JavaClasses CLASSES = new ClassFileImporter().importPath(compiled());

    /** The folder with the family's classes, without those of tests. */
    private static Path compiled() {
        try {
            return Path.of(VqVae.class
                            .getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .resolve(ROOT.replace('.', '/'));
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
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "org.atelier4j.autoregressive..", "org.atelier4j.diffusion..", "org.atelier4j.metrics..")
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
}
