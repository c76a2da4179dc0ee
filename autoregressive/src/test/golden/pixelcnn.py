"""One whole training step of tiny gated PixelCNNs: loss in bits per dimension, every gradient, parameters after AdamW.

Cases: "softmax" (3 colors of 8 levels, ordered by masks), "mixture" (3 colors of 32 levels, 4 logistics), and in
"logistic" the logarithms of a mixture over all values. float64 on float32 inputs. Run: python pixelcnn.py
"""
import os
import sys

import torch
import torch.nn as nn

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "..", "..", "core-tensor", "src", "test", "golden"))
import golden  # noqa: E402
from pixelcnn_reference import PixelCnn, bits, mixture_log  # noqa: E402

golden.FOLDER = os.path.join(HERE, "..", "resources", "golden")


def step(name, levels, components, out):
    net = PixelCnn(3, levels, components, 6, 2, 3, 2).double()
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(p.float())
    out.update({name + ".p." + n: p.clone() for n, p in net.named_parameters()})
    values = torch.randint(0, levels, (3, 5, 6, 3))
    labels = torch.tensor([1, 0, 2])  # 2 is "no class"
    loss = bits(net.nats(values, labels), 5 * 6 * 3)
    loss.backward()
    out.update({name + ".values": values, name + ".labels": labels, name + ".loss": loss})
    out[name + ".y"] = golden.last(net(values, labels))
    out.update({name + ".g." + n: p.grad.clone() for n, p in net.named_parameters()})
    out[name + ".norm"] = nn.utils.clip_grad_norm_(net.parameters(), 0.1)
    torch.optim.AdamW(net.parameters(), lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0).step()
    out.update({name + ".a." + n: p.clone() for n, p in net.named_parameters()})


def logistic(out):
    """-log p of every pair (x0, x1) of two channels with 7 levels, scales from sharp to wide."""
    pairs = torch.cartesian_prod(torch.arange(7), torch.arange(7)).reshape(1, 7, 7, 2)
    p = torch.randn(1, 1, 1, 3 * (1 + 4 + 1)).float().double()
    p[..., 9:15] = torch.tensor([-2.0, -0.5, 1.0, -1.0, 0.3, -2.5])  # log s
    p = p.float().double().expand(1, 7, 7, -1).contiguous().requires_grad_()
    nats = -mixture_log(p, pairs, 7, 3)
    dy = torch.randn_like(nats).float().double()
    (nats * dy).sum().backward()
    out.update({"logistic.p": p, "logistic.values": pairs, "logistic.nats": nats, "logistic.dy": dy,
                "logistic.g": p.grad})


def main():
    torch.manual_seed(6)
    out = {}
    step("softmax", 8, 0, out)
    step("mixture", 32, 4, out)
    logistic(out)
    golden.save("pixelcnn", {k: x.float() if x.is_floating_point() else x for k, x in out.items()})


if __name__ == "__main__":
    main()
