package org.atelier4j;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.Op;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Who may see whom in core-tensor, proven on class files. */
@AnalyzeClasses(packages = "org.atelier4j", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

    @ArchTest
    static void theScanSeesTheLibrary(JavaClasses all) {
        assertThat(all.size()).isGreaterThan(200);
    }

    @ArchTest
    static final ArchRule nativeLibrariesStayBehindTheTensorPackages = noClasses()
            .that()
            .resideOutsideOfPackage("org.atelier4j.tensor..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.nd4j..", "org.bytedeco..", "com.sun.jna..");

    @ArchTest
    static final ArchRule packagesAreFreeOfCycles =
            slices().matching("org.atelier4j.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule packagesUseOnlyWhatLiesBelow = layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .optionalLayer("train")
            .definedBy("org.atelier4j.train..")
            .optionalLayer("data")
            .definedBy("org.atelier4j.data..")
            .optionalLayer("image")
            .definedBy("org.atelier4j.image..")
            .optionalLayer("io")
            .definedBy("org.atelier4j.io..")
            .optionalLayer("model")
            .definedBy("org.atelier4j.model..")
            .optionalLayer("optim")
            .definedBy("org.atelier4j.optim..")
            .optionalLayer("nn")
            .definedBy("org.atelier4j.nn..")
            .optionalLayer("tensor")
            .definedBy("org.atelier4j.tensor..")
            .whereLayer("train")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("data")
            .mayOnlyBeAccessedByLayers("train")
            .whereLayer("image")
            .mayOnlyBeAccessedByLayers("train", "data")
            .whereLayer("io")
            .mayOnlyBeAccessedByLayers("train", "data", "image")
            .whereLayer("optim")
            .mayOnlyBeAccessedByLayers("train")
            .whereLayer("nn")
            .mayOnlyBeAccessedByLayers("train", "optim", "model");

    @ArchTest
    static final ArchRule valuesChangeInFewPlaces = classes()
            .that(call(Tensor.class, "assign"))
            .should()
            .resideInAnyPackage(
                    "org.atelier4j.tensor", "org.atelier4j.nn..", "org.atelier4j.optim..", "org.atelier4j.train..");

    @ArchTest
    static final ArchRule opsAreRecords = classes()
            .that()
            .areAssignableTo(Op.class)
            .and()
            .areNotInterfaces()
            .should()
            .beRecords();

    @ArchTest
    static final ArchRule librariesDoNotPrintOrExit = noClasses()
            .should()
            .accessField(System.class, "out")
            .orShould()
            .accessField(System.class, "err")
            .orShould()
            .callMethod(System.class, "exit", int.class)
            .orShould()
            .callMethod(Throwable.class, "printStackTrace");

    @ArchTest
    static final ArchRule thereIsNoHiddenRandomness = noClasses()
            .should()
            .dependOnClassesThat()
            .haveFullyQualifiedName("java.util.Random")
            .orShould()
            .dependOnClassesThat()
            .haveFullyQualifiedName("java.util.concurrent.ThreadLocalRandom")
            .orShould()
            .callMethod(Math.class, "random")
            .orShould()
            .dependOnClassesThat()
            .resideInAPackage("org.nd4j.linalg.api.rng..");

    /** {@code getDouble(long)} and {@code putScalar(long, …)} follow the array's own order: two equal arrays can differ. */
    @ArchTest
    static final ArchRule linearIndexingOfNd4jArraysIsForbidden = noClasses()
            .should()
            .callMethod(INDArray.class, "getDouble", long.class)
            .orShould()
            .callMethod(INDArray.class, "getFloat", long.class)
            .orShould()
            .callMethod(INDArray.class, "putScalar", long.class, double.class)
            .orShould()
            .callMethod(INDArray.class, "putScalar", long.class, float.class);

    @ArchTest
    static void everyPackageSaysWhatItIsFor(JavaClasses all) {
        Set<String> silent = all.stream().map(JavaClass::getPackageName).collect(Collectors.toCollection(TreeSet::new));
        all.stream()
                .filter(c -> c.getSimpleName().equals("package-info"))
                .forEach(c -> silent.remove(c.getPackageName()));
        assertThat(silent).as("packages without package-info.java").isEmpty();
    }

    private static DescribedPredicate<JavaClass> call(Class<?> owner, String method) {
        return DescribedPredicate.describe(
                "call " + owner.getSimpleName() + "." + method,
                c -> c.getMethodCallsFromSelf().stream()
                        .anyMatch(m -> m.getName().equals(method)
                                && m.getTargetOwner().getName().equals(owner.getName())));
    }
}
