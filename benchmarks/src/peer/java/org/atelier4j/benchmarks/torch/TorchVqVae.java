package org.atelier4j.benchmarks.torch;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.atelier4j.benchmarks.network.VqVaeNetwork;
import org.atelier4j.benchmarks.network.Weights;
import org.atelier4j.vqvae.AutoencoderConfig;
import org.atelier4j.vqvae.NearestCodebook;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/** {@link VqVaeNetwork} in libtorch's functions. */
final class TorchVqVae extends TorchModel {
    private static final double NORM_EPS = 1e-6;
    private static final double COUNT_EPS = 1e-5;

    private final AutoencoderConfig sizes;
    private final NearestCodebook.Config codebook;
    private final Tensor images;
    private @Nullable Chosen last;

    /** What the codebook was given, as rows (N, D), and the codes (N) that it chose. */
    private record Chosen(Tensor latents, Tensor codes) {}

    TorchVqVae(VqVaeNetwork network, int batch) {
        super(Weights.of(network));
        sizes = network.config().network();
        codebook = (NearestCodebook.Config) network.config().codebook();
        images = Torch.images(
                network.images(batch), layout(), batch, network.size(), network.size(), sizes.imageChannels());
    }

    /** Returns images as they come back from their codes. */
    @Override
    Tensor predict() {
        return Torch.tensor(() -> {
            Tensor latents = latents(); // (B, D, h, w)
            Tensor rows = rows(latents);
            return decode(likeImages(vectors(nearest(rows)), latents));
        });
    }

    @Override
    List<Objective> objectives() {
        return minimize(() -> {
            Tensor latents = latents(); // (B, D, h, w)
            Tensor rows = rows(latents); // (N, D)
            Tensor codes = nearest(rows.detach()); // (N)
            Tensor chosen = vectors(codes); // (N, D), takes no gradient
            last = new Chosen(rows.detach(), codes);
            Tensor passed = rows.add(chosen.sub(rows).detach()); // straight through
            Tensor commitment = torch.mse_loss(rows, chosen).mul(new Scalar(codebook.commitmentCost()));
            return torch.mse_loss(decode(likeImages(passed, latents)), images).add(commitment);
        });
    }

    /** Moving averages of the latents of each code, and a new start for codes that nobody uses. */
    @Override
    void learn() {
        Chosen chosen = Objects.requireNonNull(last);
        last = null;
        NearestCodebook.Learning learning = codebook.learning();
        Scalar part = new Scalar(1 - learning.decay());
        Tensor weight = get("quantize.embedding.weight"); // (K, D)
        Tensor counts = get("quantize.embedding.cluster_size"); // (K)
        Tensor sums = get("quantize.embedding.embed_avg"); // (K, D)
        try (NoGradGuard off = new NoGradGuard()) {
            Tensor uses = chosen.codes().bincount(new TensorOptional(), codebook.size());
            counts.lerp_(uses.toType(torch.ScalarType.Float), part);
            sums.lerp_(torch.zeros_like(sums).index_add_(0, chosen.codes(), chosen.latents()), part);
            Tensor total = counts.sum();
            Tensor smooth = Torch.add(counts, COUNT_EPS)
                    .mul(total.div(Torch.add(total, codebook.size() * COUNT_EPS)))
                    .unsqueeze(1); // (K, 1)
            weight.copy_(sums.div(smooth));
            restart(chosen.latents(), learning.deadBelow());
        }
    }

    private void restart(Tensor rows, double deadBelow) {
        Tensor counts = get("quantize.embedding.cluster_size");
        Tensor dead = counts.lt(new Scalar(deadBelow)); // (K)
        Tensor column = dead.unsqueeze(1); // (K, 1)
        Tensor any = torch.randint(rows.sizes().get(0), new long[] {codebook.size()});
        Tensor fresh = rows.index_select(0, any.toType(torch.ScalarType.Long)); // (K, D)
        Tensor weight = get("quantize.embedding.weight");
        Tensor sums = get("quantize.embedding.embed_avg");
        weight.copy_(torch.where(column, fresh, weight));
        counts.masked_fill_(dead, new Scalar(deadBelow));
        sums.copy_(torch.where(column, fresh.mul(new Scalar(deadBelow)), sums));
    }

    @Override
    Map<String, Tensor> learned() {
        String path = "quantize.embedding.weight";
        return Map.of(path, get(path));
    }

    // --- the codebook -----------------------------------------------------------------------------------------------

    private Tensor nearest(Tensor rows) {
        return Torch.tensor(() -> {
            Tensor e = get("quantize.embedding.weight");
            Tensor half = e.square().sum(1).mul(new Scalar(-0.5)); // (K)
            return torch.addmm(half, rows, e.t()).argmax(new LongOptional(1), false); // (N)
        });
    }

    private Tensor vectors(Tensor codes) {
        return torch.embedding(get("quantize.embedding.weight"), codes);
    }

    /** Returns (B, D, h, w) as (N, D). */
    private static Tensor rows(Tensor latents) {
        return latents.permute(0, 2, 3, 1).reshape(-1, latents.sizes().get(1));
    }

    private static Tensor likeImages(Tensor rows, Tensor latents) {
        long[] shape = {
            latents.sizes().get(0),
            latents.sizes().get(2),
            latents.sizes().get(3),
            latents.sizes().get(1)
        };
        return rows.view(shape).permute(0, 3, 1, 2); // channels-last already
    }

    // --- the networks -----------------------------------------------------------------------------------------------

    private Tensor latents() {
        return Torch.tensor(() -> {
            Tensor h = conv("encoder.conv_in", images, 1);
            for (int level = 0; level < sizes.levels(); level++) {
                h = blocks("encoder.down." + level, sizes.blocks(), h);
                if (level < sizes.levels() - 1) {
                    String name = "encoder.down." + level + ".downsample.conv";
                    h = conv(name, torch.constant_pad_nd(h, 0, 1, 0, 1), 2, 0);
                }
            }
            h = middle("encoder.mid", h);
            h = conv("encoder.conv_out", torch.silu(norm("encoder.norm_out", h)), 1);
            return conv("quant_conv", h, 1); // (B, D, h, w)
        });
    }

    private Tensor decode(Tensor vectors) {
        return Torch.tensor(() -> {
            Tensor h = conv("decoder.conv_in", conv("post_quant_conv", vectors, 1), 1);
            h = middle("decoder.mid", h);
            for (int level = sizes.levels() - 1; level >= 0; level--) {
                h = blocks("decoder.up." + level, sizes.blocks() + 1, h);
                if (level > 0) {
                    Tensor small = h;
                    String name = "decoder.up." + level + ".upsample.conv";
                    h = Torch.tensor(() -> conv(name, Torch.twice(small), 1));
                }
            }
            return conv("decoder.conv_out", torch.silu(norm("decoder.norm_out", h)), 1);
        });
    }

    private Tensor middle(String name, Tensor x) {
        return residual(name + ".block_2", attention(name + ".attn_1", residual(name + ".block_1", x)));
    }

    private Tensor blocks(String name, int count, Tensor x) {
        Tensor h = x;
        for (int j = 0; j < count; j++) {
            h = residual(name + ".block." + j, h);
            h = has(name + ".attn." + j + ".q.weight") ? attention(name + ".attn." + j, h) : h;
        }
        return h;
    }

    private Tensor residual(String name, Tensor x) {
        return Torch.tensor(() -> {
            Tensor h = conv(name + ".conv1", torch.silu(norm(name + ".norm1", x)), 1);
            h = conv(name + ".conv2", torch.silu(norm(name + ".norm2", h)), 1);
            boolean wide = has(name + ".nin_shortcut.weight");
            return h.add(wide ? conv(name + ".nin_shortcut", x, 1) : x);
        });
    }

    private Tensor attention(String name, Tensor x) {
        return Torch.tensor(() -> {
            Tensor h = norm(name + ".norm", x);
            Tensor q = tokens(conv(name + ".q", h, 1));
            Tensor k = tokens(conv(name + ".k", h, 1));
            Tensor v = tokens(conv(name + ".v", h, 1));
            Tensor y = Torch.attention(q, k, v, false); // (B, 1, hw, C)
            long[] shape = {
                x.sizes().get(0), x.sizes().get(2), x.sizes().get(3), x.sizes().get(1)
            };
            return x.add(conv(name + ".proj_out", y.reshape(shape).permute(0, 3, 1, 2), 1));
        });
    }

    /** Returns (B, C, h, w) as (B, 1, hw, C), which is how channels-last images lie in memory. */
    private static Tensor tokens(Tensor x) {
        return x.flatten(2, 3).transpose(1, 2).unsqueeze(1);
    }

    private Tensor norm(String name, Tensor x) {
        return groupNorm(name, x, sizes.groups(), NORM_EPS);
    }
}
