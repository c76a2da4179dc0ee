#!/usr/bin/env python3
"""The tasks of the benchmarks by the PyTorch of this Python, which has another BLAS (MKL) and another oneDNN than the
libtorch of the Java runs, and a compiler.

    python3 benchmarks/src/peer/python/pytorch.py --against benchmarks/results/NAME.json

prints a row for each task: how many times as long PyTorch takes as the library did in that file. With --json it prints
what org.atelier4j.benchmarks.Report reads: a line about PyTorch, then a JSON object for each task and engine. Engines:

    pytorch             eager, images channels-last
    pytorch-contiguous  eager, images (B, C, H, W) in memory; U-Nets only
    pytorch-compile     torch.compile, channels-last; U-Nets only, needs a C++ compiler; a minute of compiling for each

Inputs, weights and sizes are those of the Java tasks, number by number (class Numbers); before anything is timed, the
U-Net's loss and the norm of its gradients must be what the library gets.
"""

import argparse
import json
import math
import re
import statistics
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

WARM_UP_TURNS = 2
CHAIN = 120  # operations of the small-op tasks

# Loss and norm of all gradients of the networks at batch 2, as the library gets them; PytorchScriptTest compares them.
EXPECTED = {"benchmark": (1.3158238, 4.3345884), "small": (1.3109580, 1.8498154)}


# --- the numbers of the Java side ------------------------------------------------------------------------------------


def numbers(seed, n):
    """Numbers.of: java.util.SplittableRandom, the upper 24 bits of each int, mean 0 and variance 1."""
    seed64 = np.uint64(seed & 0xFFFFFFFFFFFFFFFF)
    with np.errstate(over="ignore"):
        z = seed64 + np.uint64(0x9E3779B97F4A7C15) * np.arange(1, n + 1, dtype=np.uint64)
        z = (z ^ (z >> np.uint64(33))) * np.uint64(0x62A9D9ED799705F5)
        z = ((z ^ (z >> np.uint64(28))) * np.uint64(0xCB24D0A5C88C35B3)) >> np.uint64(32)
    unit = (z >> np.uint64(8)).astype(np.float32) * np.float32(2**-24) - np.float32(0.5)
    return np.float32(2 * math.sqrt(3)) * unit


def java_hash(text):
    h = 0
    for c in text:
        h = (31 * h + ord(c)) & 0xFFFFFFFF
    return h - (1 << 32) if h >= 1 << 31 else h


def weight(path, shape):
    """Weights.value: about 1 for scales of norms, else of variance 1 over the fan-in."""
    size = math.prod(shape)
    vector = len(shape) == 1
    scale = np.float32(0.1 if vector else math.sqrt(shape[0] / size))
    shift = np.float32(1 if vector and path.endswith("weight") else 0)
    return torch.from_numpy(shift + scale * numbers(java_hash(path), size)).view(shape)


def images(seed, b, h, w, c, layout=torch.channels_last):
    x = torch.from_numpy(numbers(seed, b * h * w * c)).view(b, h, w, c).permute(0, 3, 1, 2)
    return x.contiguous(memory_format=layout)


# --- the U-Net of org.atelier4j.diffusion.unet ------------------------------------------------------------------------

NETWORKS = {
    "benchmark": dict(size=32, base=64, multipliers=[1, 2, 2], blocks=2, groups=32, attention=[16, 8]),
    "small": dict(size=28, base=16, multipliers=[1, 2, 2], blocks=2, groups=8, attention=[14, 7]),
}


class UNet(torch.nn.Module):
    """Parameters have the library's paths, with dots written as '/'."""

    def __init__(self, network, layout):
        super().__init__()
        for key, value in NETWORKS[network].items():
            setattr(self, key, value)
        self.layout = layout
        half = self.base // 2
        rates = [10000.0 ** (-i / half) for i in range(half)]
        self.register_buffer("frequencies", torch.tensor([rates], dtype=torch.float32))
        width = 4 * self.base
        channels = [self.base * m for m in self.multipliers]
        levels = len(channels)
        self.make_conv("conv_in", 1, self.base, 3)
        self.make_linear("time_embedding.linear_1", self.base, width)
        self.make_linear("time_embedding.linear_2", width, width)
        for level in range(levels):
            before = self.base if level == 0 else channels[level - 1]
            for i in range(self.blocks):
                self.make_residual(f"down_blocks.{level}.resnets.{i}", before if i == 0 else channels[level], channels[level])
                if self.attends(level):
                    self.make_attention(f"down_blocks.{level}.attentions.{i}", channels[level])
            if level < levels - 1:
                self.make_conv(f"down_blocks.{level}.downsamplers.0.conv", channels[level], channels[level], 3)
        for i in range(2):
            self.make_residual(f"mid_block.resnets.{i}", channels[-1], channels[-1])
        self.make_attention("mid_block.attentions.0", channels[-1])
        for index in range(levels):
            level = levels - 1 - index
            below = channels[min(level + 1, levels - 1)]
            above = self.base if level == 0 else channels[level - 1]
            for i in range(self.blocks + 1):
                into = (below if i == 0 else channels[level]) + (above if i == self.blocks else channels[level])
                self.make_residual(f"up_blocks.{index}.resnets.{i}", into, channels[level])
                if self.attends(level):
                    self.make_attention(f"up_blocks.{index}.attentions.{i}", channels[level])
            if level > 0:
                self.make_conv(f"up_blocks.{index}.upsamplers.0.conv", channels[level], channels[level], 3)
        self.make_norm("conv_norm_out", self.base)
        self.make_conv("conv_out", self.base, 1, 3)

    def attends(self, level):
        return self.size >> level in self.attention

    def make(self, path, shape):
        value = weight(path, shape)
        if len(shape) == 4:
            value = value.contiguous(memory_format=self.layout)
        self.register_parameter(path.replace(".", "/"), torch.nn.Parameter(value))

    def make_conv(self, path, into, out, kernel):
        self.make(path + ".weight", (out, into, kernel, kernel))
        self.make(path + ".bias", (out,))

    def make_linear(self, path, into, out):
        self.make(path + ".weight", (out, into))
        self.make(path + ".bias", (out,))

    def make_norm(self, path, channels):
        self.make(path + ".weight", (channels,))
        self.make(path + ".bias", (channels,))

    def make_residual(self, path, into, out):
        self.make_norm(path + ".norm1", into)
        self.make_conv(path + ".conv1", into, out, 3)
        self.make_linear(path + ".time_emb_proj", 4 * self.base, 2 * out)
        self.make_norm(path + ".norm2", out)
        self.make_conv(path + ".conv2", out, out, 3)
        if into != out:
            self.make_conv(path + ".conv_shortcut", into, out, 1)

    def make_attention(self, path, channels):
        self.make_norm(path + ".group_norm", channels)
        for name in ("to_q", "to_k", "to_v", "to_out"):
            self.make_linear(f"{path}.attention.{name}", channels, channels)

    def p(self, path):
        return self._parameters[path.replace(".", "/")]

    def conv(self, path, x, stride=1):
        w = self.p(path + ".weight")
        return F.conv2d(x, w, self.p(path + ".bias"), stride, w.shape[2] // 2)

    def linear(self, path, x):
        return F.linear(x, self.p(path + ".weight"), self.p(path + ".bias"))

    def norm(self, path, x):
        return F.group_norm(x, self.groups, self.p(path + ".weight"), self.p(path + ".bias"))

    def residual(self, path, x, embedding):
        h = self.conv(path + ".conv1", F.silu(self.norm(path + ".norm1", x)))
        scale, shift = self.linear(path + ".time_emb_proj", embedding)[:, :, None, None].chunk(2, 1)
        h = torch.addcmul(shift, self.norm(path + ".norm2", h), scale + 1)
        h = self.conv(path + ".conv2", F.silu(h))
        wide = (path + ".conv_shortcut.weight").replace(".", "/") in self._parameters
        return h + (self.conv(path + ".conv_shortcut", x) if wide else x)

    def attend(self, path, x):
        b, c, h, w = x.shape
        tokens = self.norm(path + ".group_norm", x).flatten(2).transpose(1, 2)
        q, k, v = (self.linear(f"{path}.attention.{n}", tokens).unsqueeze(1) for n in ("to_q", "to_k", "to_v"))
        y = F.scaled_dot_product_attention(q, k, v).squeeze(1)
        return x + self.linear(path + ".attention.to_out", y).transpose(1, 2).reshape(b, c, h, w)

    def forward(self, x, t):
        angles = t[:, None] * self.frequencies
        waves = torch.cat([angles.cos(), angles.sin()], 1)
        embedding = self.linear("time_embedding.linear_2", F.silu(self.linear("time_embedding.linear_1", waves)))
        embedding = F.silu(embedding)
        h = self.conv("conv_in", x)
        skips = [h]
        levels = len(self.multipliers)
        for level in range(levels):
            for i in range(self.blocks):
                h = self.residual(f"down_blocks.{level}.resnets.{i}", h, embedding)
                h = self.attend(f"down_blocks.{level}.attentions.{i}", h) if self.attends(level) else h
                skips.append(h)
            if level < levels - 1:
                h = self.conv(f"down_blocks.{level}.downsamplers.0.conv", h, 2)
                skips.append(h)
        h = self.residual("mid_block.resnets.0", h, embedding)
        h = self.attend("mid_block.attentions.0", h)
        h = self.residual("mid_block.resnets.1", h, embedding)
        for index in range(levels):
            level = levels - 1 - index
            for i in range(self.blocks + 1):
                h = self.residual(f"up_blocks.{index}.resnets.{i}", torch.cat([h, skips.pop()], 1), embedding)
                h = self.attend(f"up_blocks.{index}.attentions.{i}", h) if self.attends(level) else h
            if level > 0:
                h = self.conv(f"up_blocks.{index}.upsamplers.0.conv", F.interpolate(h, scale_factor=2, mode="nearest"))
        return self.conv("conv_out", F.silu(self.norm("conv_norm_out", h)))


def batch(network, count, layout):
    size = NETWORKS[network]["size"]
    times = 500 + 250 * torch.from_numpy(numbers(3, count))
    return images(1, count, size, size, 1, layout), images(2, count, size, size, 1, layout), times


def check(network):
    """Ends the program unless the network computes what the library's does."""
    net = UNet(network, torch.channels_last)
    x, noise, t = batch(network, 2, torch.channels_last)
    loss = F.mse_loss(net(x, t), noise)
    loss.backward()
    norm = math.sqrt(sum(p.grad.double().square().sum().item() for p in net.parameters()))
    for name, got, expected in zip(("loss", "norm of the gradients"), (loss.item(), norm), EXPECTED[network]):
        if abs(got - expected) > 1e-4 * abs(expected):
            sys.exit(f"{network}: comparison is void: {name} must be {expected:.7g}, got {got:.7g}")


def unet(network, count, training, engine):
    layout = torch.contiguous_format if engine == "pytorch-contiguous" else torch.channels_last
    net = UNet(network, layout)
    x, noise, t = batch(network, count, layout)
    forward = torch.compile(net) if engine == "pytorch-compile" else net
    if not training:
        net.eval()

        def predict():
            with torch.inference_mode():
                forward(x, t)

        return predict
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-4, fused=True)

    def step():
        optimizer.zero_grad()
        F.mse_loss(forward(x, t), noise).backward()
        optimizer.step()

    return step


# --- kernels ----------------------------------------------------------------------------------------------------------


def forward_only(function):
    def run():
        with torch.inference_mode():
            function()

    return run


def backward_only(y, dy, leaves):
    return lambda: torch.autograd.grad(y, leaves, dy, retain_graph=True)


def leaf(x):
    return x.detach().requires_grad_()


def plain(seed, *shape):
    return torch.from_numpy(numbers(seed, math.prod(shape))).view(shape)


def group_norm(b, h, w, c, silu, backward):
    x, gamma, beta = images(1, b, h, w, c), plain(2, c), plain(3, c)

    def normalize(x, gamma, beta):
        y = F.group_norm(x, 32, gamma, beta)
        return F.silu(y) if silu else y

    if not backward:
        return forward_only(lambda: normalize(x, gamma, beta))
    leaves = [leaf(x), leaf(gamma), leaf(beta)]
    return backward_only(normalize(*leaves), images(4, b, h, w, c), leaves)


def conv(which):
    x, dy = images(1, 16, 32, 32, 64), images(4, 16, 32, 32, 64)
    w, bias = plain(2, 64, 64, 3, 3).contiguous(memory_format=torch.channels_last), plain(3, 64)
    if which == "forward":
        return forward_only(lambda: F.conv2d(x, w, bias, 1, 1))
    if which == "backward-input":
        x = leaf(x)
        return backward_only(F.conv2d(x, w, bias, 1, 1), dy, [x])
    w, bias = leaf(w), leaf(bias)
    return backward_only(F.conv2d(x, w, bias, 1, 1), dy, [w, bias])


def adam(n):
    p = leaf(plain(1, n))
    p.grad = plain(2, n)
    return torch.optim.Adam([p], lr=1e-3, fused=True).step


def small_ops(backward):
    x, half = leaf(plain(1, 16)), torch.full((16,), 0.5)

    def run():
        h = x
        for _ in range(CHAIN // 3):
            h = F.silu((h + x) * half)
        if backward:
            torch.autograd.grad(h, [x], half)

    return run


def matmul(a, b):
    return forward_only(lambda: torch.matmul(a, b))


def tasks():
    """Returns (name, engine, operations per run, function that prepares) in the order of the Java tasks."""
    rows = []
    for name, network, count, training in (
        ("unet-step-64", "benchmark", 64, True),
        ("unet-forward-1", "benchmark", 1, False),
        ("unet-forward-16", "benchmark", 16, False),
        ("small-unet-step-8", "small", 8, True),
    ):
        for engine in ("pytorch", "pytorch-contiguous", "pytorch-compile"):
            rows.append((name, engine, 1, lambda n=network, c=count, t=training, e=engine: unet(n, c, t, e)))

    def row(name, prepare, operations=1):
        rows.append((name, "pytorch", operations, prepare))

    row("matmul-256", lambda: matmul(plain(1, 256, 256), plain(2, 256, 256)))
    row("matmul-1024", lambda: matmul(plain(1, 1024, 1024), plain(2, 1024, 1024)))
    row("batched-matmul-64x256x32", lambda: matmul(plain(1, 64, 256, 32), plain(2, 64, 32, 256)))
    row("softmax-64x256x256", lambda: forward_only(lambda x=plain(1, 64, 256, 256): torch.softmax(x, -1)))
    for power in (20, 22):
        row(f"silu-{1 << power >> 20}M", lambda n=power: forward_only(lambda x=plain(1, 1 << n): F.silu(x)))
    for b, h, w, c in ((64, 32, 32, 64), (64, 16, 16, 128)):
        for backward in (False, True):
            for silu in (False, True):
                name = f"group-norm-{'silu-' if silu else ''}{'backward-' if backward else ''}{b}x{h}x{w}x{c}"
                row(name, lambda a=(b, h, w, c, silu, backward): group_norm(*a))
    for which in ("forward", "backward-input", "backward-weight"):
        row(f"conv3x3-{which}-16x32x32x64", lambda w=which: conv(w))
    row(
        "bias-add-16x32x32x64",
        lambda: forward_only(lambda x=images(1, 16, 32, 32, 64), bias=plain(2, 1, 64, 1, 1): x + bias),
    )
    row("adam-1M", lambda: adam(1 << 20))
    row("small-op", lambda: small_ops(False), CHAIN)
    row("small-op-backward", lambda: small_ops(True), CHAIN)
    return rows


def measure(run, seconds, turns):
    """Returns microseconds per run, one value for each turn, as JMH takes them."""
    micros = []
    for turn in range(WARM_UP_TURNS + turns):
        run()
        count = 0
        start = time.perf_counter()
        while True:
            run()
            count += 1
            elapsed = time.perf_counter() - start
            if elapsed >= seconds:
                break
        if turn >= WARM_UP_TURNS:
            micros.append(elapsed / count * 1e6)
    return micros


def about():
    dnn = re.search(r"MKL-DNN (v\S+)", torch.__config__.show())
    blas = re.search(r"BLAS_INFO=([^,]*)", torch.__config__.show())
    return (
        f"PyTorch {torch.__version__} of Python with oneDNN {dnn.group(1) if dnn else 'missing'}"
        f" and BLAS {blas.group(1) if blas else '?'}, {torch.get_num_threads()} threads"
    )


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only", default=".*", help="tasks to measure, a regular expression")
    options.add_argument("--engines", default=".*", help="engines to measure, a regular expression")
    options.add_argument("--turns", type=int, default=6)
    options.add_argument("--against", help="results of the Java side")
    options.add_argument("--json", action="store_true")
    options = options.parse_args()
    own = {}
    if options.against:
        with open(options.against, encoding="utf-8") as file:
            for timing in json.load(file)["timings"]:
                if timing["engine"] == "atelier":
                    own[timing["task"]] = timing["micros"]
    print(about(), flush=True)
    checked = set()
    for name, engine, operations, prepare in tasks():
        if not re.fullmatch(options.only, name) or not re.fullmatch(options.engines, engine):
            continue
        if "unet" in name:
            network = "small" if name.startswith("small") else "benchmark"
            if network not in checked:
                check(network)
                checked.add(network)
        micros = [m / operations for m in measure(prepare(), 2.5 if name == "unet-step-64" else 0.4, options.turns)]
        if options.json:
            print(json.dumps({"task": name, "engine": engine, "micros": micros}), flush=True)
            continue
        ratio = ""
        if name in own:
            ratio = f" | {statistics.geometric_mean(micros) / statistics.geometric_mean(own[name]):.2f} ×"
        print(f"| {name} | {engine} | {statistics.median(micros):,.2f} µs{ratio} |", flush=True)


if __name__ == "__main__":
    main()
