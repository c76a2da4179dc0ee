"""Writes and reads small safetensors files with nothing but the standard library and PyTorch.

Format: 8 bytes little-endian length of the header, the header (JSON), the data.
"""
import json
import os
import struct

import torch

NAMES = {torch.float64: "F64", torch.float32: "F32", torch.int32: "I32", torch.bool: "BOOL"}
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "resources", "golden")


def save(name, tensors):
    """Stores a dict of tensors as golden/<name>.safetensors; int64 becomes int32."""
    header, blobs, at = {"__metadata__": {"made_by": "PyTorch " + torch.__version__}}, [], 0
    for key, t in tensors.items():
        t = t.detach().cpu().contiguous()
        t = t.to(torch.int32) if t.dtype == torch.int64 else t
        blob = t.numpy().tobytes()
        header[key] = {"dtype": NAMES[t.dtype], "shape": list(t.shape), "data_offsets": [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(os.path.join(FOLDER, name + ".safetensors"), "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))
    print(name, len(tensors), "tensors,", 8 + len(text) + at, "bytes")


class Cases:
    """Functions with values and gradients: <name>.in0, .in1, ..., .out, .dy and .g0, .g1, ... for each."""

    def __init__(self):
        self.tensors = {}

    def add(self, name, f, *inputs):
        """Inputs are float64 (differentiated) or integers and masks; f takes and returns channels-last images."""
        leaves = [x.clone().requires_grad_() if x.is_floating_point() else x for x in inputs]
        y = f(*leaves)
        dy = torch.randn(y.shape, dtype=y.dtype)
        wanted = [x for x in leaves if x.is_floating_point()]
        grads = iter(torch.autograd.grad(y, wanted, dy))
        assert name + ".out" not in self.tensors
        for i, x in enumerate(leaves):
            self.tensors["%s.in%d" % (name, i)] = x
        self.tensors[name + ".out"] = y
        self.tensors[name + ".dy"] = dy
        for i, x in enumerate(leaves):
            if x.is_floating_point():
                self.tensors["%s.g%d" % (name, i)] = next(grads)

    def save(self, name):
        save(name, self.tensors)


def first(x):
    """Channels-last to PyTorch's channels-first."""
    return x.movedim(-1, 1)


def last(x):
    """Channels-first to channels-last."""
    return x.movedim(1, -1)
