"""Prints how long PyTorch takes for what NetworkTimings times: the same layers, batch and sizes, weights at random.

Run: python network_timings.py, by turns with NetworkTimings, with the same OMP_NUM_THREADS.

PyTorch at its best: channels last, and of eager, frozen and compiled the fastest; frozen and compiled fold batch norms.
"""
import os
import time
import warnings

import torch
import torch.nn.functional as F
import torchvision
from torch import nn

BATCH, ROUNDS = 16, 12
warnings.filterwarnings("ignore")
torch.manual_seed(0)
torch.set_grad_enabled(False)
torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", torch.get_num_threads())))


class Same(nn.Conv2d):
    """TensorFlow's padding: what is left over lies behind."""

    def forward(self, x):
        pads = []
        for n in (x.shape[3], x.shape[2]):
            p = max((-(-n // self.stride[0]) - 1) * self.stride[0] + self.kernel_size[0] - n, 0)
            pads += [p // 2, p - p // 2]
        x = F.pad(x, pads) if max(pads) else x
        return F.conv2d(x, self.weight, None, self.stride, 0, 1, self.groups)


def conv(i, o, k, stride=1, groups=1, act=True):
    layers = [Same(i, o, k, stride, groups=groups, bias=False), nn.BatchNorm2d(o, eps=1e-3)]
    return nn.Sequential(*layers, nn.ReLU6()) if act else nn.Sequential(*layers)


class Block(nn.Module):
    def __init__(self, i, o, k, stride, expand):
        super().__init__()
        self.skip = stride == 1 and i == o
        body = [conv(i, i * expand, 1)] if expand > 1 else []
        self.body = nn.Sequential(*body, conv(i * expand, i * expand, k, stride, i * expand), conv(i * expand, o, 1, act=False))

    def forward(self, x):
        return x + self.body(x) if self.skip else self.body(x)


def efficientnet():
    layers, width = [conv(3, 32, 3, 2)], 32
    for count, o, k, stride, expand in ((1, 16, 3, 1, 1), (2, 24, 3, 2, 6), (2, 40, 5, 2, 6), (3, 80, 3, 2, 6),
                                        (3, 112, 5, 1, 6), (4, 192, 5, 2, 6), (1, 320, 3, 1, 6)):
        for j in range(count):
            layers.append(Block(width, o, k, stride if j == 0 else 1, expand))
            width = o
    return nn.Sequential(*layers, conv(320, 1280, 1), nn.AdaptiveAvgPool2d(1))


class Alex(nn.Module):
    """LPIPS of a pair, both in one batch."""

    def __init__(self):
        super().__init__()
        layers = torchvision.models.alexnet(weights=None).features
        self.parts = nn.ModuleList(layers[a:b] for a, b in ((0, 2), (2, 5), (5, 8), (8, 10), (10, 12)))
        self.heads = nn.ParameterList(torch.rand(1, c, 1, 1) for c in (64, 192, 384, 256, 256))

    def forward(self, x):
        h = torch.cat([x, x])
        total = 0
        for part, head in zip(self.parts, self.heads):
            h = part(h)
            unit = h / (h.square().sum(1, keepdim=True).sqrt() + 1e-10)
            a, b = unit.chunk(2)
            total = total + ((a - b).square() * head).sum(1).mean((1, 2))
        return total


def best(run, x):
    for _ in range(3):
        run(x)
    shortest = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        run(x)
        shortest = min(shortest, time.perf_counter() - start)
    return shortest * 1e3 / BATCH


def report(name, net, side):
    net = net.eval().to(memory_format=torch.channels_last)
    x = (torch.rand(BATCH, 3, side, side) * 2 - 1).contiguous(memory_format=torch.channels_last)
    times = {"eager": best(net, x)}
    times["frozen"] = best(torch.jit.freeze(torch.jit.trace(net, x)), x)
    try:
        times["compiled"] = best(torch.compile(net), x)
    except Exception as e:  # no compiler on this machine
        print(name, "is not compiled:", type(e).__name__)
    way = min(times, key=times.get)
    print("pytorch %-20s %8.3f ms an image (%s)" % (name, times[way], way), flush=True)


report("efficientnet-lite0", efficientnet(), 224)
report("inception", torchvision.models.inception_v3(weights=None, aux_logits=False, init_weights=False), 299)
report("lpips-alex", Alex(), 64)
