"""One whole training step of tiny causal and masked transformers: loss, every gradient, parameters after clipped AdamW.

The networks are written here from the papers (Vaswani et al. 2017, Su et al. 2021, Shazeer 2020, Esser et al. 2021, Chang et
al. 2022) in PyTorch's own modules, float64 on float32 inputs; org.atelier4j.autoregressive.transformer has to agree. Paths of
parameters are ours. Rotary positions are computed as products of complex numbers, unlike ours.
Run: python transformers.py
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

SIZE, HEIGHT, WIDTH, CLASSES, DIM, DEPTH, HEADS, BATCH = 11, 3, 4, 3, 16, 2, 2, 5
N = HEIGHT * WIDTH


def turn(x):
    """x (B, H, T, d): the first half of a head turns with the row, the second with the column."""
    t, d = x.shape[2], x.shape[3]
    m = d // 4
    w = 100.0 ** (-torch.arange(m, dtype=torch.float64) / m)
    place = torch.arange(t, dtype=torch.float64)
    halves = []
    for half, position in zip(x.split(d // 2, 3), (torch.floor(place / WIDTH), place % WIDTH)):
        z = torch.complex(half[..., :m], half[..., m:])
        z = z * torch.polar(torch.ones(t, m, dtype=torch.float64), position[:, None] * w)
        halves += [z.real, z.imag]
    return torch.cat(halves, 3)


class Attention(nn.Module):
    def __init__(self, rotary):
        super().__init__()
        self.to_q, self.to_k = nn.Linear(DIM, DIM), nn.Linear(DIM, DIM)
        self.to_v, self.to_out = nn.Linear(DIM, DIM), nn.Linear(DIM, DIM)
        self.rotary = rotary

    def forward(self, x, causal):
        def heads(t):
            return t.reshape(t.shape[0], t.shape[1], HEADS, -1).transpose(1, 2)

        q, k, v = heads(self.to_q(x)), heads(self.to_k(x)), heads(self.to_v(x))
        if self.rotary:
            q, k = turn(q), turn(k)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
        return self.to_out(y.transpose(1, 2).reshape(x.shape))


class FeedForward(nn.Module):
    def __init__(self, gated):
        super().__init__()
        hidden = (8 * DIM // 3 + 7) // 8 * 8 if gated else 4 * DIM
        self.up = nn.Linear(DIM, hidden, not gated)
        if gated:
            self.gate = nn.Linear(DIM, hidden, False)
        self.down = nn.Linear(hidden, DIM, not gated)

    def forward(self, x):
        return self.down(F.silu(self.gate(x)) * self.up(x) if hasattr(self, "gate") else F.gelu(self.up(x)))


class Block(nn.Module):
    def __init__(self, rotary, gated):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(DIM), nn.LayerNorm(DIM)
        self.attention, self.feedForward = Attention(rotary), FeedForward(gated)

    def forward(self, x, causal):
        x = x + self.attention(self.norm1(x), causal)
        return x + self.feedForward(self.norm2(x))


class Positions(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(N, DIM))


class Trunk(nn.Module):
    def __init__(self, rotary, gated):
        super().__init__()
        if not rotary:
            self.positions = Positions()
        self.blocks = nn.ModuleList(Block(rotary, gated) for _ in range(DEPTH))
        self.norm = nn.LayerNorm(DIM)

    def forward(self, x, causal):
        if hasattr(self, "positions"):
            x = x + self.positions.weight
        for block in self.blocks:
            x = block(x, causal)
        return self.norm(x)


class Transformer(nn.Module):
    def __init__(self, causal, rotary, gated, tied):
        super().__init__()
        self.causal = causal
        self.classes = nn.Embedding(CLASSES + 1, DIM)
        self.codes = nn.Embedding(SIZE if causal else SIZE + 1, DIM)
        self.trunk = Trunk(rotary, gated)
        if not tied:
            self.head = nn.Linear(DIM, SIZE, False)

    def forward(self, labels, codes):
        c = self.classes(labels)[:, None]
        x = torch.cat([c, self.codes(codes[:, :-1])], 1) if self.causal else c + self.codes(codes)
        h = self.trunk(x, self.causal)
        return self.head(h) if hasattr(self, "head") else h @ self.codes.weight[:SIZE].T


def step(name, causal, rotary, gated, tied, smoothing):
    torch.manual_seed(hash_of(name))
    net = Transformer(causal, rotary, gated, tied)
    for p in net.parameters():
        p.data = (0.3 * torch.randn(p.shape)).float()
    tensors = {"p." + k: p.detach().clone() for k, p in net.named_parameters()}
    net = net.double()
    codes = torch.randint(SIZE, (BATCH, N))
    labels = torch.tensor([0, 1, 2, CLASSES, 1])
    masked = torch.rand(BATCH, N) < torch.tensor([0.1, 0.3, 0.5, 0.8, 0.95])[:, None]
    masked[:, 2] = True
    tensors.update({"codes": codes, "labels": labels})
    if causal:
        logits = net(labels, codes)
        loss = F.cross_entropy(logits.reshape(-1, SIZE), codes.reshape(-1))
    else:
        logits = net(labels, codes.masked_fill(masked, SIZE))
        loss = F.cross_entropy(logits[masked], codes[masked], label_smoothing=smoothing)
        tensors["masked"] = masked
    tensors.update({"logits": logits.float(), "loss": loss.float()})
    loss.backward()
    tensors.update({"g." + k: p.grad.float() for k, p in net.named_parameters()})
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.02)
    norm = torch.nn.utils.clip_grad_norm_(net.parameters(), 0.05)
    tensors["norm"] = norm.float()
    optimizer.step()
    tensors.update({"a." + k: p.detach().float() for k, p in net.named_parameters()})
    golden.save(name, tensors)


def hash_of(name):
    return sum(name.encode())


step("causal-learned", True, False, False, True, 0)
step("causal-rotary", True, True, True, False, 0)
step("masked", False, False, False, True, 0.1)
step("masked-rotary", False, True, True, False, 0)
