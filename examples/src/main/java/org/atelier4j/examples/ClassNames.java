package org.atelier4j.examples;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** Names of classes as people type them. */
final class ClassNames {
    private ClassNames() {}

    /**
     * Returns the labels of the classes that were asked for by name or number, all of them if none were. Case, spaces and
     * hyphens in names do not matter.
     */
    static List<Integer> labels(List<String> wanted, List<String> names) {
        if (wanted.isEmpty()) {
            return IntStream.range(0, names.size()).boxed().toList();
        }
        if (names.isEmpty()) {
            throw new RunException("there is no class " + wanted.get(0) + "; the model has no classes");
        }
        List<String> known = names.stream().map(ClassNames::plain).toList();
        List<Integer> labels = new ArrayList<>();
        for (String name : wanted) {
            int label = known.indexOf(plain(name));
            for (int k = 0; k < names.size() && label < 0; k++) {
                label = name.strip().equals(String.valueOf(k)) ? k : -1;
            }
            if (label < 0) {
                throw new RunException("there is no class " + name + "; the model knows " + String.join(", ", names)
                        + " (0 to " + (names.size() - 1) + ")");
            }
            labels.add(label);
        }
        return labels;
    }

    /** Returns the file of an image, as {@code ankle-boot-003.png}. */
    static String file(String name, int number) {
        String plain = name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
        return String.format(Locale.ROOT, "%s-%03d.png", plain, number);
    }

    static String plain(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
    }
}
