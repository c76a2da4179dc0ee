package org.atelier4j.metrics.net;

import java.util.LinkedHashMap;
import java.util.Map;

/** Names and shapes of the tensors of published networks, as their files hold them. */
final class Graphs {
    private Graphs() {}

    static Map<String, int[]> vgg16() {
        Map<String, int[]> all = new LinkedHashMap<>();
        int[] indices = {0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28};
        int[] channels = {3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512};
        for (int i = 0; i < indices.length; i++) {
            conv(all, "features." + indices[i], channels[i], channels[i + 1], 3, 3);
        }
        return all;
    }

    static Map<String, int[]> squeezeNet() {
        Map<String, int[]> all = new LinkedHashMap<>();
        conv(all, "features.0", 3, 64, 3, 3);
        int[][] fires = {
            {3, 64, 16, 64}, {4, 128, 16, 64}, {6, 128, 32, 128}, {7, 256, 32, 128},
            {9, 256, 48, 192}, {10, 384, 48, 192}, {11, 384, 64, 256}, {12, 512, 64, 256}
        };
        for (int[] f : fires) {
            String name = "features." + f[0] + ".";
            conv(all, name + "squeeze", f[1], f[2], 1, 1);
            conv(all, name + "expand1x1", f[2], f[3], 1, 1);
            conv(all, name + "expand3x3", f[2], f[3], 3, 3);
        }
        return all;
    }

    static Map<String, int[]> inception() {
        Map<String, int[]> all = new LinkedHashMap<>();
        normalized(all, "Conv2d_1a_3x3", 3, 32, 3, 3);
        normalized(all, "Conv2d_2a_3x3", 32, 32, 3, 3);
        normalized(all, "Conv2d_2b_3x3", 32, 64, 3, 3);
        normalized(all, "Conv2d_3b_1x1", 64, 80, 1, 1);
        normalized(all, "Conv2d_4a_3x3", 80, 192, 3, 3);
        int[][] a = {{192, 32}, {256, 64}, {288, 64}};
        for (int i = 0; i < 3; i++) {
            String m = "Mixed_5" + (char) ('b' + i) + ".";
            normalized(all, m + "branch1x1", a[i][0], 64, 1, 1);
            normalized(all, m + "branch5x5_1", a[i][0], 48, 1, 1);
            normalized(all, m + "branch5x5_2", 48, 64, 5, 5);
            normalized(all, m + "branch3x3dbl_1", a[i][0], 64, 1, 1);
            normalized(all, m + "branch3x3dbl_2", 64, 96, 3, 3);
            normalized(all, m + "branch3x3dbl_3", 96, 96, 3, 3);
            normalized(all, m + "branch_pool", a[i][0], a[i][1], 1, 1);
        }
        normalized(all, "Mixed_6a.branch3x3", 288, 384, 3, 3);
        normalized(all, "Mixed_6a.branch3x3dbl_1", 288, 64, 1, 1);
        normalized(all, "Mixed_6a.branch3x3dbl_2", 64, 96, 3, 3);
        normalized(all, "Mixed_6a.branch3x3dbl_3", 96, 96, 3, 3);
        int[] inner = {128, 160, 160, 192};
        for (int i = 0; i < 4; i++) {
            String m = "Mixed_6" + (char) ('b' + i) + ".";
            int c = inner[i];
            normalized(all, m + "branch1x1", 768, 192, 1, 1);
            normalized(all, m + "branch7x7_1", 768, c, 1, 1);
            normalized(all, m + "branch7x7_2", c, c, 1, 7);
            normalized(all, m + "branch7x7_3", c, 192, 7, 1);
            normalized(all, m + "branch7x7dbl_1", 768, c, 1, 1);
            normalized(all, m + "branch7x7dbl_2", c, c, 7, 1);
            normalized(all, m + "branch7x7dbl_3", c, c, 1, 7);
            normalized(all, m + "branch7x7dbl_4", c, c, 7, 1);
            normalized(all, m + "branch7x7dbl_5", c, 192, 1, 7);
            normalized(all, m + "branch_pool", 768, 192, 1, 1);
        }
        normalized(all, "Mixed_7a.branch3x3_1", 768, 192, 1, 1);
        normalized(all, "Mixed_7a.branch3x3_2", 192, 320, 3, 3);
        normalized(all, "Mixed_7a.branch7x7x3_1", 768, 192, 1, 1);
        normalized(all, "Mixed_7a.branch7x7x3_2", 192, 192, 1, 7);
        normalized(all, "Mixed_7a.branch7x7x3_3", 192, 192, 7, 1);
        normalized(all, "Mixed_7a.branch7x7x3_4", 192, 192, 3, 3);
        for (int i = 0; i < 2; i++) {
            String m = "Mixed_7" + (char) ('b' + i) + ".";
            int in = i == 0 ? 1280 : 2048;
            normalized(all, m + "branch1x1", in, 320, 1, 1);
            normalized(all, m + "branch3x3_1", in, 384, 1, 1);
            normalized(all, m + "branch3x3_2a", 384, 384, 1, 3);
            normalized(all, m + "branch3x3_2b", 384, 384, 3, 1);
            normalized(all, m + "branch3x3dbl_1", in, 448, 1, 1);
            normalized(all, m + "branch3x3dbl_2", 448, 384, 3, 3);
            normalized(all, m + "branch3x3dbl_3a", 384, 384, 1, 3);
            normalized(all, m + "branch3x3dbl_3b", 384, 384, 3, 1);
            normalized(all, m + "branch_pool", in, 192, 1, 1);
        }
        all.put("fc.weight", new int[] {1008, 2048});
        all.put("fc.bias", new int[] {1008});
        return all;
    }

    private static void conv(Map<String, int[]> all, String name, int in, int out, int height, int width) {
        all.put(name + ".weight", new int[] {out, in, height, width});
        all.put(name + ".bias", new int[] {out});
    }

    private static void normalized(Map<String, int[]> all, String name, int in, int out, int height, int width) {
        all.put(name + ".conv.weight", new int[] {out, in, height, width});
        for (String part : new String[] {"weight", "bias", "running_mean", "running_var"}) {
            all.put(name + ".bn." + part, new int[] {out});
        }
    }
}
