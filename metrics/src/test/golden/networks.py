"""Writes src/test/resources/golden/networks.safetensors by PyTorch: python3 networks.py FOLDER

FOLDER holds the published weights lpips-alex, lpips-vgg, dists and efficientnet-lite0 as .safetensors files, and squeeze.pth
(the linear heads of LPIPS over SqueezeNet). The networks are written here from the papers and from torchvision's layers; where
nothing is published to be shipped (VGG16, SqueezeNet, Inception) both sides fill them with the same formula, hashed().
"""
import json
import os
import struct
import sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "resources", "golden")
FOLDER = sys.argv[1]
torch.set_grad_enabled(False)
golden = {}


# --- the same numbers on both sides ------------------------------------------------------------------------------------
def hashed(name, shape):
    """Numbers in [-1, 1) from a name and their index: 32-bit FNV-1a of the name, then murmur's finalizer of each index."""
    seed = np.uint32(2166136261)
    with np.errstate(over="ignore"):
        for b in name.encode():
            seed = (seed ^ np.uint32(b)) * np.uint32(16777619)
        h = np.arange(int(np.prod(shape)), dtype=np.uint32) * np.uint32(2654435769) + seed
        h ^= h >> np.uint32(16)
        h *= np.uint32(0x85EBCA6B)
        h ^= h >> np.uint32(13)
        h *= np.uint32(0xC2B2AE35)
        h ^= h >> np.uint32(16)
    return torch.from_numpy(((h >> np.uint32(8)).astype(np.float64) / 2**23 - 1).astype(np.float32).reshape(shape))


def weight(name, shape):
    """Weights, biases and statistics of a network that keeps its activations near 1 in size."""
    x = hashed(name, shape).double()
    if name.endswith("running_var"):
        x = 1 + x / 2
    elif name.endswith("running_mean") or name.endswith("bias"):
        x = x / 8
    elif len(shape) == 1:
        x = 1 + x / 4  # a norm's weight
    else:
        x = x * (6 / np.prod(shape[1:])) ** 0.5
    return x.float()


def fill(module):
    state = {k: v for k, v in module.state_dict().items() if not k.endswith("num_batches_tracked")}
    module.load_state_dict({k: weight(k, tuple(v.shape)) for k, v in state.items()}, strict=False)
    return module.eval()


def picture(name, b, h, w):
    """Images (B, 3, H, W) in [-1, 1] that are smooth and noisy at once; (B, H, W, C) for the other side."""
    y, x = torch.meshgrid(torch.arange(h).float(), torch.arange(w).float(), indexing="ij")
    waves = torch.stack([torch.sin((x * (c + 2) + y * (5 - c)) * 0.11 + c) for c in range(3)], -1)
    images = (waves[None] * 0.6 + 0.4 * hashed(name, (b, h, w, 3))).float()
    golden[name] = images
    return images.permute(0, 3, 1, 2).contiguous()


def last(x):
    return x.permute(0, 2, 3, 1).contiguous()


def load(name):
    data = open(os.path.join(FOLDER, name), "rb").read()
    n = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + n])
    header.pop("__metadata__", None)
    return {
        k: torch.frombuffer(bytearray(data[8 + n + e["data_offsets"][0] : 8 + n + e["data_offsets"][1]]), dtype=torch.float32)
        .reshape(e["shape"])
        for k, e in header.items()
    }


# --- LPIPS -------------------------------------------------------------------------------------------------------------
TAPS = {"alex": [1, 4, 7, 9, 11], "vgg": [3, 8, 15, 22, 29], "squeeze": [1, 4, 7, 9, 10, 11, 12]}
NETS = {"alex": torchvision.models.alexnet, "vgg": torchvision.models.vgg16, "squeeze": torchvision.models.squeezenet1_1}


def trunk(net, state=None):
    layers = NETS[net](weights=None).features
    for layer in layers:
        if isinstance(layer, nn.ReLU):
            layer.inplace = False
    if state is None:
        whole = nn.Module()
        whole.features = layers  # so that names begin with features.
        fill(whole)
    else:
        layers.load_state_dict({k[len("features."):]: v for k, v in state.items() if k.startswith("features.")})
    return layers[: TAPS[net][-1] + 1].eval()  # what follows the last tap may not fit small images


def lpips(net, layers, heads, a, b, spatial=False):
    shift = torch.tensor([-0.030, -0.088, -0.188]).view(1, 3, 1, 1)
    scale = torch.tensor([0.458, 0.448, 0.450]).view(1, 3, 1, 1)

    def taps(x):
        x, found = (x - shift) / scale, []
        for i, layer in enumerate(layers):
            x = layer(x)
            if i in TAPS[net]:
                found.append(x / (x.pow(2).sum(1, keepdim=True).sqrt() + 1e-10))
        return found

    total = 0
    for i, (x, y) in enumerate(zip(taps(a), taps(b))):
        d = ((x - y) ** 2 * heads["lin%d.model.1.weight" % i]).sum(1, keepdim=True)
        total = total + (F.interpolate(d, a.shape[2:], mode="bilinear", align_corners=False) if spatial else d.mean((1, 2, 3)))
    return total


alex, vgg = load("lpips-alex.safetensors"), load("lpips-vgg.safetensors")
squeeze = torch.load(os.path.join(FOLDER, "squeeze.pth"), map_location="cpu")
a, b = picture("lpips.a", 2, 45, 38), picture("lpips.b", 2, 45, 38)
b[1] = 0.8 * a[1] + 0.2 * b[1]
golden["lpips.b"] = last(b)
golden["lpips.alex"] = lpips("alex", trunk("alex", alex), alex, a, b)
golden["lpips.alex.map"] = last(lpips("alex", trunk("alex", alex), alex, a, b, True))[:, ::7, ::7].contiguous()
golden["lpips.vgg.hashed"] = lpips("vgg", trunk("vgg"), vgg, a, b)
golden["lpips.squeeze.hashed"] = lpips("squeeze", trunk("squeeze"), squeeze, a, b)
small = slice(0, 17)
golden["lpips.squeeze.smallest"] = lpips("squeeze", trunk("squeeze"), squeeze, a[..., small, small], b[..., small, small])
golden["lpips.vgg.published"] = lpips("vgg", trunk("vgg", vgg), vgg, a, b)
with torch.enable_grad():
    x = a.clone().requires_grad_()
    lpips("alex", trunk("alex", alex), alex, x, b).sum().backward()
    golden["lpips.alex.gradient"] = last(x.grad)[:, ::6, ::6].contiguous()


# --- DISTS -------------------------------------------------------------------------------------------------------------
def dists(layers, weights, a, b):
    window = torch.from_numpy(np.hanning(5)[1:-1]).float()
    window = window[:, None] * window[None]
    window = window / window.sum()

    def maps(x):
        found, h = [x], (x - torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)) / torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
        for i, layer in enumerate(layers):
            if isinstance(layer, nn.MaxPool2d):
                c = h.shape[1]
                h = (F.conv2d(h**2, window.expand(c, 1, 3, 3), stride=2, padding=1, groups=c) + 1e-12).sqrt()
            else:
                h = layer(h)
            if i in TAPS["vgg"]:
                found.append(h)
        return found

    total = weights["alpha"].sum() + weights["beta"].sum()
    score, at = 1, 0
    for x, y in zip(maps(a / 2 + 0.5), maps(b / 2 + 0.5)):
        x, y = x.double(), y.double()  # its covariance is a difference of large numbers
        c = x.shape[1]
        alpha, beta = (weights[k][:, at : at + c].double() / total for k in ("alpha", "beta"))
        at += c
        mx, my = x.mean((2, 3), keepdim=True), y.mean((2, 3), keepdim=True)
        s1 = (2 * mx * my + 1e-6) / (mx**2 + my**2 + 1e-6)
        vx, vy = ((x - mx) ** 2).mean((2, 3), keepdim=True), ((y - my) ** 2).mean((2, 3), keepdim=True)
        cov = (x * y).mean((2, 3), keepdim=True) - mx * my
        s2 = (2 * cov + 1e-6) / (vx + vy + 1e-6)
        score = score - (alpha * s1).sum((1, 2, 3)) - (beta * s2).sum((1, 2, 3))
    return score.float()


golden["dists.hashed"] = dists(trunk("vgg"), load("dists.safetensors"), a, b)
golden["dists.published"] = dists(trunk("vgg", vgg), load("dists.safetensors"), a, b)


# --- EfficientNet-Lite0 ------------------------------------------------------------------------------------------------
def same(x, w, stride=1, groups=1):
    pads = []
    for n in (x.shape[3], x.shape[2]):
        p = max((-(-n // stride) - 1) * stride + w.shape[2] - n, 0)
        pads += [p // 2, p - p // 2]
    return F.conv2d(F.pad(x, pads), w, None, stride, 0, 1, groups)


def norm(s, name, x):
    keys = [name + k for k in (".running_mean", ".running_var", ".weight", ".bias")]
    return F.batch_norm(x, *(s[k] for k in keys), False, 0, 1e-3)


def efficientnet(s, x, trace):
    x = F.relu6(norm(s, "_bn0", same(x, s["_conv_stem.weight"], 2)))
    i = 0
    for count, stride in ((1, 1), (2, 2), (2, 2), (3, 2), (3, 1), (4, 2), (1, 1)):
        for j in range(count):
            p, y = "_blocks.%d." % i, x
            if p + "_expand_conv.weight" in s:
                y = F.relu6(norm(s, p + "_bn0", same(y, s[p + "_expand_conv.weight"])))
            y = F.relu6(norm(s, p + "_bn1", same(y, s[p + "_depthwise_conv.weight"], stride if j == 0 else 1, y.shape[1])))
            y = norm(s, p + "_bn2", same(y, s[p + "_project_conv.weight"]))
            x = y + x if j > 0 else y
            i += 1
        trace.append(x)
    x = F.relu6(norm(s, "_bn1", same(x, s["_conv_head.weight"]))).mean((2, 3))
    return x, F.linear(x, s["_fc.weight"], s["_fc.bias"])


full = load("efficientnet-lite0.safetensors")
state = {k: v.half().float() if v.dim() > 1 else v for k, v in full.items()}  # as it is shipped
skimage = os.path.join(os.path.dirname(__import__("skimage").__file__), "data")
pictures = os.path.join(HERE, "..", "resources", "pictures")
os.makedirs(pictures, exist_ok=True)
for name in ("chelsea.png", "coffee.png", "rocket.jpg"):
    image = Image.open(os.path.join(skimage, name)).convert("RGB")
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    image = image.crop((left, top, left + side, top + side)).resize((224, 224), Image.BICUBIC)
    key = name.split(".")[0]
    image.save(os.path.join(pictures, key + ".png"), optimize=True)
    x = (torch.from_numpy(np.array(image)).float() - 127) / 128
    trace = []
    features, logits = efficientnet(state, x.permute(2, 0, 1)[None], trace)
    exact, _ = efficientnet(full, x.permute(2, 0, 1)[None], [])
    golden["efficientnet.%s.features" % key] = features
    golden["efficientnet.%s.float32" % key] = exact[:, ::8].contiguous()
    golden["efficientnet.%s.logits" % key] = logits[:, ::10].contiguous()
    if key == "chelsea":
        for i in (0, 1, 2, 4, 6):
            golden["efficientnet.map%d" % i] = last(trace[i])[:, ::3, ::5, ::7].contiguous()


# --- Inception of 2015 -------------------------------------------------------------------------------------------------
class Conv(nn.Module):
    def __init__(self, i, o, k, **more):
        super().__init__()
        self.conv, self.bn = nn.Conv2d(i, o, k, bias=False, **more), nn.BatchNorm2d(o, eps=1e-3)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


class Mixed(nn.Module):
    """Branches by torchvision's names; a list of names is a chain, a tuple in it a fork."""

    def __init__(self, convs, branches, pool):
        super().__init__()
        for name, (i, o, k, s) in convs.items():
            k = k if isinstance(k, tuple) else (k, k)
            setattr(self, name, Conv(i, o, k, stride=s, padding=tuple(n // 2 for n in k) if s == 1 else 0))
        self.branches, self.pool = branches, pool

    def forward(self, x):
        outputs = []
        for branch in self.branches:
            h = x
            for step in branch:
                if step == "pool":
                    h = self.pool(h)
                elif isinstance(step, tuple):
                    h = torch.cat([getattr(self, s)(h) for s in step], 1)
                else:
                    h = getattr(self, step)(h)
            outputs.append(h)
        return torch.cat(outputs, 1)


def uncounted(x):
    return F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)


def halve(x):
    return F.max_pool2d(x, 3, 2)


def mixed_a(i, p):
    return Mixed({"branch1x1": (i, 64, 1, 1), "branch5x5_1": (i, 48, 1, 1), "branch5x5_2": (48, 64, 5, 1),
                  "branch3x3dbl_1": (i, 64, 1, 1), "branch3x3dbl_2": (64, 96, 3, 1), "branch3x3dbl_3": (96, 96, 3, 1),
                  "branch_pool": (i, p, 1, 1)},
                 [["branch1x1"], ["branch5x5_1", "branch5x5_2"], ["branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"],
                  ["pool", "branch_pool"]], uncounted)


def mixed_b(i):
    return Mixed({"branch3x3": (i, 384, 3, 2), "branch3x3dbl_1": (i, 64, 1, 1), "branch3x3dbl_2": (64, 96, 3, 1),
                  "branch3x3dbl_3": (96, 96, 3, 2)},
                 [["branch3x3"], ["branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"], ["pool"]], halve)


def mixed_c(i, c):
    return Mixed({"branch1x1": (i, 192, 1, 1), "branch7x7_1": (i, c, 1, 1), "branch7x7_2": (c, c, (1, 7), 1),
                  "branch7x7_3": (c, 192, (7, 1), 1), "branch7x7dbl_1": (i, c, 1, 1), "branch7x7dbl_2": (c, c, (7, 1), 1),
                  "branch7x7dbl_3": (c, c, (1, 7), 1), "branch7x7dbl_4": (c, c, (7, 1), 1),
                  "branch7x7dbl_5": (c, 192, (1, 7), 1), "branch_pool": (i, 192, 1, 1)},
                 [["branch1x1"], ["branch7x7_1", "branch7x7_2", "branch7x7_3"],
                  ["branch7x7dbl_%d" % n for n in range(1, 6)], ["pool", "branch_pool"]], uncounted)


def mixed_d(i):
    return Mixed({"branch3x3_1": (i, 192, 1, 1), "branch3x3_2": (192, 320, 3, 2), "branch7x7x3_1": (i, 192, 1, 1),
                  "branch7x7x3_2": (192, 192, (1, 7), 1), "branch7x7x3_3": (192, 192, (7, 1), 1),
                  "branch7x7x3_4": (192, 192, 3, 2)},
                 [["branch3x3_1", "branch3x3_2"], ["branch7x7x3_%d" % n for n in range(1, 5)], ["pool"]], halve)


def mixed_e(i, pool):
    return Mixed({"branch1x1": (i, 320, 1, 1), "branch3x3_1": (i, 384, 1, 1), "branch3x3_2a": (384, 384, (1, 3), 1),
                  "branch3x3_2b": (384, 384, (3, 1), 1), "branch3x3dbl_1": (i, 448, 1, 1), "branch3x3dbl_2": (448, 384, 3, 1),
                  "branch3x3dbl_3a": (384, 384, (1, 3), 1), "branch3x3dbl_3b": (384, 384, (3, 1), 1),
                  "branch_pool": (i, 192, 1, 1)},
                 [["branch1x1"], ["branch3x3_1", ("branch3x3_2a", "branch3x3_2b")],
                  ["branch3x3dbl_1", "branch3x3dbl_2", ("branch3x3dbl_3a", "branch3x3dbl_3b")], ["pool", "branch_pool"]], pool)


class Pool(nn.Module):
    def forward(self, x):
        return halve(x)


net = nn.Sequential()
for name, block in {
    "Conv2d_1a_3x3": Conv(3, 32, 3, stride=2), "Conv2d_2a_3x3": Conv(32, 32, 3), "Conv2d_2b_3x3": Conv(32, 64, 3, padding=1),
    "pool1": Pool(), "Conv2d_3b_1x1": Conv(64, 80, 1), "Conv2d_4a_3x3": Conv(80, 192, 3), "pool2": Pool(),
    "Mixed_5b": mixed_a(192, 32), "Mixed_5c": mixed_a(256, 64), "Mixed_5d": mixed_a(288, 64), "Mixed_6a": mixed_b(288),
    "Mixed_6b": mixed_c(768, 128), "Mixed_6c": mixed_c(768, 160), "Mixed_6d": mixed_c(768, 160), "Mixed_6e": mixed_c(768, 192),
    "Mixed_7a": mixed_d(768), "Mixed_7b": mixed_e(1280, uncounted),
    "Mixed_7c": mixed_e(2048, lambda x: F.max_pool2d(x, 3, 1, 1)), "fc": nn.Linear(2048, 1008),
}.items():
    net.add_module(name, block)
fill(net)


def tf_resize(x, size):
    """resize_bilinear of TensorFlow 1, align_corners=False, on (B, C, H, W)."""
    def axis(n):
        at = torch.arange(size, dtype=torch.float32) * torch.tensor(n / size, dtype=torch.float32)
        low = at.long()
        return low, (low + 1).clamp(max=n - 1), at - low
    l, h, w = axis(x.shape[3])
    x = x[..., l] + (x[..., h] - x[..., l]) * w
    l, h, w = axis(x.shape[2])
    return x[:, :, l] + (x[:, :, h] - x[:, :, l]) * w[:, None]


pixels = torch.floor((hashed("inception.pixels", (2, 40, 52, 3)) * 0.5 + 0.5) * 255.99)
golden["inception.images"] = pixels / 127.5 - 1
x = (tf_resize(pixels.permute(0, 3, 1, 2), 299) - 128) / 128
golden["inception.input"] = last(x)[:, ::23, ::29].contiguous()
for name, block in net.named_children():
    if name == "fc":
        features = x.mean((2, 3))
        golden["inception.features"] = features[:, ::16].contiguous()
        golden["inception.logits"] = (features @ block.weight.T)[:, ::16].contiguous()
        break
    x = block(x)
    golden["inception." + name] = last(x)[:, :: max(1, x.shape[2] // 3), :: max(1, x.shape[3] // 3), :: x.shape[1] // 16].contiguous()
    golden["inception.scale." + name] = x.abs().mean().reshape(1)

# --- resizing by Pillow, mode F ----------------------------------------------------------------------------------------
image = golden["lpips.a"][0].numpy()
FILTERS = {"BOX": Image.BOX, "BILINEAR": Image.BILINEAR, "BICUBIC": Image.BICUBIC, "LANCZOS": Image.LANCZOS}
resized = {"image": torch.from_numpy(image.copy())[None]}
for name, f in FILTERS.items():
    for h, w in ((20, 17), (64, 61), (45, 13), (7, 90)):
        planes = [np.asarray(Image.fromarray(image[..., c], mode="F").resize((w, h), f)) for c in range(3)]
        resized["%s.%dx%d" % (name, h, w)] = torch.from_numpy(np.stack(planes, -1))[None]


def save(path, tensors):
    header, blobs, at = {"__metadata__": {"made_by": "PyTorch " + torch.__version__}}, [], 0
    for key, t in tensors.items():
        blob = t.contiguous().float().numpy().tobytes()
        header[key] = {"dtype": "F32", "shape": list(t.shape), "data_offsets": [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))
    print(path, len(tensors), "tensors,", 8 + len(text) + at, "bytes")


save(os.path.join(OUT, "networks.safetensors"), golden)
save(os.path.join(HERE, "..", "..", "..", "..", "core-tensor", "src", "test", "resources", "golden", "resize.safetensors"), resized)
for k, v in golden.items():
    if v.numel() <= 4:
        print(k, v.flatten().tolist())
