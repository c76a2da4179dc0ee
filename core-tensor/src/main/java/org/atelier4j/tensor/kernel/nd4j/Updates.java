package org.atelier4j.tensor.kernel.nd4j;

import java.util.Arrays;
import java.util.List;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Elements;
import org.atelier4j.tensor.kernel.HostNumber;
import org.atelier4j.tensor.kernel.Parallel;
import org.atelier4j.tensor.kernel.Scratch;
import org.atelier4j.tensor.kernel.UpdateRule;
import org.atelier4j.tensor.kernel.UpdateRule.Adam;
import org.atelier4j.tensor.kernel.UpdateRule.Lion;
import org.atelier4j.tensor.kernel.UpdateRule.RmsProp;
import org.atelier4j.tensor.kernel.UpdateRule.Sgd;
import org.jspecify.annotations.Nullable;

/**
 * Optimizer steps and moving averages: all tensors together are one long loop over tiles, so a model of many small
 * parameters is as fast as one of few large ones. FLOAT64 is computed in float64, everything else in float32.
 */
final class Updates {
    private Updates() {}

    static void update(
            UpdateRule rule,
            List<Tensor> parameters,
            List<Tensor> gradients,
            List<List<Tensor>> state,
            @Nullable Tensor scale) {
        int n = parameters.size();
        int slots = rule.slots();
        Check.that(
                gradients.size() == n && state.size() == slots && state.stream().allMatch(s -> s.size() == n),
                "update: there must be one gradient and %d state tensors per parameter, got %d gradients for %d",
                slots,
                gradients.size(),
                n);
        double factor = scale == null ? 1 : scale.item();
        if (!Double.isFinite(factor)) {
            return;
        }
        Elements[][] all = new Elements[2 + slots][];
        all[0] = elements(parameters);
        all[1] = elements(gradients);
        for (int i = 0; i < slots; i++) {
            all[2 + i] = elements(state.get(i));
        }
        forTiles(all[0], (tensor, at, count) -> {
            if (all[0][tensor].dtype() == DType.FLOAT64) {
                double[][] tiles = new double[4][];
                for (int i = 0; i < all.length; i++) {
                    tiles[i] = Scratch.doubles(i, count);
                    all[i][tensor].get(at, count, tiles[i], 0);
                }
                step(rule, factor, tiles, count);
                for (int i = 0; i < all.length; i++) {
                    if (i != 1) {
                        all[i][tensor].put(at, count, tiles[i], 0);
                    }
                }
            } else {
                float[][] tiles = new float[4][];
                for (int i = 0; i < all.length; i++) {
                    tiles[i] = Scratch.floats(i, count);
                    all[i][tensor].get(at, count, tiles[i], 0);
                }
                step(rule, factor, tiles, count);
                for (int i = 0; i < all.length; i++) {
                    if (i != 1) {
                        all[i][tensor].put(at, count, tiles[i], 0);
                    }
                }
            }
        });
    }

    static void lerp(List<Tensor> targets, List<Tensor> sources, HostNumber weight) {
        Check.that(
                targets.size() == sources.size(),
                "lerp: there must be as many sources as targets, got %d and %d",
                sources.size(),
                targets.size());
        Elements[] to = elements(targets);
        Elements[] from = elements(sources);
        forTiles(to, (tensor, at, count) -> {
            if (to[tensor].dtype() == DType.FLOAT64) {
                double[] x = Scratch.doubles(0, count);
                double[] y = Scratch.doubles(1, count);
                to[tensor].get(at, count, x, 0);
                from[tensor].get(at, count, y, 0);
                for (int i = 0; i < count; i++) {
                    x[i] += weight.value() * (y[i] - x[i]);
                }
                to[tensor].put(at, count, x, 0);
            } else {
                float w = (float) weight.value();
                float[] x = Scratch.floats(0, count);
                float[] y = Scratch.floats(1, count);
                to[tensor].get(at, count, x, 0);
                from[tensor].get(at, count, y, 0);
                for (int i = 0; i < count; i++) {
                    x[i] += w * (y[i] - x[i]);
                }
                to[tensor].put(at, count, x, 0);
            }
        });
    }

    private static Elements[] elements(List<Tensor> tensors) {
        Elements[] elements = new Elements[tensors.size()];
        for (int i = 0; i < elements.length; i++) {
            elements[i] = Elements.of(tensors.get(i));
        }
        return elements;
    }

    private interface Tile {
        void handle(int tensor, int at, int count);
    }

    /** Cuts every tensor into tiles and shares all tiles among the threads. */
    private static void forTiles(Elements[] tensors, Tile body) {
        int[] first = new int[tensors.length + 1]; // number of each tensor's first tile
        for (int i = 0; i < tensors.length; i++) {
            first[i + 1] = first[i] + (tensors[i].size() + Parallel.TILE - 1) / Parallel.TILE;
        }
        Parallel.forRange(first[tensors.length], Parallel.GRAIN / Parallel.TILE, (lo, hi) -> {
            int found = Arrays.binarySearch(first, lo);
            int tensor = found < 0 ? -found - 2 : found;
            for (int tile = lo; tile < hi; tile++) {
                while (tile >= first[tensor + 1]) {
                    tensor++;
                }
                int at = (tile - first[tensor]) * Parallel.TILE;
                body.handle(tensor, at, Math.min(Parallel.TILE, tensors[tensor].size() - at));
            }
        });
    }

    // The rules, each once per precision. Tiles: parameter, gradient, state slots.

    private static void step(UpdateRule rule, double scale, float[][] tiles, int n) {
        float[] p = tiles[0];
        float[] g = tiles[1];
        if (rule instanceof Sgd r) {
            sgd(r, (float) scale, p, g, tiles[2], n);
        } else if (rule instanceof Adam r) {
            adam(r, (float) scale, p, g, tiles[2], tiles[3], n);
        } else if (rule instanceof RmsProp r) {
            rmsProp(r, (float) scale, p, g, tiles[2], tiles[3], n);
        } else if (rule instanceof Lion r) {
            lion(r, (float) scale, p, g, tiles[2], n);
        }
    }

    private static void step(UpdateRule rule, double scale, double[][] tiles, int n) {
        double[] p = tiles[0];
        double[] g = tiles[1];
        if (rule instanceof Sgd r) {
            sgd(r, scale, p, g, tiles[2], n);
        } else if (rule instanceof Adam r) {
            adam(r, scale, p, g, tiles[2], tiles[3], n);
        } else if (rule instanceof RmsProp r) {
            rmsProp(r, scale, p, g, tiles[2], tiles[3], n);
        } else if (rule instanceof Lion r) {
            lion(r, scale, p, g, tiles[2], n);
        }
    }

    private static void sgd(Sgd r, float scale, float[] p, float[] g, float[] u, int n) {
        float rate = (float) r.rate();
        float momentum = (float) r.momentum();
        float decay = (float) r.decay();
        if (r.slots() == 0) {
            for (int i = 0; i < n; i++) {
                p[i] -= rate * (scale * g[i] + decay * p[i]);
            }
            return;
        }
        float along = r.nesterov() ? 1 : 0;
        float ahead = r.nesterov() ? momentum : 1;
        for (int i = 0; i < n; i++) {
            float d = scale * g[i] + decay * p[i];
            u[i] = momentum * u[i] + d;
            p[i] -= rate * (along * d + ahead * u[i]);
        }
    }

    private static void adam(Adam r, float scale, float[] p, float[] g, float[] m, float[] v, int n) {
        float beta1 = (float) r.beta1();
        float beta2 = (float) r.beta2();
        float rest1 = (float) (1 - r.beta1());
        float rest2 = (float) (1 - r.beta2());
        float rate = (float) (r.rate() / r.correction1());
        float root = (float) (1 / Math.sqrt(r.correction2()));
        float eps = (float) r.eps();
        float coupled = (float) (r.decoupled() ? 0 : r.decay());
        float shrink = (float) (r.decoupled() ? r.rate() * r.decay() : 0);
        for (int i = 0; i < n; i++) {
            float d = scale * g[i] + coupled * p[i];
            m[i] = beta1 * m[i] + rest1 * d;
            v[i] = beta2 * v[i] + rest2 * d * d;
            p[i] -= rate * m[i] / ((float) Math.sqrt(v[i]) * root + eps) + shrink * p[i];
        }
    }

    private static void rmsProp(RmsProp r, float scale, float[] p, float[] g, float[] v, float[] u, int n) {
        float alpha = (float) r.alpha();
        float rest = (float) (1 - r.alpha());
        float rate = (float) r.rate();
        float eps = (float) r.eps();
        float momentum = (float) r.momentum();
        float decay = (float) r.decay();
        for (int i = 0; i < n; i++) {
            float d = scale * g[i] + decay * p[i];
            v[i] = alpha * v[i] + rest * d * d;
            g[i] = d / ((float) Math.sqrt(v[i]) + eps);
        }
        if (r.slots() == 1) {
            for (int i = 0; i < n; i++) {
                p[i] -= rate * g[i];
            }
        } else {
            for (int i = 0; i < n; i++) {
                u[i] = momentum * u[i] + g[i];
                p[i] -= rate * u[i];
            }
        }
    }

    private static void lion(Lion r, float scale, float[] p, float[] g, float[] m, int n) {
        float beta1 = (float) r.beta1();
        float beta2 = (float) r.beta2();
        float rest1 = (float) (1 - r.beta1());
        float rest2 = (float) (1 - r.beta2());
        float rate = (float) r.rate();
        float shrink = (float) (r.rate() * r.decay());
        for (int i = 0; i < n; i++) {
            float d = scale * g[i];
            p[i] -= rate * Math.signum(beta1 * m[i] + rest1 * d) + shrink * p[i];
            m[i] = beta2 * m[i] + rest2 * d;
        }
    }

    private static void sgd(Sgd r, double scale, double[] p, double[] g, double[] u, int n) {
        double rate = r.rate();
        double momentum = r.momentum();
        double decay = r.decay();
        if (r.slots() == 0) {
            for (int i = 0; i < n; i++) {
                p[i] -= rate * (scale * g[i] + decay * p[i]);
            }
            return;
        }
        double along = r.nesterov() ? 1 : 0;
        double ahead = r.nesterov() ? momentum : 1;
        for (int i = 0; i < n; i++) {
            double d = scale * g[i] + decay * p[i];
            u[i] = momentum * u[i] + d;
            p[i] -= rate * (along * d + ahead * u[i]);
        }
    }

    private static void adam(Adam r, double scale, double[] p, double[] g, double[] m, double[] v, int n) {
        double beta1 = r.beta1();
        double beta2 = r.beta2();
        double rest1 = (1 - r.beta1());
        double rest2 = (1 - r.beta2());
        double rate = (r.rate() / r.correction1());
        double root = (1 / Math.sqrt(r.correction2()));
        double eps = r.eps();
        double coupled = (r.decoupled() ? 0 : r.decay());
        double shrink = (r.decoupled() ? r.rate() * r.decay() : 0);
        for (int i = 0; i < n; i++) {
            double d = scale * g[i] + coupled * p[i];
            m[i] = beta1 * m[i] + rest1 * d;
            v[i] = beta2 * v[i] + rest2 * d * d;
            p[i] -= rate * m[i] / (Math.sqrt(v[i]) * root + eps) + shrink * p[i];
        }
    }

    private static void rmsProp(RmsProp r, double scale, double[] p, double[] g, double[] v, double[] u, int n) {
        double alpha = r.alpha();
        double rest = (1 - r.alpha());
        double rate = r.rate();
        double eps = r.eps();
        double momentum = r.momentum();
        double decay = r.decay();
        for (int i = 0; i < n; i++) {
            double d = scale * g[i] + decay * p[i];
            v[i] = alpha * v[i] + rest * d * d;
            g[i] = d / (Math.sqrt(v[i]) + eps);
        }
        if (r.slots() == 1) {
            for (int i = 0; i < n; i++) {
                p[i] -= rate * g[i];
            }
        } else {
            for (int i = 0; i < n; i++) {
                u[i] = momentum * u[i] + g[i];
                p[i] -= rate * u[i];
            }
        }
    }

    private static void lion(Lion r, double scale, double[] p, double[] g, double[] m, int n) {
        double beta1 = r.beta1();
        double beta2 = r.beta2();
        double rest1 = (1 - r.beta1());
        double rest2 = (1 - r.beta2());
        double rate = r.rate();
        double shrink = (r.rate() * r.decay());
        for (int i = 0; i < n; i++) {
            double d = scale * g[i];
            p[i] -= rate * Math.signum(beta1 * m[i] + rest1 * d) + shrink * p[i];
            m[i] = beta2 * m[i] + rest2 * d;
        }
    }
}
