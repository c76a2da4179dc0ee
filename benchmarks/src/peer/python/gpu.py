"""Times PyTorch on a card at the sizes of KernelTimes, with the same names: python gpu.py gpu-pytorch.json [scale] [device].

scale divides the sizes as GpuSuite's "quick" does (16); device is cuda, or cpu to try the script without a card.
"""
import json
import math
import sys
import time

import torch
import torch.nn.functional as F

import networks

SCALE = int(sys.argv[2]) if len(sys.argv) > 2 else 1
DEVICE = sys.argv[3] if len(sys.argv) > 3 else "cuda"
RUNS = 20 if SCALE == 1 else 1


def precision(name):
    """float32 means float32, as in the library; bf16 is autocast, whose results are bfloat16 where the library's are float32."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = name == "tf32"
    return torch.autocast(DEVICE, torch.bfloat16, enabled=name == "bf16")


precision("float32")
times = []


def millis(work):
    work()
    work()
    if DEVICE == "cpu":
        start = time.perf_counter()
        for _ in range(RUNS):
            work()
        return 1e3 * (time.perf_counter() - start) / RUNS
    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    start.record()
    for _ in range(RUNS):
        work()
    end.record()
    torch.cuda.synchronize()
    return start.elapsed_time(end) / RUNS


def moved(name, count, work):
    ms = millis(work)
    times.append({"name": name, "millis": ms, "gigabytesPerSecond": count / ms / 1e6, "teraflopsPerSecond": 0})


def computed(name, count, work):
    ms = millis(work)
    times.append({"name": name, "millis": ms, "gigabytesPerSecond": 0, "teraflopsPerSecond": count / ms / 1e9})


def normal(*shape):
    return torch.randn(*shape, device=DEVICE)


with torch.no_grad():
    n = (1 << 26) // SCALE**3
    x, y = normal(n), torch.empty(n, device=DEVICE)
    moved("copy", 8 * n, lambda: y.copy_(x))
    moved("silu", 8 * n, lambda: F.silu(x))
    moved("add", 12 * n, lambda: torch.add(x, x, out=y))
    free, noise = normal(n), normal(n)

    def denoise():
        x0 = (1.1 * x - 0.4 * (2.5 * y - 1.5 * free)).clamp(-1, 1)
        return 0.3 * x0 + 0.7 * x + 0.1 * noise

    moved("denoise step", 24 * n, denoise)
    moved("sum", 4 * n, lambda: x.sum())
    moved("normal", 4 * n, lambda: y.normal_())
    h = normal(max(1, 64 // SCALE), 256, 32, 32).to(memory_format=torch.channels_last)
    gamma, beta = torch.ones(256, device=DEVICE), torch.zeros(256, device=DEVICE)
    moved("group norm + silu", 8 * h.numel(), lambda: F.silu(F.group_norm(h, 32, gamma, beta)))
    rows = normal(65536 // SCALE, 256)
    moved("softmax", 8 * rows.numel(), lambda: rows.softmax(-1))
    moved("gumbel softmax", 8 * rows.numel(), lambda: F.gumbel_softmax(rows, 0.5))
    logits = normal(256 // SCALE, 8192 // SCALE)
    moved(f"top 100 of {logits.shape[1]}", 4 * logits.numel(), lambda: logits.topk(100))
    moved(f"sort of {logits.shape[1]}", 8 * logits.numel(), lambda: logits.sort(descending=True))
    turned = normal(64, 1024 // SCALE, 256)
    moved("transpose", 8 * turned.numel(), lambda: turned.transpose(1, 2).contiguous())
    parameter = torch.nn.Parameter(torch.zeros(n // 4, device=DEVICE))
    parameter.grad = normal(n // 4)
    adam = torch.optim.Adam([parameter], lr=1e-3, fused=True)
    moved("adam", 28 * (n // 4), adam.step)
    b = max(1, 16 // SCALE)
    for name in ("float32", "tf32", "bf16"):
        with precision(name):
            for side in (1024 // SCALE, 4096 // SCALE):
                a, bias = normal(side, side), normal(side)
                computed(f"matmul {side}³, {name}", 2 * side**3, lambda: a @ a)
                computed(f"matmul {side}³ + bias, {name}", 2 * side**3, lambda: F.linear(a, a, bias))
            for c in (64, 256 // SCALE):
                images = normal(b, c, 32, 32).to(memory_format=torch.channels_last)
                w = normal(c, c, 3, 3).to(memory_format=torch.channels_last)
                count = 2 * b * 32 * 32 * c * c * 9
                conv = f"conv 3×3, {c} channels, {name}"
                computed(conv, count, lambda: F.conv2d(images, w, padding=1))
                computed(conv + ", adjoint in x", count, lambda: torch.nn.grad.conv2d_input(images.shape, w, images, padding=1))
                computed(conv + ", adjoint in w", count, lambda: torch.nn.grad.conv2d_weight(images, w.shape, images, padding=1))
    precision("float32")
    points, codes = 65536 // SCALE, 8192 // SCALE
    latents, table = normal(points, 64), normal(codes, 64)
    count = 2 * points * codes * 64
    computed(f"nearest of {codes} codes", count, lambda: torch.addmm(-0.5 * table.square().sum(1), latents, table.t()).argmax(1))
    tokens = 1024 // SCALE
    q = normal(b, 8, tokens, 64)
    for name in ("float32", "tf32", "bf16"):
        with precision(name):
            what = f"attention, {tokens} tokens, {name}"
            count = 4 * b * 8 * tokens**2 * 64
            computed(what, count, lambda: F.scaled_dot_product_attention(q, q, q))
            computed(what + ", causal", count / 2, lambda: F.scaled_dot_product_attention(q, q, q, is_causal=True))



# --- the U-Net of the benchmarks: eager PyTorch, channels-last --------------------------------------------------------

SAMPLER_STEPS = 20


def unet(count):
    net = networks.UNet("unet" if SCALE == 1 else "small-unet", count).to(DEVICE)
    for tensor in ("x", "noise", "t"):
        setattr(net, tensor, getattr(net, tensor).to(DEVICE))
    return net


def train(name):
    net = unet(64 if SCALE == 1 else 2)
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-4, fused=True)

    def step():
        optimizer.zero_grad()
        with precision(name):
            loss = net.loss(net())
        loss.backward()
        optimizer.step()

    computed(f"U-Net step, {len(net.x)} images, {name}", 0, step)


def sample(name):
    """DDIM with a network that predicts v."""
    net = unet(1).eval()
    start = net.x
    alphas = [math.cos((1 - i / SAMPLER_STEPS) * math.pi / 2 * 0.999) ** 2 for i in range(SAMPLER_STEPS + 1)]

    def run():
        net.x = start
        with torch.inference_mode(), precision(name):
            for i in range(SAMPLER_STEPS):
                a, after = alphas[i], alphas[i + 1]
                net.t = torch.full((1,), 1000 * (1 - i / SAMPLER_STEPS), device=DEVICE)
                v = net()
                x0 = (math.sqrt(a) * net.x - math.sqrt(1 - a) * v).clamp(-1, 1)
                eps = (net.x - math.sqrt(a) * x0) / math.sqrt(1 - a)
                net.x = math.sqrt(after) * x0 + math.sqrt(1 - after) * eps

    computed(f"U-Net sampling, 1 image, {SAMPLER_STEPS} steps, {name}", 0, run)


for name in ("float32", "tf32", "bf16"):
    train(name)
    sample(name)

card = torch.cuda.get_device_name() if DEVICE != "cpu" else "cpu"
with open(sys.argv[1], "w") as out:
    json.dump({"card": card, "pytorch": torch.__version__, "times": times}, out, indent=1)
for t in times:
    print(f"{t['name']:52} {t['millis']:9.3f} ms {t['gigabytesPerSecond']:9.1f} GB/s {t['teraflopsPerSecond']:8.2f} TFLOP/s")
