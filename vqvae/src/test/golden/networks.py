"""Encoder, decoder and patch discriminator in PyTorch's own modules, written from the papers (arXiv:2012.09841, table 7;
arXiv:2112.10752; arXiv:1611.07004), with the parameter names of the published checkpoints. float64.
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


def norm(groups, channels):
    return nn.GroupNorm(groups, channels, eps=1e-6)


class Block(nn.Module):
    def __init__(self, i, o, groups):
        super().__init__()
        self.norm1 = norm(groups, i)
        self.conv1 = nn.Conv2d(i, o, 3, padding=1)
        self.norm2 = norm(groups, o)
        self.conv2 = nn.Conv2d(o, o, 3, padding=1)
        if i != o:
            self.nin_shortcut = nn.Conv2d(i, o, 1)

    def forward(self, x):
        h = self.conv1(F.silu(self.norm1(x)))
        h = self.conv2(F.silu(self.norm2(h)))
        return h + (self.nin_shortcut(x) if hasattr(self, "nin_shortcut") else x)


class Attention(nn.Module):
    def __init__(self, c, groups):
        super().__init__()
        self.norm = norm(groups, c)
        self.q, self.k, self.v, self.proj_out = (nn.Conv2d(c, c, 1) for _ in range(4))

    def forward(self, x):
        h = self.norm(x)
        q, k, v = (f(h).flatten(2) for f in (self.q, self.k, self.v))  # (B, C, N)
        w = (q.transpose(1, 2) @ k / math.sqrt(x.shape[1])).softmax(-1)  # (B, N, N)
        return x + self.proj_out((v @ w.transpose(1, 2)).reshape(x.shape))


class Middle(nn.Module):
    def __init__(self, c, groups):
        super().__init__()
        self.block_1, self.attn_1, self.block_2 = Block(c, c, groups), Attention(c, groups), Block(c, c, groups)

    def forward(self, x):
        return self.block_2(self.attn_1(self.block_1(x)))


class Conv(nn.Module):
    def __init__(self, c, stride):
        super().__init__()
        self.conv = nn.Conv2d(c, c, 3, stride=stride, padding=2 - stride)


class Level(nn.Module):
    def __init__(self, i, o, blocks, groups, attends):
        super().__init__()
        self.block = nn.ModuleList(Block(i if j == 0 else o, o, groups) for j in range(blocks))
        self.attn = nn.ModuleList(Attention(o, groups) for _ in range(blocks if attends else 0))

    def forward(self, h):
        for j, block in enumerate(self.block):
            h = block(h)
            h = self.attn[j](h) if len(self.attn) else h
        return h


class Encoder(nn.Module):
    def __init__(self, config, out):
        super().__init__()
        c, g, n = [config["base"] * m for m in config["multipliers"]], config["groups"], len(config["multipliers"])
        self.conv_in = nn.Conv2d(config["channels"], config["base"], 3, padding=1)
        self.down = nn.ModuleList()
        for i in range(n):
            attends = config["attention"] and i == n - 1
            level = Level(config["base"] if i == 0 else c[i - 1], c[i], config["blocks"], g, attends)
            if i < n - 1:
                level.downsample = Conv(c[i], 2)
            self.down.append(level)
        self.mid = Middle(c[-1], g)
        self.norm_out = norm(g, c[-1])
        self.conv_out = nn.Conv2d(c[-1], out, 3, padding=1)

    def forward(self, x):
        h = self.conv_in(x)
        for level in self.down:
            h = level(h)
            if hasattr(level, "downsample"):
                h = level.downsample.conv(F.pad(h, (0, 1, 0, 1)))
        return self.conv_out(F.silu(self.norm_out(self.mid(h))))


class Decoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        c, g, n = [config["base"] * m for m in config["multipliers"]], config["groups"], len(config["multipliers"])
        self.conv_in = nn.Conv2d(config["latents"], c[-1], 3, padding=1)
        self.mid = Middle(c[-1], g)
        self.up = nn.ModuleList()
        for i in range(n):
            attends = config["attention"] and i == n - 1
            level = Level(c[min(i + 1, n - 1)], c[i], config["blocks"] + 1, g, attends)
            if i > 0:
                level.upsample = Conv(c[i], 1)
            self.up.append(level)
        self.norm_out = norm(g, c[0])
        self.conv_out = nn.Conv2d(c[0], config["channels"], 3, padding=1)

    def forward(self, z):
        h = self.mid(self.conv_in(z))
        for level in reversed(self.up):
            h = level(h)
            if hasattr(level, "upsample"):
                h = level.upsample.conv(F.interpolate(h, scale_factor=2, mode="nearest"))
        return self.conv_out(F.silu(self.norm_out(h)))


class PatchDiscriminator(nn.Module):
    def __init__(self, channels, width, halvings):
        super().__init__()
        c = [channels] + [width << min(i, 3) for i in range(halvings + 1)]
        self.convs = nn.ModuleList(
            nn.Conv2d(c[i], c[i + 1], 4, stride=2 if i < halvings else 1, padding=1) for i in range(halvings + 1)
        )
        self.norms = nn.ModuleList(nn.GroupNorm(8, c[i + 2]) for i in range(halvings))
        self.conv_out = nn.Conv2d(c[-1], 1, 4, padding=1)

    def forward(self, x):
        h = F.leaky_relu(self.convs[0](x), 0.2)
        for conv, group_norm in zip(self.convs[1:], self.norms):
            h = F.leaky_relu(group_norm(conv(h)), 0.2)
        return self.conv_out(h)
