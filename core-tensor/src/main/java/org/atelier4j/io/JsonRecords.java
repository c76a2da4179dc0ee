package org.atelier4j.io;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.atelier4j.tensor.Check;
import org.jspecify.annotations.Nullable;

/** Records from JSON objects: the component names are the names of the object. */
final class JsonRecords {
    private JsonRecords() {}

    static <R extends Record> R read(Class<R> type, @Nullable Object tree) {
        List<String> problems = new ArrayList<>();
        R record = record(type, tree, type.getSimpleName(), problems);
        Check.that(problems.isEmpty(), "%s", String.join("; ", problems));
        return Objects.requireNonNull(record);
    }

    /** Returns the value of a component. */
    static @Nullable Object component(Record record, RecordComponent component) {
        try {
            component.getAccessor().setAccessible(true);
            return component.getAccessor().invoke(record);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(component + " could not be read", e);
        }
    }

    /** Returns the kind of a JSON value, in words. */
    static String describe(@Nullable Object value) {
        if (value instanceof Map) {
            return "an object";
        } else if (value instanceof List) {
            return "a list";
        } else if (value instanceof String) {
            return "\"" + value + "\"";
        }
        return String.valueOf(value);
    }

    /** Returns the record, or null after adding to {@code problems}. */
    private static <R extends Record> @Nullable R record(
            Class<R> type, @Nullable Object tree, String path, List<String> problems) {
        if (!(tree instanceof Map<?, ?> map)) {
            problems.add(path + ": must be an object, got " + describe(tree));
            return null;
        }
        int before = problems.size();
        RecordComponent[] components = type.getRecordComponents();
        @Nullable Object[] values = new Object[components.length];
        for (int i = 0; i < components.length; i++) {
            String name = components[i].getName();
            if (map.containsKey(name)) {
                values[i] = value(components[i].getGenericType(), map.get(name), path + "." + name, problems);
            } else {
                problems.add(path + "." + name + ": is missing");
            }
        }
        for (Object name : map.keySet()) {
            if (Arrays.stream(components).noneMatch(c -> c.getName().equals(name))) {
                problems.add(path + "." + name + ": is unknown");
            }
        }
        return problems.size() > before ? null : construct(type, components, values);
    }

    private static <R extends Record> R construct(
            Class<R> type, RecordComponent[] components, @Nullable Object[] values) {
        Class<?>[] types =
                Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
        try {
            Constructor<R> constructor = type.getDeclaredConstructor(types);
            constructor.setAccessible(true);
            return constructor.newInstance(values);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof RuntimeException refused) {
                throw refused; // the record's own check, with its own words
            }
            throw new IllegalStateException(type + " could not be made", e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(type + " could not be made", e);
        }
    }

    private static @Nullable Object value(Type type, @Nullable Object tree, String path, List<String> problems) {
        if (type instanceof ParameterizedType list && list.getRawType() == List.class) {
            return list(list.getActualTypeArguments()[0], tree, path, problems);
        }
        Check.that(
                type instanceof Class<?>, "Json: %s must be a number, text, enum, record or list, got %s", path, type);
        Class<?> wanted = (Class<?>) type;
        if (wanted.isRecord()) {
            return record(wanted.asSubclass(Record.class), tree, path, problems);
        } else if (wanted.isEnum()) {
            return constant(wanted, tree, path, problems);
        }
        Object value = scalar(wanted, tree);
        if (value == null) {
            problems.add(path + ": must be " + wanted.getSimpleName() + ", got " + describe(tree));
        }
        return value;
    }

    private static List<@Nullable Object> list(
            Type element, @Nullable Object tree, String path, List<String> problems) {
        List<@Nullable Object> values = new ArrayList<>();
        if (!(tree instanceof List<?> items)) {
            problems.add(path + ": must be a list, got " + describe(tree));
            return values;
        }
        int before = problems.size();
        for (int i = 0; i < items.size(); i++) {
            values.add(value(element, items.get(i), path + "[" + i + "]", problems));
        }
        return problems.size() > before ? values : List.copyOf(values);
    }

    private static @Nullable Object constant(Class<?> type, @Nullable Object tree, String path, List<String> problems) {
        for (Object constant : type.getEnumConstants()) {
            if (((Enum<?>) constant).name().equals(tree)) {
                return constant;
            }
        }
        problems.add(path + ": must be one of " + Arrays.toString(type.getEnumConstants()) + ", got " + describe(tree));
        return null;
    }

    /** Returns the value in the wanted type if it fits exactly, else null. */
    private static @Nullable Object scalar(Class<?> wanted, @Nullable Object tree) {
        if (wanted == String.class || wanted == boolean.class || wanted == Boolean.class) {
            boolean fits = wanted == String.class ? tree instanceof String : tree instanceof Boolean;
            return fits ? tree : null;
        } else if (tree instanceof Long n && (wanted == long.class || wanted == Long.class)) {
            return n;
        } else if (tree instanceof Long n && (wanted == int.class || wanted == Integer.class)) {
            return n == n.intValue() ? n.intValue() : null;
        } else if (wanted == double.class || wanted == Double.class) {
            return real(tree);
        } else if (wanted == float.class || wanted == Float.class) {
            Double real = real(tree);
            return real == null ? null : real.floatValue();
        }
        return null;
    }

    private static @Nullable Double real(@Nullable Object tree) {
        if (tree instanceof Number number) {
            return number.doubleValue();
        } else if ("NaN".equals(tree)) {
            return Double.NaN;
        } else if ("Infinity".equals(tree) || "-Infinity".equals(tree)) {
            return "Infinity".equals(tree) ? Double.POSITIVE_INFINITY : Double.NEGATIVE_INFINITY;
        }
        return null;
    }
}
