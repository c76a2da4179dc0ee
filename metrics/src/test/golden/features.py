"""Metrics of distributions of features by independent implementations: SciPy, torch-fidelity, and the papers' formulas in NumPy.

Run: python features.py  (writes ../resources/golden/features.safetensors, see features.md)
"""
import os
import sys

import numpy as np
import scipy.linalg
import torch
from torch_fidelity.metric_fid import fid_statistics_to_metric
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kernel_mmd
from torch_fidelity.metric_prc import calculate_precision_recall_full

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "..", "..", "core-tensor", "src", "test", "golden"))
import golden  # noqa: E402

golden.FOLDER = os.path.join(HERE, "..", "resources", "golden")
rng = np.random.default_rng(20261124)
out = {}


def put(name, value):
    out[name] = torch.from_numpy(np.asarray(value)) if not torch.is_tensor(value) else value


def law(n, d, rank=None, shift=0.0):
    """Correlated rows (n, d), of a law whose covariance has the given rank."""
    mix = rng.normal(size=(rank or d, d)) / np.sqrt(d)
    return rng.normal(size=(n, rank or d)) @ mix + shift * rng.normal(size=d)


def statistics(x):
    return {"mu": x.mean(0), "sigma": np.cov(x, rowvar=False)}


def frechet_sqrtm(x, y):
    a, b = statistics(x), statistics(y)
    root = scipy.linalg.sqrtm(a["sigma"] @ b["sigma"])
    return np.sum((a["mu"] - b["mu"]) ** 2) + np.trace(a["sigma"]) + np.trace(b["sigma"]) - 2 * np.trace(root).real


def frechet_svd(x, y):
    """Tr((S1^1/2 S2 S1^1/2)^1/2) is the nuclear norm of A1^T A2 for S_i = A_i A_i^T: no square root of a small number."""
    a = (x - x.mean(0)).T / np.sqrt(len(x) - 1)
    b = (y - y.mean(0)).T / np.sqrt(len(y) - 1)
    overlap = scipy.linalg.svdvals(a.T @ b).sum()
    return np.sum((x.mean(0) - y.mean(0)) ** 2) + np.sum(a * a) + np.sum(b * b) - 2 * overlap


# Frechet distance: full rank, a law in a subspace, fewer rows than features on both sides.
for name, x, y in [
    ("full", law(60, 8), law(50, 8, shift=0.5)),
    ("subspace", law(80, 12, rank=5), law(70, 12, rank=7, shift=0.2)),
    ("few", law(10, 24), law(14, 24, shift=0.3)),
    ("few-and-full", law(9, 16), law(200, 16)),
]:
    put("frechet.%s.x" % name, x)
    put("frechet.%s.y" % name, y)
    put("frechet.%s.svd" % name, [frechet_svd(x, y)])
    fidelity = fid_statistics_to_metric(statistics(x), statistics(y), False)["frechet_inception_distance"]
    put("frechet.%s.fidelity" % name, [fidelity])
    print(name, frechet_svd(x, y), frechet_sqrtm(x, y), fidelity)
    if name == "full":
        put("frechet.full.sqrtm", [frechet_sqrtm(x, y)])

# Mean and covariance far from zero.
x = law(40, 5) * 1e-3 + 1e4
put("moments.x", x)
put("moments.mu", x.mean(0))
put("moments.sigma", np.cov(x, rowvar=False))

# Inception Score of 103 rows, which 10 does not divide.
logits = torch.from_numpy(3 * rng.normal(size=(103, 7)))
put("inception.logits", logits)
for splits in (1, 10):
    r = isc_features_to_metric(logits, splits=splits, shuffle=False)
    put("inception.%d" % splits, [r["inception_score_mean"], r["inception_score_std"]])

# Polynomial MMD: torch-fidelity for equal counts, the U-statistic written out for unequal ones.
x, y = law(40, 16), law(40, 16, shift=0.3)
put("kernel.x", x)
put("kernel.y", y)
put("kernel.equal", [kernel_mmd(
    x, y, kid_kernel="poly", kid_kernel_poly_degree=3, kid_kernel_poly_gamma=None, kid_kernel_poly_coef0=1)])


def polynomial(a, b):
    return (a @ b.T / a.shape[1] + 1) ** 3


z = y[:25]
n, m = len(x), len(z)
kxx, kzz = polynomial(x, x), polynomial(z, z)
put("kernel.unequal", [(kxx.sum() - np.trace(kxx)) / (n * (n - 1)) + (kzz.sum() - np.trace(kzz)) / (m * (m - 1))
                       - 2 * polynomial(x, z).mean()])

# Gaussian MMD as Jayasumana et al. 2024 estimate it, diagonals included.


def gaussian(a, b, sigma):
    d = ((a[:, None] - b[None]) ** 2).sum(-1)
    return np.exp(-d / (2 * sigma ** 2)).mean()


for sigma in (10.0, 0.7):
    put("cmmd.%g" % sigma, [1000 * (gaussian(x, x, sigma) + gaussian(z, z, sigma) - 2 * gaussian(x, z, sigma))])

# Precision and recall by torch-fidelity; density and coverage by the formulas of Naeem et al. 2020.
real, fake = law(90, 6), 0.8 * law(70, 6, shift=0.3)
precision, recall = calculate_precision_recall_full(torch.from_numpy(fake), torch.from_numpy(real), 3)
cross = np.sqrt(((real[:, None] - fake[None]) ** 2).sum(-1))
own = np.sqrt(((real[:, None] - real[None]) ** 2).sum(-1))
radius = np.sort(own, axis=1)[:, 5]
put("neighbors.real", real)
put("neighbors.fake", fake)
put("neighbors.result", [precision, recall, (cross < radius[:, None]).sum() / (5 * len(fake)),
                         (cross.min(1) < radius).mean()])
put("neighbors.distances", cross.min(0))
print("prdc", out["neighbors.result"])

# Cosines of pairs, and who finds the own text among all.
images = law(12, 5)
texts = images + 0.9 * rng.normal(size=(12, 5))
cosine = images @ texts.T / np.linalg.norm(images, axis=1)[:, None] / np.linalg.norm(texts, axis=1)
put("texts.images", images)
put("texts.texts", texts)
put("texts.clip-score", [np.maximum(2.5 * np.diag(cosine), 0).mean()])
put("texts.r-precision", [(cosine.argmax(1) == np.arange(12)).mean()])
print("texts", out["texts.clip-score"], out["texts.r-precision"])

# Two sequences, the second two frames late.
audio = rng.normal(size=(30, 4))
video = np.roll(audio, -2, axis=0) + 0.3 * rng.normal(size=(30, 4))
means = []
for o in range(-5, 6):
    pairs = [np.linalg.norm(video[t] - audio[t + o]) for t in range(30) if 0 <= t + o < 30]
    means.append(np.mean(pairs))
put("sync.video", video)
put("sync.audio", audio)
put("sync.result", [min(means), np.median(means) - min(means), float(np.argmin(means) - 5)])

golden.save("features", out)
