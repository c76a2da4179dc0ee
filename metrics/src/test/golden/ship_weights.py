"""Writes the weights that come with the library from published ones: python3 ship_weights.py FOLDER

FOLDER holds lpips-alex, lpips-vgg, dists and efficientnet-lite0 as .safetensors files in the names of torchvision and the
authors, and squeeze.pth of the LPIPS package's weights/v0.1. Large files are cut in two, so that none exceeds 8 MB.
EfficientNet's convolutions and its last layer are rounded to half precision; everything else stays as published.
"""
import json
import os
import struct
import sys

import torch

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "main", "resources", "org", "atelier4j", "metrics", "net")
NAMES = {torch.float32: "F32", torch.float16: "F16"}


def load(path):
    data = open(path, "rb").read()
    n = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + n])
    header.pop("__metadata__", None)
    tensors = {}
    for key, e in header.items():
        a, b = e["data_offsets"]
        raw = bytearray(data[8 + n + a : 8 + n + b])
        tensors[key] = torch.frombuffer(raw, dtype=torch.float32).reshape(e["shape"])
    return tensors


def save(name, tensors, source, licence):
    header, blobs, at = {"__metadata__": {"source": source, "license": licence}}, [], 0
    for key in sorted(tensors, key=lambda k: (tensors[k].dtype != torch.float32, k)):  # wide elements first
        blob = tensors[key].contiguous().numpy().tobytes()
        header[key] = {"dtype": NAMES[tensors[key].dtype], "shape": list(tensors[key].shape), "data_offsets": [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(os.path.join(OUT, name + ".safetensors"), "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))
    print(name, 8 + len(text) + at, "bytes")


folder = sys.argv[1]
licence = "BSD-3-Clause (torchvision), BSD-2-Clause (LPIPS)"
alex = load(os.path.join(folder, "lpips-alex.safetensors"))
first = {k: v for k, v in alex.items() if k.split(".")[1] in ("0", "3", "6") and k.startswith("features")}
save("lpips-alex-1", first, "torchvision alexnet, ImageNet", licence)
save("lpips-alex-2", {k: v for k, v in alex.items() if k not in first}, "torchvision alexnet, ImageNet; LPIPS v0.1", licence)
vgg = load(os.path.join(folder, "lpips-vgg.safetensors"))
save("lpips-vgg-heads", {k: v for k, v in vgg.items() if k.startswith("lin")}, "LPIPS v0.1", "BSD-2-Clause")
squeeze = torch.load(os.path.join(folder, "squeeze.pth"), map_location="cpu")
save("lpips-squeeze-heads", dict(squeeze), "LPIPS v0.1", "BSD-2-Clause")
save("dists", load(os.path.join(folder, "dists.safetensors")), "DISTS v0.1", "MIT")
net = load(os.path.join(folder, "efficientnet-lite0.safetensors"))
net = {k: v.half() if v.dim() > 1 else v for k, v in net.items()}
late = ("_blocks.14", "_blocks.15", "_conv_head", "_fc", "_bn1")
second = {k: v for k, v in net.items() if k.startswith(late)}
save("efficientnet-lite0-1", {k: v for k, v in net.items() if k not in second}, "EfficientNet-Lite0, ImageNet", "Apache-2.0")
save("efficientnet-lite0-2", second, "EfficientNet-Lite0, ImageNet", "Apache-2.0")
