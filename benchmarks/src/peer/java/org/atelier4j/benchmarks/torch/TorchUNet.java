package org.atelier4j.benchmarks.torch;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.atelier4j.benchmarks.network.UNetNetwork;
import org.atelier4j.benchmarks.network.Weights;
import org.atelier4j.diffusion.unet.UNetConfig;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** {@link UNetNetwork} in libtorch's functions. */
final class TorchUNet extends TorchModel {
    private static final double EPS = 1e-5;

    private final UNetConfig config;
    private final Tensor frequencies;
    private final Tensor images;
    private final Tensor times;
    private final Tensor noise;

    TorchUNet(UNetNetwork network, int batch) {
        super(Weights.of(network));
        config = network.config();
        int half = config.channels().base() / 2;
        float[] rates = new float[half];
        for (int i = 0; i < half; i++) {
            rates[i] = (float) Math.pow(10_000, -(double) i / half);
        }
        frequencies = Torch.of(rates, 1, half);
        UNetConfig.Images size = config.images();
        images = Torch.images(network.images(batch), layout(), batch, size.height(), size.width(), size.in());
        noise = Torch.images(network.noise(batch), layout(), batch, size.height(), size.width(), size.out());
        times = Torch.of(network.times(batch), batch);
    }

    @Override
    Tensor predict() {
        return forward(images, times);
    }

    @Override
    List<Objective> objectives() {
        return minimize(() -> torch.mse_loss(predict(), noise));
    }

    /** Returns predictions (B, C, H, W) for noisy images x (B, C, H, W) and times (B). */
    private Tensor forward(Tensor x, Tensor time) {
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
            String name = "up_blocks." + index + ".upsamplers.0.conv";
            h = Torch.tensor(() -> conv(name, Torch.twice(small), 1));
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
            boolean narrow = !has(name + ".conv_shortcut.weight");
            return h.add(narrow ? x : conv(name + ".conv_shortcut", x, 1));
        });
    }

    private Tensor attention(String name, Tensor x) {
        return Torch.tensor(() -> {
            long batch = x.sizes().get(0);
            long channels = x.sizes().get(1);
            long heads = config.attention().heads();
            Tensor tokens = norm(name + ".group_norm", x).flatten(2, 3).transpose(1, 2); // (B, T, C)
            Tensor q = Torch.heads(linear(name + ".attention.to_q", tokens), heads);
            Tensor k = Torch.heads(linear(name + ".attention.to_k", tokens), heads);
            Tensor v = Torch.heads(linear(name + ".attention.to_v", tokens), heads);
            Tensor y = Torch.attention(q, k, v, false); // (B, heads, T, d)
            Tensor joined = y.transpose(1, 2).reshape(batch, -1, channels);
            Tensor out = linear(name + ".attention.to_out", joined); // (B, T, C)
            return x.add(out.transpose(1, 2)
                    .reshape(batch, channels, x.sizes().get(2), x.sizes().get(3)));
        });
    }

    private Tensor norm(String name, Tensor x) {
        return groupNorm(name, x, config.channels().groups(), EPS);
    }
}
