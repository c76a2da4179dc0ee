"""Writes files/weights-*.pth: state dictionaries by torch.save in both of its formats, and files that must be refused.

Run with PyTorch installed:  python torch_files.py
Expected values are formulas that TorchFileTest repeats.
"""
import os
from collections import OrderedDict

import torch

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "resources", "golden", "files")


def path(name):
    return os.path.join(OUT, name)


base = torch.arange(12, dtype=torch.float32) / 4 - 1
STATE = OrderedDict(
    [
        ("conv.weight", base.reshape(2, 3, 2)),
        ("conv.bias", base[3:5]),  # shares its memory with the weight
        ("scalar", torch.tensor(7, dtype=torch.int64)),
        ("half", torch.arange(3).half() / 7),
        ("double", torch.arange(2).double() / 3),
        ("brain", torch.tensor([1.5, -2.0]).bfloat16()),
        ("flag", torch.tensor([True, False])),
        ("empty", torch.zeros(0, 3)),
        ("parameter", torch.nn.Parameter(torch.tensor([5.0]))),
    ]
)
STATE._metadata = OrderedDict([("", {"version": 1})])  # as modules leave it

torch.save(STATE, path("weights-zip.pth"))
torch.save(STATE, path("weights-legacy.pth"), _use_new_zipfile_serialization=False)
torch.save({"epoch": 3, "state_dict": STATE}, path("weights-nested.pth"), _use_new_zipfile_serialization=False)
torch.save(torch.nn.Linear(2, 1), path("weights-module.pth"), _use_new_zipfile_serialization=False)
torch.save({"w": base.reshape(3, 4).T}, path("weights-strided.pth"), _use_new_zipfile_serialization=False)
