package org.atelier4j.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.atelier4j.tensor.Check;
import org.jspecify.annotations.Nullable;

/** Who does a task: the library itself or one of those it is compared with. */
public interface Engine {
    /** The library. */
    String ATELIER = "atelier";

    /** The library with exact products, beside itself with rounded ones. */
    String FLOAT32 = "float32";

    /** The same oneDNN primitives called by hand on memory that never moves. */
    String ONEDNN = "onednn";

    /** ND4J's operations, used as its documentation shows them. */
    String ND4J = "nd4j";

    /** ND4J's graphs, which it differentiates itself. */
    String SAMEDIFF = "samediff";

    /** DeepLearning4J's layers. */
    String DL4J = "dl4j";

    /** PyTorch's C++ library; only in a build with the profile {@code bench}. */
    String LIBTORCH = "libtorch";

    /** Returns whether the engine has words for a task. */
    boolean does(Task task);

    /** Returns a task that the engine {@link #does}, prepared. */
    Work prepare(Task task);

    /** Returns name, version and what else to know, where the library's own parts do not say it. */
    default Optional<String> describe() {
        return Optional.empty();
    }

    /** Returns the names of all engines, the library first, whether this build has them or not. */
    static List<String> all() {
        return List.of(ATELIER, FLOAT32, LIBTORCH, ONEDNN, ND4J, SAMEDIFF, DL4J);
    }

    /** Returns the names of the engines in this build, the library first. */
    static List<String> names() {
        List<String> names = new ArrayList<>(List.of(ATELIER, FLOAT32, ONEDNN, ND4J, SAMEDIFF, DL4J));
        if (libtorch() != null) {
            names.add(LIBTORCH);
        }
        return names;
    }

    /** Returns the engine of a name. */
    static Engine named(String name) {
        Check.that(names().contains(name), "engine must be one of %s, got %s", names(), name);
        return switch (name) {
            case FLOAT32 -> new Float32Engine();
            case ONEDNN -> new OneDnnEngine();
            case ND4J -> new Nd4jEngine();
            case SAMEDIFF -> new SameDiffEngine();
            case DL4J -> new Dl4jEngine();
            case LIBTORCH -> java.util.Objects.requireNonNull(libtorch());
            default -> new AtelierEngine();
        };
    }

    private static @Nullable Engine libtorch() {
        try {
            Class<?> type = Class.forName("org.atelier4j.benchmarks.torch.LibtorchEngine");
            return (Engine) type.getConstructor().newInstance();
        } catch (ClassNotFoundException e) {
            return null; // built without the profile
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("libtorch's engine could not be made", e);
        }
    }
}
