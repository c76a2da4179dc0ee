"""One whole training step of a tiny U-Net: loss, every gradient, and the parameters after AdamW with clipped gradients.

The network is written here from the papers (Ho et al. 2020, Dhariwal & Nichol 2021, Rombach et al. 2021) in PyTorch's own
modules, float64 on float32 inputs; org.atelier4j.diffusion.unet has to agree. Paths of parameters are ours.
Run: python unet.py
"""
import math
import os
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "..", "..", "core-tensor", "src", "test", "golden"))
import golden  # noqa: E402

golden.FOLDER = os.path.join(HERE, "..", "resources", "golden")

SIZE, CHANNELS, BASE, MULTIPLIERS, BLOCKS, GROUPS, HEADS, CLASSES, CONTEXT = 8, 2, 8, (1, 2), 1, 4, 2, 3, 5
ATTENTION = (4,)
WIDTH = 4 * BASE


class TimeEmbedding(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear_1 = nn.Linear(BASE, WIDTH)
        self.linear_2 = nn.Linear(WIDTH, WIDTH)

    def forward(self, t):
        half = BASE // 2
        w = torch.exp(-math.log(10000) * torch.arange(half) / half).float()
        angles = (t.float()[:, None] * w[None]).double()
        waves = torch.cat([torch.cos(angles), torch.sin(angles)], 1)
        return self.linear_2(F.silu(self.linear_1(waves)))


class Block(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.norm1 = nn.GroupNorm(GROUPS, i)
        self.conv1 = nn.Conv2d(i, o, 3, padding=1)
        self.time_emb_proj = nn.Linear(WIDTH, 2 * o)
        self.norm2 = nn.GroupNorm(GROUPS, o)
        self.conv2 = nn.Conv2d(o, o, 3, padding=1)
        if i != o:
            self.conv_shortcut = nn.Conv2d(i, o, 1)

    def forward(self, x, emb):
        h = self.conv1(F.silu(self.norm1(x)))
        scale, shift = self.time_emb_proj(emb)[:, :, None, None].chunk(2, 1)
        h = self.conv2(F.silu(self.norm2(h) * (1 + scale) + shift))
        return (self.conv_shortcut(x) if hasattr(self, "conv_shortcut") else x) + h


class Attention(nn.Module):
    def __init__(self, width, context, bias):
        super().__init__()
        self.to_q = nn.Linear(width, width, bias)
        self.to_k = nn.Linear(context, width, bias)
        self.to_v = nn.Linear(context, width, bias)
        self.to_out = nn.Linear(width, width)

    def forward(self, x, c, mask=None):
        def heads(t):
            return t.reshape(t.shape[0], t.shape[1], HEADS, -1).transpose(1, 2)

        q, k, v = heads(self.to_q(x)), heads(self.to_k(c)), heads(self.to_v(c))
        scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[-1])
        if mask is not None:
            scores = scores.masked_fill(~mask[:, None, None, :], -math.inf)
        y = scores.softmax(-1) @ v
        return self.to_out(y.transpose(1, 2).reshape(x.shape))


class AttentionBlock(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.group_norm = nn.GroupNorm(GROUPS, c)
        self.attention = Attention(c, c, True)
        if CONTEXT:
            self.context_norm = nn.GroupNorm(GROUPS, c)
            self.context_attention = Attention(c, CONTEXT, False)

    def forward(self, x, context, mask):
        b, c, h, w = x.shape

        def tokens(t):
            return t.reshape(b, c, h * w).transpose(1, 2)

        def picture(t):
            return t.transpose(1, 2).reshape(b, c, h, w)

        n = tokens(self.group_norm(x))
        x = x + picture(self.attention(n, n))
        if CONTEXT:
            x = x + picture(self.context_attention(tokens(self.context_norm(x)), context, mask))
        return x


class Conv(nn.Module):
    def __init__(self, c, stride):
        super().__init__()
        self.conv = nn.Conv2d(c, c, 3, stride=stride, padding=1)


class Level(nn.Module):
    def __init__(self, pairs, attends):
        super().__init__()
        self.resnets = nn.ModuleList(Block(i, o) for i, o in pairs)
        self.attentions = nn.ModuleList(AttentionBlock(pairs[0][1]) for _ in range(attends))


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        c = [BASE * m for m in MULTIPLIERS]
        n = len(c)
        self.conv_in = nn.Conv2d(CHANNELS, BASE, 3, padding=1)
        self.time_embedding = TimeEmbedding()
        if CLASSES:
            self.class_embedding = nn.Embedding(CLASSES + 1, WIDTH)
        self.down_blocks = nn.ModuleList()
        for i in range(n):
            before = BASE if i == 0 else c[i - 1]
            pairs = [(before if j == 0 else c[i], c[i]) for j in range(BLOCKS)]
            level = Level(pairs, BLOCKS if SIZE >> i in ATTENTION else 0)
            level.downsamplers = nn.ModuleList([Conv(c[i], 2)] if i < n - 1 else [])
            self.down_blocks.append(level)
        self.mid_block = Level([(c[-1], c[-1])] * 2, 1)
        self.up_blocks = nn.ModuleList()
        for i in reversed(range(n)):
            below, above = c[min(i + 1, n - 1)], BASE if i == 0 else c[i - 1]
            pairs = []
            for j in range(BLOCKS + 1):
                pairs.append(((below if j == 0 else c[i]) + (above if j == BLOCKS else c[i]), c[i]))
            level = Level(pairs, BLOCKS + 1 if SIZE >> i in ATTENTION else 0)
            level.upsamplers = nn.ModuleList([Conv(c[i], 1)] if i > 0 else [])
            self.up_blocks.append(level)
        self.conv_norm_out = nn.GroupNorm(GROUPS, BASE)
        self.conv_out = nn.Conv2d(BASE, CHANNELS, 3, padding=1)

    def forward(self, x, t, labels=None, context=None, mask=None):
        emb = self.time_embedding(t)
        if CLASSES:
            emb = emb + self.class_embedding(labels)
        emb = F.silu(emb)
        h = self.conv_in(x)
        skips = [h]
        for level in self.down_blocks:
            for j, block in enumerate(level.resnets):
                h = block(h, emb)
                h = level.attentions[j](h, context, mask) if len(level.attentions) else h
                skips.append(h)
            for d in level.downsamplers:
                h = d.conv(h)
                skips.append(h)
        h = self.mid_block.resnets[0](h, emb)
        h = self.mid_block.attentions[0](h, context, mask)
        h = self.mid_block.resnets[1](h, emb)
        for level in self.up_blocks:
            for j, block in enumerate(level.resnets):
                h = block(torch.cat([h, skips.pop()], 1), emb)
                h = level.attentions[j](h, context, mask) if len(level.attentions) else h
            for u in level.upsamplers:
                h = u.conv(F.interpolate(h, scale_factor=2, mode="nearest"))
        return self.conv_out(F.silu(self.conv_norm_out(h)))


def cosine_alphas_cumprod(steps):
    f = [math.cos((t / steps + 0.008) / 1.008 * math.pi / 2) ** 2 for t in range(steps + 1)]
    betas = torch.tensor([min(1 - f[t + 1] / f[t], 0.999) for t in range(steps)], dtype=torch.float64)
    return torch.cumprod(1 - betas, 0)


def main():
    torch.manual_seed(20)
    net = UNet().double()
    with torch.no_grad():
        for name, p in net.named_parameters():
            if p.dim() == 1:  # norms and biases are not trivial then
                p.add_(0.2 * torch.randn_like(p))
            p.copy_(p.float())
    out = {"p." + n: p.clone() for n, p in net.named_parameters()}

    x0 = torch.rand(4, CHANNELS, SIZE, SIZE).mul(2).sub(1).double()
    eps = torch.randn(4, CHANNELS, SIZE, SIZE).double()
    t = torch.tensor([0, 371, 742, 998])
    labels = torch.tensor([0, 2, 3, 1])  # 3 is "no class"
    context = torch.randn(4, 6, CONTEXT).double()
    mask = torch.ones(4, 6, dtype=torch.bool)
    mask[1, 4:] = False
    mask[3, 1:] = False

    a = cosine_alphas_cumprod(1000)[t][:, None, None, None]
    xt = a.sqrt() * x0 + (1 - a).sqrt() * eps
    v = a.sqrt() * eps - (1 - a).sqrt() * x0
    snr = a / (1 - a)
    weight = snr.clamp(max=5) / (snr + 1)  # min-SNR with gamma 5 for v
    y = net(xt, t, labels, context, mask)
    loss = (weight * (y - v) ** 2).mean()
    loss.backward()

    out.update(x0=golden.last(x0), eps=golden.last(eps), t=t, labels=labels, context=context, mask=mask)
    out.update(y=golden.last(y), loss=loss)
    out.update({"g." + n: p.grad.clone() for n, p in net.named_parameters()})
    norm = nn.utils.clip_grad_norm_(net.parameters(), 0.05)
    torch.optim.AdamW(net.parameters(), lr=1e-3, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.02).step()
    out.update(norm=norm)
    out.update({"a." + n: p.clone() for n, p in net.named_parameters()})
    golden.save("unet", {k: x.float() if x.is_floating_point() else x for k, x in out.items()})


if __name__ == "__main__":
    main()
