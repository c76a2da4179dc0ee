"""Gated PixelCNN and logistic mixture in PyTorch, written from the papers: what the goldens and the companion training use.

The two stacks are masked full kernels here, as in van den Oord et al. 2016 (arXiv:1606.05328, fig. 2), where
org.atelier4j.autoregressive.pixel cuts the kernels to the taps that see; `cut` and `grow` translate. Names are ours.
"""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

FIRST_KERNEL = 7


class Stack(nn.Module):
    """A convolution of one stack with the kernel cut to what it sees, zeros put on the sides that it looks to."""

    def __init__(self, i, o, kernel, vertical, first, mask=None):
        super().__init__()
        half = kernel // 2
        rows = half + (0 if first else 1) if vertical else 1
        self.conv = nn.Conv2d(i, o, (rows, kernel) if vertical else (1, half + 1))
        self.pads = (half, half, rows if first else rows - 1, 0) if vertical else (half, 0, 0, 0)
        self.drop = 1 if vertical and first else 0
        self.mask = mask

    def forward(self, x):
        x = F.pad(x, self.pads)
        x = x[:, :, : x.shape[2] - self.drop]
        w = self.conv.weight if self.mask is None else self.conv.weight * self.mask
        return F.conv2d(x, w, self.conv.bias)


def center_mask(o, i, columns, include, colors, halves):
    """Ones left of the last column; there, output color t sees input color f if f < t, or f <= t where included."""
    mask = torch.ones(o, i, 1, columns)
    for a in range(o):
        to = a % (o // halves) * colors // (o // halves)
        for b in range(i):
            source = b * colors // i
            mask[a, b, 0, -1] = 1 if source < to or include and source == to else 0
    return mask


class Pointwise(nn.Module):
    def __init__(self, i, o, colors):
        super().__init__()
        self.conv = nn.Conv2d(i, o, 1)
        self.mask = center_mask(o, i, 1, True, colors, 1) if colors > 1 else None

    def forward(self, x):
        w = self.conv.weight if self.mask is None else self.conv.weight * self.mask
        return F.conv2d(x, w, self.conv.bias)


class Block(nn.Module):
    def __init__(self, i, width, kernel, colors, classes, first):
        super().__init__()
        k = FIRST_KERNEL if first else kernel
        mask = center_mask(2 * width, i, k // 2 + 1, not first, colors, 2) if first or colors > 1 else None
        self.first, self.width = first, width
        self.vertical = Stack(i, 2 * width, k, True, first)
        self.verticalToHorizontal = nn.Conv2d(2 * width, 2 * width, 1)
        self.horizontal = Stack(i, 2 * width, k, False, first, mask)
        self.out = Pointwise(width, width, colors)
        if classes:
            self.classes = nn.Embedding(classes + 1, 4 * width)
            nn.init.normal_(self.classes.weight, std=0.02)

    def gate(self, x):
        return torch.tanh(x[:, : self.width]) * torch.sigmoid(x[:, self.width :])

    def forward(self, v, h, labels):
        above = self.vertical(v)
        both = self.verticalToHorizontal(above) + self.horizontal(h)
        if hasattr(self, "classes"):
            shift = self.classes(labels)[:, :, None, None]
            above, both = above + shift[:, : 2 * self.width], both + shift[:, 2 * self.width :]
        y = self.out(self.gate(both))
        return self.gate(above), y if self.first else y + h


class GatedPixelCnn(nn.Module):
    def __init__(self, i, o, width, layers, kernel, colors, classes):
        super().__init__()
        self.blocks = nn.ModuleList(
            Block(i if n == 0 else width, width, kernel, colors, classes, n == 0) for n in range(layers + 1))
        self.hidden = Pointwise(width, 2 * width, colors)
        self.last = Pointwise(2 * width, o, colors)

    def forward(self, x, labels):
        v = h = x
        for block in self.blocks:
            v, h = block(v, h, labels)
        return self.last(F.relu(self.hidden(F.relu(h))))


class PixelCnn(nn.Module):
    """-log p per image, for values (B, H, W, C); components = 0 is a softmax over all levels."""

    def __init__(self, channels, levels, components, width, layers, kernel, classes):
        super().__init__()
        self.levels, self.components, self.channels = levels, components, channels
        outputs = components * (1 + 2 * channels + channels * (channels - 1) // 2) if components else channels * levels
        colors = 1 if components else channels
        self.network = GatedPixelCnn(channels, outputs, width, layers, kernel, colors, classes)

    def forward(self, values, labels):
        dtype = self.network.last.conv.weight.dtype
        x = values.movedim(-1, 1).to(dtype) * 2 / (self.levels - 1) - 1
        return self.network(x, labels)

    def nats(self, values, labels):
        y = self.forward(values, labels)
        if self.components:
            return -mixture_log(y.movedim(1, -1), values, self.levels, self.components).sum((1, 2))
        b, _, h, w = y.shape
        logits = y.reshape(b, self.channels, self.levels, h, w).transpose(1, 2)
        return F.cross_entropy(logits, values.movedim(-1, 1).long(), reduction="none").sum((1, 2, 3))


def mixture_log(parameters, values, levels, components):
    """log p of pixels, straight from eq. 2 and 3 of arXiv:1701.05517: a difference of two sigmoids, best in float64."""
    channels = values.shape[-1]
    part = parameters.split(components, dim=-1)
    x = values.to(parameters.dtype) * 2 / (levels - 1) - 1
    log = F.log_softmax(part[0], -1)
    pair = 1 + 2 * channels
    for c in range(channels):
        mean = part[1 + c]
        for before in range(c):
            mean = mean + torch.tanh(part[pair]) * x[..., before : before + 1]
            pair += 1
        s = torch.exp(part[1 + channels + c].clamp(min=-7))
        half = 1 / (levels - 1)
        upper = torch.sigmoid((x[..., c : c + 1] + half - mean) / s)
        lower = torch.sigmoid((x[..., c : c + 1] - half - mean) / s)
        v = values[..., c : c + 1]
        upper = torch.where(v == levels - 1, torch.ones_like(upper), upper)
        lower = torch.where(v == 0, torch.zeros_like(lower), lower)
        log = log + torch.log(upper - lower)
    return torch.logsumexp(log, -1)


def bits(nats, dimensions):
    return nats.mean() / (dimensions * math.log(2))
