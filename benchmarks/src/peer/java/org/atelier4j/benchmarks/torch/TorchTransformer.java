package org.atelier4j.benchmarks.torch;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.atelier4j.autoregressive.transformer.TransformerConfig;
import org.atelier4j.benchmarks.network.TransformerNetwork;
import org.atelier4j.benchmarks.network.Weights;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * {@link TransformerNetwork} in libtorch's functions, as nanoGPT has it: queries, keys and values of all heads are one linear
 * layer, the library's three one below the other.
 */
final class TorchTransformer extends TorchModel {
    private static final List<String> THREE = List.of("to_q", "to_k", "to_v");

    private final TransformerConfig sizes;
    private final Map<String, Tensor> own = new LinkedHashMap<>(); // with "qkv" in place of the three
    private final Tensor codes; // (B, n)
    private final Tensor labels; // (B)

    TorchTransformer(TransformerNetwork network, int batch) {
        super(Weights.of(network));
        sizes = network.transformer();
        codes = Torch.of(network.codes(batch), batch, network.codes().length());
        labels = Torch.of(network.labels(batch), batch);
        own.putAll(parameters());
        for (int i = 0; i < sizes.depth(); i++) {
            String name = "trunk.blocks." + i + ".attention.";
            for (String kind : List.of(".weight", ".bias")) {
                Tensor[] parts =
                        THREE.stream().map(n -> own.remove(name + n + kind)).toArray(Tensor[]::new);
                Tensor joined = Torch.tensor(() -> torch.cat(new TensorVector(parts), 0));
                own.put(name + "qkv" + kind, joined.detach().set_requires_grad(true));
            }
        }
    }

    @Override
    List<Objective> objectives() {
        return List.of(new Objective(
                "loss", own, () -> torch.cross_entropy_loss(predict().flatten(0, 1), codes.view(-1))));
    }

    @Override
    Map<String, float[]> gradients(Objective objective) {
        Map<String, float[]> all = new LinkedHashMap<>();
        objective.parameters().forEach((path, p) -> {
            if (path.contains(".qkv.")) {
                TensorVector parts = p.grad().chunk(3, 0);
                for (int i = 0; i < 3; i++) {
                    all.put(path.replace("qkv", THREE.get(i)), Torch.values(parts.get(i)));
                }
            } else {
                all.put(path, Torch.values(p.grad()));
            }
        });
        return all;
    }

    /** Returns logits (B, n, K) of all codes. */
    @Override
    Tensor predict() {
        return Torch.tensor(() -> {
            long n = codes.sizes().get(1);
            Tensor seen = codes.narrow(1, 0, n - 1);
            Tensor start = torch.embedding(get("classes.weight"), labels.unsqueeze(1)); // (B, 1, D)
            Tensor h = torch.cat(new TensorVector(start, torch.embedding(get("codes.weight"), seen)), 1);
            h = h.add(get("trunk.positions.weight").narrow(0, 0, n)); // (B, n, D)
            for (int i = 0; i < sizes.depth(); i++) {
                h = block(i, h, qkv -> Torch.attention(qkv[0], qkv[1], qkv[2], true));
            }
            return logits(h);
        });
    }

    private Tensor logits(Tensor h) {
        return torch.linear(norm("trunk.norm", h), get("codes.weight"));
    }

    /** What queries, keys and values (B, heads, T, d) become. */
    @FunctionalInterface
    private interface Rule {
        Tensor apply(Tensor[] qkv);
    }

    private Tensor block(int i, Tensor x, Rule rule) {
        return Torch.tensor(() -> {
            String name = "trunk.blocks." + i;
            TensorVector qkv = torch.linear(
                            norm(name + ".norm1", x),
                            mine(name + ".attention.qkv.weight"),
                            Torch.optional(mine(name + ".attention.qkv.bias")))
                    .chunk(3, 2); // (B, T, D) thrice
            Tensor[] parts = new Tensor[3];
            for (int j = 0; j < 3; j++) {
                parts[j] = Torch.heads(qkv.get(j), sizes.heads()); // (B, heads, T, d)
            }
            Tensor seen =
                    rule.apply(parts).transpose(1, 2).reshape(x.sizes().vec().get()); // (B, T, D)
            Tensor h = x.add(linear(name + ".attention.to_out", seen));
            Tensor wide = torch.gelu(linear(name + ".feedForward.up", norm(name + ".norm2", h))); // (B, T, 4D)
            return h.add(linear(name + ".feedForward.down", wide));
        });
    }

    private Tensor mine(String path) {
        return java.util.Objects.requireNonNull(own.get(path), path);
    }

    private Tensor norm(String name, Tensor x) {
        return Torch.layerNorm(x, get(name + ".weight"), get(name + ".bias"));
    }

    // --- one after the other ----------------------------------------------------------------------------------------

    /** Draws grids of the batch's classes (B, n). */
    Tensor sample() {
        return decode((logits, place) -> torch.multinomial(torch.softmax(logits, -1), 1), false);
    }

    /** Returns the logits (B, n, K) of {@link #predict}, computed as {@link #sample} does. */
    Tensor oneByOne() {
        return decode((logits, place) -> codes.narrow(1, place, 1), true);
    }

    /**
     * Computes the logits (B, K) of code after code, keys and values kept in memory that was there from the start.
     *
     * @param choice returns codes (B, 1) from logits and place
     * @param logits whether the logits are returned rather than the codes
     */
    private Tensor decode(BiFunction<Tensor, Long, Tensor> choice, boolean logits) {
        return Torch.tensor(() -> {
            long batch = labels.sizes().get(0);
            int n = (int) codes.sizes().get(1);
            long[] cache = {2L * sizes.depth(), batch, sizes.heads(), n, sizes.width() / sizes.heads()};
            Tensor read = torch.empty(cache);
            Tensor[] made = new Tensor[n];
            Tensor x = torch.embedding(get("classes.weight"), labels.unsqueeze(1)); // (B, 1, D)
            for (int place = 0; place < n; place++) {
                Tensor token = x;
                int at = place;
                Tensor now = Torch.tensor(() -> next(token, at, read)); // (B, K)
                Tensor code = choice.apply(now, (long) place); // (B, 1)
                made[place] = logits ? now.unsqueeze(1) : code;
                x = torch.embedding(get("codes.weight"), code);
            }
            return torch.cat(new TensorVector(made), 1);
        });
    }

    private Tensor next(Tensor token, int place, Tensor read) {
        Tensor h = token.add(get("trunk.positions.weight").narrow(0, place, 1)); // (B, 1, D)
        for (int i = 0; i < sizes.depth(); i++) {
            Tensor keys = read.select(0, 2L * i); // (B, heads, n, d)
            Tensor values = read.select(0, 2L * i + 1);
            h = block(i, h, qkv -> {
                keys.narrow(2, place, 1).copy_(qkv[1]);
                values.narrow(2, place, 1).copy_(qkv[2]);
                return Torch.attention(qkv[0], keys.narrow(2, 0, place + 1), values.narrow(2, 0, place + 1), false);
            });
        }
        return logits(h).squeeze(1);
    }
}
