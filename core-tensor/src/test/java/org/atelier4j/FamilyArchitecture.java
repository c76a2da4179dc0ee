package org.atelier4j;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Who may know whom, the same in every family of models. A family's ArchitectureTest extends this and adds its own rules. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS) // the class files are read once
public abstract class FamilyArchitecture {
    private static final String ALL = "org.atelier4j.";
    private static final List<String> FAMILIES = List.of("autoregressive", "diffusion", "metrics", "vqvae");

    private final String root;
    private final JavaClasses classes;
    private final int atLeast;

    /**
     * Reads the class files of a family, without those of its tests.
     *
     * @param any a class in the family's root package
     * @param atLeast how many classes there must be, so that no rule holds because nothing was looked at
     */
    protected FamilyArchitecture(Class<?> any, int atLeast) {
        root = any.getPackageName();
        this.atLeast = atLeast;
        try {
            Path compiled = Path.of(
                    any.getProtectionDomain().getCodeSource().getLocation().toURI());
            classes = new ClassFileImporter().importPath(compiled.resolve(root.replace('.', '/')));
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Returns the family's classes. */
    protected final JavaClasses family() {
        return classes;
    }

    /** Returns the packages of the engine that the family must not know. */
    protected List<String> hidden() {
        return List.of(
                "org.nd4j..", "org.bytedeco..", ALL + "tensor.kernel..", ALL + "tensor.op..", ALL + "tensor.device..");
    }

    @Test
    void theScanSeesTheFamily() {
        assertThat(classes.size()).isGreaterThan(atLeast);
    }

    @Test
    void otherFamiliesAreUnknown() {
        String[] others = FAMILIES.stream()
                .map(name -> ALL + name)
                .filter(other -> !other.equals(root))
                .map(other -> other + "..")
                .toArray(String[]::new);
        assertThat(others).hasSize(FAMILIES.size() - 1);
        noClasses().should().dependOnClassesThat().resideInAnyPackage(others).check(classes);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching(root + ".(*)..")
                .should()
                .beFreeOfCycles()
                .allowEmptyShould(true) // a family may have one package only
                .check(classes);
    }

    @Test
    void onlyTensorsAreSeenOfTheEngine() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(hidden().toArray(String[]::new))
                .check(classes);
    }

    @Test
    void everyPackageSaysWhatItIsFor() {
        Set<String> documented = classes.stream()
                .filter(c -> c.getSimpleName().equals("package-info"))
                .map(JavaClass::getPackageName)
                .collect(Collectors.toSet());
        Set<String> all = classes.stream().map(JavaClass::getPackageName).collect(Collectors.toSet());

        assertThat(documented).isEqualTo(all);
    }

    @Test
    void nothingIsMadeToBeExtendedByAccident() {
        classes()
                .that()
                .areTopLevelClasses()
                .and()
                .areNotInterfaces()
                .and()
                .areNotEnums()
                .and()
                .doNotHaveModifier(JavaModifier.ABSTRACT)
                .should()
                .haveModifier(JavaModifier.FINAL)
                .check(classes);
    }
}
