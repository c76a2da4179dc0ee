#!/usr/bin/env python3
"""The tasks of the benchmarks by the PyTorch of this Python, which has another BLAS (MKL) and another oneDNN than the
libtorch of the Java runs, and a compiler.

    python3 benchmarks/src/peer/python/pytorch.py --against benchmarks/results/NAME.json

prints a row for each task: how many times as long PyTorch takes as the library did in that file. With --json it prints
what org.atelier4j.benchmarks.Report reads: a line about PyTorch, then a JSON object for each task and engine. Engines:

    pytorch             eager, images channels-last
    pytorch-contiguous  eager, images (B, C, H, W) in memory; U-Nets only
    pytorch-compile     torch.compile, channels-last; networks only, needs a C++ compiler; up to a minute of compiling for each

Inputs, weights and sizes are those of the Java tasks, number by number; before a network is timed, its losses, its output
and the norm of its gradients must be what the library gets (networks.py).
"""

import argparse
import json
import re
import statistics
import sys
import time

import networks
import torch
import torch.nn.functional as F
from networks import images, plain

WARM_UP_TURNS = 2
CHAIN = 120  # operations of the small-op tasks
STEPS = (
    ("unet", 64),
    ("vqvae", 32),
    ("prior", 32),
    ("pixelcnn", 16),
    ("gpt", 32),
    ("nerf", 4096),
    ("dcgan", 64),
    ("autoencoder", 64),
    ("small-unet", 8),
)
FORWARDS = (
    ("unet", 1),
    ("unet", 16),
    ("vqvae", 1),
    ("vqvae", 32),
    ("pixelcnn", 1),
    ("gpt", 1),
    ("nerf", 4096),
    ("dcgan", 1),
    ("autoencoder", 1),
)

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
    for name, count in STEPS:
        prefix = f"{name}-step-{count}"
        rows.append((prefix, "pytorch", 1, lambda n=name, c=count: networks.step(n, c)))
        if "unet" in name:
            contiguous = torch.contiguous_format
            rows.append((prefix, "pytorch-contiguous", 1, lambda n=name, c=count: networks.step(n, c, layout=contiguous)))
        rows.append((prefix, "pytorch-compile", 1, lambda n=name, c=count: networks.step(n, c, compiled=True)))
    rows.append(("unet-bf16-step-64", "pytorch", 1, lambda: networks.step("unet", 64, autocast=True)))
    rows.append(("prior-sample-64", "pytorch", 1, lambda: networks.sample("prior", 64)))
    for name, count in FORWARDS:
        prefix = f"{name}-forward-{count}"
        rows.append((prefix, "pytorch", 1, lambda n=name, c=count: networks.forward(n, c)))
        if "unet" in name:
            contiguous = torch.contiguous_format
            rows.append((prefix, "pytorch-contiguous", 1, lambda n=name, c=count: networks.forward(n, c, layout=contiguous)))
        rows.append((prefix, "pytorch-compile", 1, lambda n=name, c=count: networks.forward(n, c, compiled=True)))

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
        network = re.match(r"(.*?)(-bf16)?-(step|forward|sample)-", name)
        if network and network[1] not in checked:
            checked.add(network[1])
            wrong = networks.check(network[1])
            if wrong:
                sys.exit("\n".join(wrong))
        micros = [m / operations for m in measure(prepare(), 1.0 if "-step-" in name else 0.4, options.turns)]
        if options.json:
            print(json.dumps({"task": name, "engine": engine, "micros": micros}), flush=True)
            continue
        ratio = ""
        if name in own:
            ratio = f" | {statistics.geometric_mean(micros) / statistics.geometric_mean(own[name]):.2f} ×"
        print(f"| {name} | {engine} | {statistics.median(micros):,.2f} µs{ratio} |", flush=True)


if __name__ == "__main__":
    main()
