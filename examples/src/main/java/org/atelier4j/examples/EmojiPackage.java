package org.atelier4j.examples;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.atelier4j.data.Emoji;
import org.atelier4j.image.Image;
import org.atelier4j.image.ImageFiles;
import org.atelier4j.io.Json;
import org.atelier4j.io.MalformedFileException;
import org.jspecify.annotations.Nullable;

/** From the files of the package emoji-datasource-google to the data set {@link Emoji}. */
final class EmojiPackage {
    private static final String LIST = "package/emoji.json";
    private static final String PICTURES = "package/img/google/64/";

    private EmojiPackage() {}

    /** Returns whether a file of the package is needed: the list, and the pictures of 64 × 64 pixels. */
    static boolean isWanted(String name) {
        return name.equals(LIST) || name.startsWith(PICTURES);
    }

    /**
     * Writes the data set: each emoji once, in Unicode's order, laid on white and reduced to 32 × 32. Those that are obsolete
     * are left out, and those that look exactly like one before, so that no test image was trained on.
     */
    static void unpack(Map<String, byte[]> files, Path folder) {
        List<Emoji.Picture> pictures = new ArrayList<>();
        Set<Image> seen = new HashSet<>();
        for (Map<String, @Nullable Object> entry : entries(files)) {
            String file = PICTURES + text(entry, "image");
            int label = Emoji.CLASS_NAMES.indexOf(text(entry, "category"));
            byte[] png = files.get(file);
            if (label < 0 || png == null || entry.get("obsoleted_by") != null) {
                continue;
            }
            Image image = ImageFiles.decode(png, file).withChannels(3).resize(Emoji.SIDE, Emoji.SIDE);
            if (seen.add(image)) {
                pictures.add(new Emoji.Picture(image, label, text(entry, "name").toLowerCase(Locale.ROOT)));
            }
        }
        if (pictures.isEmpty()) {
            throw new MalformedFileException(LIST, "it must name pictures of the package, got none");
        }
        Emoji.write(folder, pictures);
    }

    private static List<Map<String, @Nullable Object>> entries(Map<String, byte[]> files) {
        byte[] json = files.get(LIST);
        if (json == null || !(Json.parse(json, LIST) instanceof List<?> list)) {
            throw new MalformedFileException(LIST, "the package must have this list of all emoji");
        }
        List<Map<String, @Nullable Object>> entries = new ArrayList<>();
        list.forEach(entry -> entries.add(Json.object(entry, LIST)));
        entries.sort(Comparator.comparingLong(EmojiPackage::order));
        return entries;
    }

    private static long order(Map<String, @Nullable Object> entry) {
        if (entry.get("sort_order") instanceof Long order) {
            return order;
        }
        throw new MalformedFileException(LIST, "each emoji must have a sort_order, got " + entry.keySet());
    }

    private static String text(Map<String, @Nullable Object> entry, String key) {
        return String.valueOf(entry.get(key));
    }
}
