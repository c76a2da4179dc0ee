package org.atelier4j.benchmarks.torch;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atelier4j.benchmarks.UNetData;
import org.atelier4j.diffusion.unet.UNet;
import org.atelier4j.diffusion.unet.UNetConfig;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;

/**
 * {@link UNet} once more in libtorch's functions, with the same parameters under the same names: what a PyTorch user would
 * write, run by the same C++ code as from Python.
 *
 * <p>Each function lets go of its intermediate tensors when it returns, as a Python function does, so that peak memory is
 * PyTorch's as well.
 */
final class TorchUNet {
    private final UNetConfig config;
    private final Map<String, Tensor> parameters = new LinkedHashMap<>();
    private final Tensor frequencies;

    /**
     * Makes a network.
     *
     * @param data sizes and weights
     * @param layout of the images and of the convolutions' weights
     */
    TorchUNet(UNetData data, MemoryFormat layout) {
        config = data.config();
        data.shapes().forEach((path, dims) -> {
            long[] shape = dims.stream().mapToLong(d -> d).toArray();
            Tensor plain = Torch.of(data.weight(path), shape);
            Tensor own = shape.length == 4 ? Torch.tensor(() -> plain.contiguous(layout)) : plain;
            parameters.put(path, own.set_requires_grad(true));
        });
        int half = config.channels().base() / 2;
        float[] rates = new float[half];
        for (int i = 0; i < half; i++) {
            rates[i] = (float) Math.pow(10_000, -(double) i / half);
        }
        frequencies = Torch.of(rates, 1, half);
    }

    /** Returns the parameters by path, in order. */
    Map<String, Tensor> parameters() {
        return parameters;
    }

    /** Returns predictions (B, C, H, W) for noisy images x (B, C, H, W) and times (B). */
    Tensor forward(Tensor x, Tensor time) {
        return Torch.tensor(() -> {
            Tensor embedding = torch.silu(embed(time)); // (B, E)
            Deque<Tensor> skips = new ArrayDeque<>();
            Tensor h = conv("conv_in", x, 1); // (B, base, H, W)
            skips.push(h);
            int levels = config.channels().levels();
            for (int level = 0; level < levels; level++) {
                h = down(level, h, embedding, skips);
            }
            h = residual("mid_block.resnets.0", h, embedding);
            h = attention("mid_block.attentions.0", h);
            h = residual("mid_block.resnets.1", h, embedding);
            for (int i = 0; i < levels; i++) {
                h = up(i, levels - 1 - i, h, embedding, skips);
            }
            return conv("conv_out", torch.silu(norm("conv_norm_out", h)), 1);
        });
    }

    private Tensor embed(Tensor time) {
        Tensor angles = time.unsqueeze(1).mul(frequencies); // (B, L)
        Tensor waves = torch.cat(new TensorVector(angles.cos(), angles.sin()), 1);
        return linear("time_embedding.linear_2", torch.silu(linear("time_embedding.linear_1", waves)));
    }

    private Tensor down(int level, Tensor x, Tensor embedding, Deque<Tensor> skips) {
        Tensor h = x;
        for (int i = 0; i < config.channels().blocks(); i++) {
            h = residual("down_blocks." + level + ".resnets." + i, h, embedding);
            h = attends(level) ? attention("down_blocks." + level + ".attentions." + i, h) : h;
            skips.push(h);
        }
        if (level < config.channels().levels() - 1) {
            h = conv("down_blocks." + level + ".downsamplers.0.conv", h, 2);
            skips.push(h);
        }
        return h;
    }

    private Tensor up(int index, int level, Tensor x, Tensor embedding, Deque<Tensor> skips) {
        Tensor h = x;
        for (int i = 0; i <= config.channels().blocks(); i++) {
            Tensor below = h;
            Tensor both = Torch.tensor(() -> torch.cat(new TensorVector(below, skips.pop()), 1));
            h = residual("up_blocks." + index + ".resnets." + i, both, embedding);
            h = attends(level) ? attention("up_blocks." + index + ".attentions." + i, h) : h;
        }
        if (level > 0) {
            Tensor small = h;
            long rows = 2L * config.images().height() >> level;
            long columns = 2L * config.images().width() >> level;
            h = Torch.tensor(() -> conv(
                    "up_blocks." + index + ".upsamplers.0.conv", torch.upsample_nearest2d(small, rows, columns), 1));
        }
        return h;
    }

    private boolean attends(int level) {
        return config.attention().resolutions().contains(config.images().height() >> level);
    }

    private Tensor residual(String name, Tensor x, Tensor embedding) {
        return Torch.tensor(() -> {
            Tensor h = conv(name + ".conv1", torch.silu(norm(name + ".norm1", x)), 1);
            Tensor style =
                    linear(name + ".time_emb_proj", embedding).unsqueeze(2).unsqueeze(3); // (B, 2C, 1, 1)
            TensorVector parts = style.chunk(2, 1);
            Tensor scale = Torch.add(parts.get(0), 1);
            h = torch.addcmul(parts.get(1), norm(name + ".norm2", h), scale); // norm·scale + shift
            h = conv(name + ".conv2", torch.silu(h), 1);
            boolean narrow = !parameters.containsKey(name + ".conv_shortcut.weight");
            return h.add(narrow ? x : conv(name + ".conv_shortcut", x, 1));
        });
    }

    private Tensor attention(String name, Tensor x) {
        return Torch.tensor(() -> {
            long batch = x.sizes().get(0);
            long channels = x.sizes().get(1);
            long heads = config.attention().heads();
            Tensor tokens = norm(name + ".group_norm", x).flatten(2, 3).transpose(1, 2); // (B, T, C)
            Tensor q = heads(linear(name + ".attention.to_q", tokens), heads);
            Tensor k = heads(linear(name + ".attention.to_k", tokens), heads);
            Tensor v = heads(linear(name + ".attention.to_v", tokens), heads);
            Tensor y = torch.scaled_dot_product_attention(q, k, v); // (B, heads, T, d)
            Tensor joined = y.transpose(1, 2).reshape(batch, -1, channels);
            Tensor out = linear(name + ".attention.to_out", joined); // (B, T, C)
            return x.add(out.transpose(1, 2)
                    .reshape(batch, channels, x.sizes().get(2), x.sizes().get(3)));
        });
    }

    /** Returns (B, T, C) as (B, heads, T, C/heads). */
    private static Tensor heads(Tensor x, long heads) {
        long[] shape = {x.sizes().get(0), x.sizes().get(1), heads, x.sizes().get(2) / heads};
        return x.view(shape).transpose(1, 2);
    }

    private Tensor conv(String name, Tensor x, long stride) {
        Tensor weight = get(name + ".weight");
        return Torch.conv(x, weight, get(name + ".bias"), stride, weight.sizes().get(2) / 2);
    }

    private Tensor linear(String name, Tensor x) {
        return Torch.linear(x, get(name + ".weight"), get(name + ".bias"));
    }

    private Tensor norm(String name, Tensor x) {
        return Torch.groupNorm(x, config.channels().groups(), get(name + ".weight"), get(name + ".bias"));
    }

    private Tensor get(String name) {
        Tensor p = parameters.get(name);
        if (p == null) {
            throw new IllegalArgumentException(
                    "TorchUNet: there must be a parameter " + name + ", got " + List.copyOf(parameters.keySet()));
        }
        return p;
    }
}
