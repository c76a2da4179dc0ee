"""Metrics of pairs of images by scikit-image and pytorch-msssim, of label maps by torchmetrics, of landmarks by NumPy.

Run: python images.py  (writes ../resources/golden/images.safetensors, see images.md)
"""
import os
import sys

import numpy as np
import torch
from pytorch_msssim import ms_ssim
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torchmetrics.classification import MulticlassAccuracy, MulticlassJaccardIndex

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "..", "..", "core-tensor", "src", "test", "golden"))
import golden  # noqa: E402

golden.FOLDER = os.path.join(HERE, "..", "resources", "golden")
rng = np.random.default_rng(20261124)
out = {}


def put(name, value):
    out[name] = torch.from_numpy(np.asarray(value))


# Images in [-1, 1], channels last; scikit-image sees them in [0, 1].
a = rng.uniform(-1, 1, size=(2, 17, 21, 3))
a = (a + np.roll(a, 1, 1) + np.roll(a, 1, 2) + np.roll(a, 2, 1)) / 4  # some structure
b = np.clip(0.8 * a + 0.1 + 0.1 * rng.normal(size=a.shape), -1, 1)
put("pairs.a", a)
put("pairs.b", b)
unit = [(x + 1) / 2 for x in (a, b)]
put("pairs.psnr", [peak_signal_noise_ratio(unit[0][i], unit[1][i], data_range=1) for i in range(2)])
settings = dict(gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1)
put("pairs.ssim", [structural_similarity(unit[0][i], unit[1][i], channel_axis=-1, **settings) for i in range(2)])
put("pairs.ssim-gray", [structural_similarity(unit[0][i, :, :, 0], unit[1][i, :, :, 0], **settings) for i in range(2)])

# Larger images by a formula, so that they need not be stored; both sides divide by 16, since pytorch-msssim pads odd ones.
# torchmetrics (1.9.0) is not used for MS-SSIM: its coarsest mean includes windows over mirrored borders.
i, j = np.meshgrid(np.arange(176), np.arange(192), indexing="ij")
large = 0.5 + 0.2 * np.sin(0.31 * i) * np.cos(0.17 * j) + 0.2 * np.sin(0.013 * i * j)
other = 0.6 * large + 0.12 * np.cos(0.7 * i + 0.2 * j) + 0.15
x, y = (torch.from_numpy(v)[None, None] for v in (large, other))
put("large.ms-ssim", [ms_ssim(x, y, data_range=1.0, size_average=True).item()])
put("large.ssim", [structural_similarity(large, other, **settings)])
print(out["large.ms-ssim"], out["large.ssim"])

# Label maps of 5 classes, of which one never occurs; 255 is ignored.
truth = rng.integers(0, 4, size=(3, 9, 8))
predicted = np.where(rng.uniform(size=truth.shape) < 0.6, truth, rng.integers(0, 4, size=truth.shape))
truth[0, 0, :5] = 255
p, t = torch.from_numpy(predicted), torch.from_numpy(truth)
put("labels.predicted", predicted)
put("labels.truth", truth)
iou = MulticlassJaccardIndex(5, average=None, ignore_index=255)(p, t).double()
put("labels.iou", iou.numpy())
put("labels.pixel-accuracy", [MulticlassAccuracy(5, average="micro", ignore_index=255)(p, t).double().item()])
put("labels.mean-accuracy", [MulticlassAccuracy(5, average=None, ignore_index=255)(p, t)[:4].double().mean().item()])

# Landmarks of 4 frames.
true = rng.normal(size=(4, 6, 2)) * 10 + 50
guess = true + rng.normal(size=true.shape)
error = np.linalg.norm(guess - true, axis=2).mean(1)
put("landmarks.truth", true)
put("landmarks.predicted", guess)
put("landmarks.eyes", error / np.linalg.norm(true[:, 1] - true[:, 4], axis=1))
put("landmarks.box", error / np.sqrt(np.prod(true.max(1) - true.min(1), axis=1)))
put("landmarks.pixels", error)
put("landmarks.motion", np.linalg.norm(np.diff(guess, axis=0) - np.diff(true, axis=0), axis=2).mean(1))

golden.save("images", out)
