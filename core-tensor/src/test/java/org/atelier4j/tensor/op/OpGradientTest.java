package org.atelier4j.tensor.op;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.GradientCheck;
import org.atelier4j.tensor.autograd.Node;
import org.atelier4j.tensor.autograd.Op;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every op's first and second derivative against differences, and fused against composite backward passes. */
class OpGradientTest {

    static List<OpCatalog.Case> catalog() {
        return OpCatalog.cases();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("catalog")
    void derivativesAgreeWithDifferences(OpCatalog.Case c) {
        GradientCheck.of(c.f()).secondOrder().at(c.inputs());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("catalog")
    void theCaseRecordsTheOpItIsFiledUnder(OpCatalog.Case c) {
        Tensor[] leaves = Stream.of(c.inputs())
                .map(x -> x.dtype().isFloating() ? x.requireGradient() : x)
                .toArray(Tensor[]::new);
        Node node = c.f().apply(leaves).node();
        assertThat(node).isNotNull();
        assertThat(node.op()).isInstanceOf(c.op());
    }

    @Test
    void everyOpOfThePackageIsInTheCatalog() throws IOException, URISyntaxException {
        Set<String> inCatalog =
                OpCatalog.cases().stream().map(c -> c.op().getName()).collect(Collectors.toCollection(TreeSet::new));
        Set<String> inPackage = opsOfThePackage();
        assertThat(inPackage).hasSizeGreaterThan(25);
        assertThat(inCatalog).isEqualTo(inPackage);
    }

    private static Set<String> opsOfThePackage() throws IOException, URISyntaxException {
        Path classes = Path.of(
                MatMul.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        Path folder = classes.resolve(MatMul.class.getPackageName().replace('.', '/'));
        Set<String> names = new TreeSet<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".class")).toList()) {
                String name = file.getFileName().toString().replace(".class", "");
                Class<?> type = load(MatMul.class.getPackageName() + "." + name);
                if (Op.class.isAssignableFrom(type) && !type.isInterface()) {
                    names.add(type.getName());
                }
            }
        }
        return names;
    }

    private static Class<?> load(String name) {
        try {
            return Class.forName(name, false, OpGradientTest.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }
}
