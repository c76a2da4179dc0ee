package org.atelier4j.nn;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.atelier4j.tensor.Rng;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What holds for every layer class of the package; a new one must be added to the catalog. */
class LayerCatalogTest {
    private static final Map<Class<? extends Layer>, Function<Rng, Layer>> CATALOG = Map.ofEntries(
            Map.entry(Activation.class, rng -> Activation.relu()),
            Map.entry(BatchNorm2d.class, rng -> new BatchNorm2d(3)),
            Map.entry(Conv1d.class, rng -> new Conv1d(3, 4, 3, 1, 1, rng)),
            Map.entry(Conv2d.class, rng -> new Conv2d(3, 4, 3, 1, 1, rng)),
            Map.entry(Conv3d.class, rng -> new Conv3d(3, 4, 3, 1, 1, rng)),
            Map.entry(ConvTranspose2d.class, rng -> new ConvTranspose2d(3, 4, 4, 2, 1, rng)),
            Map.entry(Downsample.class, rng -> Downsample.withConv(3, rng)),
            Map.entry(Dropout.class, rng -> new Dropout(0.1, rng)),
            Map.entry(Embedding.class, rng -> new Embedding(3, 4, rng)),
            Map.entry(GroupNorm.class, rng -> new GroupNorm(1, 3)),
            Map.entry(InstanceNorm.class, rng -> new InstanceNorm(3, true)),
            Map.entry(LayerNorm.class, rng -> new LayerNorm(3)),
            Map.entry(Linear.class, rng -> new Linear(3, 4, rng)),
            Map.entry(
                    MultiHeadAttention.class, rng -> new MultiHeadAttention(MultiHeadAttention.Config.self(4, 2), rng)),
            Map.entry(PositionEmbedding.class, rng -> new PositionEmbedding(4, 3, rng)),
            Map.entry(RmsNorm.class, rng -> new RmsNorm(3)),
            Map.entry(Sequential.class, rng -> new Sequential(new Linear(3, 4, rng), Activation.relu())),
            Map.entry(SpectralNorm.class, rng -> new SpectralNorm<>(new Linear(3, 4, rng), rng)),
            Map.entry(TimestepEmbedding.class, rng -> new TimestepEmbedding(SinusoidalEmbedding.ddpm(8), 4, rng)),
            Map.entry(Upsample.class, rng -> Upsample.withConv(3, rng)));

    @Test
    void everyLayerOfThePackageIsInTheCatalog() {
        List<String> found = new ClassFileImporter()
                .importUrl(Layer.class.getProtectionDomain().getCodeSource().getLocation()).stream()
                        .filter(c -> c.isAssignableTo(Layer.class)
                                && c.getPackageName().equals("org.atelier4j.nn"))
                        .filter(c -> !c.getModifiers().contains(JavaModifier.ABSTRACT))
                        .map(JavaClass::getName)
                        .toList();
        assertThat(found)
                .containsExactlyInAnyOrderElementsOf(
                        CATALOG.keySet().stream().map(Class::getName).toList());
    }

    /** Names are PyTorch's, in its spelling: {@code running_mean} is the field {@code runningMean}. */
    @TestFactory
    Stream<DynamicTest> registeredNamesAreFieldNames() {
        return each((type, make) -> {
            Layer layer = make.apply(Rng.of(0));
            List<String> fields =
                    Stream.of(type.getDeclaredFields()).map(Field::getName).collect(Collectors.toList());
            if (Convolutional.class.isAssignableFrom(type)) {
                Stream.of(Convolutional.class.getDeclaredFields())
                        .map(Field::getName)
                        .forEach(fields::add);
            }
            for (String name : registered(layer)) {
                boolean numbered = layer instanceof Sequential && name.matches("\\d+");
                assertThat(numbered || fields.contains(camelCase(name)))
                        .as("%s registers %s, fields are %s", type.getSimpleName(), name, fields)
                        .isTrue();
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> theSameStreamGivesTheSameLayerAndAnotherAnotherOne() {
        return each((type, make) -> {
            Layer a = make.apply(Rng.of(1));
            Layer b = make.apply(Rng.of(1));
            Layer c = make.apply(Rng.of(2));
            boolean differs = false;
            for (String path : a.parameters().keySet()) {
                float[] values = a.parameters().get(path).toFloats();
                assertThat(b.parameters().get(path).toFloats()).isEqualTo(values);
                differs |= !java.util.Arrays.equals(c.parameters().get(path).toFloats(), values);
            }
            boolean random = a.parameters().keySet().stream().anyMatch(p -> p.endsWith("weight"))
                    && !type.getSimpleName().endsWith("Norm")
                    && type != BatchNorm2d.class;
            assertThat(differs).isEqualTo(random || type == SpectralNorm.class);
        });
    }

    private interface Body {
        void check(Class<? extends Layer> type, Function<Rng, Layer> make) throws ReflectiveOperationException;
    }

    private static Stream<DynamicTest> each(Body body) {
        return CATALOG.entrySet().stream()
                .map(e -> DynamicTest.dynamicTest(
                        e.getKey().getSimpleName(), () -> body.check(e.getKey(), e.getValue())));
    }

    /** Returns the names of the layer's own parameters, buffers, streams and children, without list positions. */
    private static List<String> registered(Layer layer) throws ReflectiveOperationException {
        List<String> names = new ArrayList<>();
        for (String kind : List.of("children", "parameters", "buffers", "streams")) {
            Field field = Layer.class.getDeclaredField(kind);
            field.setAccessible(true);
            ((Map<?, ?>) field.get(layer))
                    .keySet()
                    .forEach(k -> names.add(k.toString().replaceFirst("\\.\\d+$", "")));
        }
        return names;
    }

    private static String camelCase(String name) {
        StringBuilder s = new StringBuilder();
        boolean upper = false;
        for (char c : name.toCharArray()) {
            if (c == '_') {
                upper = true;
            } else {
                s.append(upper ? Character.toUpperCase(c) : c);
                upper = false;
            }
        }
        return s.toString();
    }
}
