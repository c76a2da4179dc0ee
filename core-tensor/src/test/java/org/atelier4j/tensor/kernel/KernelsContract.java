package org.atelier4j.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.TensorScope;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/**
 * What every kernel provider must do, over odd sizes, empty tensors, large and tiny values, views and broadcasting. A
 * provider's test is a subclass that says which provider it is and, where it must, how exact.
 */
abstract class KernelsContract
        implements MovementContract,
                ElementwiseContract,
                FormulaContract,
                ReductionContract,
                ProductContract,
                PrecisionContract,
                CodesContract,
                ImageContract,
                NormContract,
                TrainingContract {
    private final Set<String> called = ConcurrentHashMap.newKeySet();
    private final Kernels recorded = recorded();
    private TensorScope scope;

    /** Returns the provider under test. */
    protected abstract Kernels provider();

    /** Returns the floating types that the provider claims to take. */
    protected List<DType> floatingTypes() {
        return List.of(DType.FLOAT32, DType.FLOAT64, DType.BFLOAT16);
    }

    /** Returns the relative error that a result of the given type may have. */
    protected double tolerance(DType dtype) {
        return switch (dtype) {
            case FLOAT64 -> 1e-12;
            case FLOAT32 -> 2e-6;
            default -> 0x1p-8;
        };
    }

    @Override
    public final Kernels kernels() {
        return recorded;
    }

    @Override
    public final List<DType> floats() {
        return floatingTypes();
    }

    @Override
    public final double rtol(DType dtype) {
        return tolerance(dtype);
    }

    private Kernels recorded() {
        return (Kernels) Proxy.newProxyInstance(
                Kernels.class.getClassLoader(), new Class<?>[] {Kernels.class}, (proxy, method, arguments) -> {
                    called.add(method.getName());
                    try {
                        return method.invoke(provider(), arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    @BeforeEach
    void openScope() {
        scope = TensorScope.open();
    }

    @AfterEach
    void everyKernelNamedWasCalled(TestInfo test) {
        scope.close();
        Covers covers = test.getTestMethod().orElseThrow().getAnnotation(Covers.class);
        if (covers != null) {
            assertThat(called).contains(covers.value());
        }
    }

    @Test
    void everyKernelHasAContractTest() {
        Set<String> covered = new TreeSet<>();
        for (Method test : getClass().getMethods()) {
            Covers covers = test.getAnnotation(Covers.class);
            if (covers != null && test.isAnnotationPresent(Test.class)) {
                covered.addAll(Arrays.asList(covers.value()));
            }
        }
        Set<String> kernels = new TreeSet<>();
        for (Method kernel : Kernels.class.getMethods()) {
            kernels.add(kernel.getName());
        }
        kernels.remove("name");
        assertThat(covered).isEqualTo(kernels);
    }

    @Test
    void nameIsAWord() {
        assertThat(provider().name()).matches("[a-z0-9]+");
    }
}
