"""Convolutions, pooling, resizing, shuffling, padding and normalization by PyTorch: python3 images.py"""
import torch
import torch.nn.functional as F

from golden import Cases, first, last

torch.manual_seed(20240602)
torch.set_default_dtype(torch.float64)
randn = torch.randn


def image(f):
    """Makes a function of channels-last tensors from one of channels-first tensors; further arguments as they are."""
    return lambda x, *rest: last(f(first(x), *rest))


def convolutions():
    c = Cases()
    conv = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
    back = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}
    sizes = {1: [9], 2: [6, 7], 3: [4, 5, 3]}
    for n in (1, 2, 3):
        for what, (o, g, k, s, p, d) in {
            "Plain": (3, 1, 3, 1, 0, 1), "Same": (4, 1, 3, 1, 1, 1), "Strided": (3, 1, 3, 2, 1, 1),
            "Dilated": (2, 1, 2, 1, 1, 2), "Groups": (6, 2, 3, 1, 1, 1), "DepthwiseStrided": (4, 4, 3, 2, 1, 1),
            "Pointwise": (5, 1, 1, 1, 0, 1),
        }.items():
            x, w, b = randn(2, *sizes[n], 4), randn(o, 4 // g, *[k] * n), randn(o)
            c.add("conv%dd%s" % (n, what),
                  image(lambda x, w, b: conv[n](x, w, b, stride=s, padding=p, dilation=d, groups=g)), x, w, b)
        for what, (o, g, k, s, p, op, d) in {
            "Plain": (3, 1, 3, 1, 0, 0, 1), "Doubling": (3, 1, 4, 2, 1, 0, 1), "OutputPadding": (2, 1, 3, 2, 1, 1, 1),
            "Groups": (4, 2, 3, 2, 0, 1, 1), "Dilated": (2, 1, 2, 1, 1, 0, 2),
        }.items():
            small = [(m + 1) // 2 for m in sizes[n]]
            x, w, b = randn(2, *small, 4), randn(4, o // g, *[k] * n), randn(o)
            c.add("convTranspose%dd%s" % (n, what), image(
                lambda x, w, b: back[n](x, w, b, stride=s, padding=p, output_padding=op, groups=g, dilation=d)), x, w, b)
    # different geometry on each axis
    c.add("conv2dUneven", image(lambda x, w: F.conv2d(x, w, None, stride=(2, 1), padding=(1, 2), dilation=(1, 2))),
          randn(2, 5, 6, 3), randn(2, 3, 3, 2))
    c.save("convolutions")


def resampling():
    c = Cases()
    x = randn(2, 5, 6, 3)
    c.add("averagePool", image(lambda x: F.avg_pool2d(x, 2)), randn(2, 4, 6, 3))
    c.add("averagePoolPadded", image(lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False)), x)
    c.add("maxPool", image(lambda x: F.max_pool2d(x, 2)), x)
    c.add("maxPoolPadded", image(lambda x: F.max_pool2d(x, 3, 2, 1)), x)
    c.add("adaptiveAverage", image(lambda x: F.adaptive_avg_pool2d(x, (3, 4))), x)
    c.add("adaptiveAverageGlobal", image(lambda x: F.adaptive_avg_pool2d(x, (1, 1))), x)
    c.add("adaptiveAverageLarger", image(lambda x: F.adaptive_avg_pool2d(x, (7, 3))), x)
    c.add("adaptiveMax", image(lambda x: F.adaptive_max_pool2d(x, (3, 4))), x)
    for name, size in {"Double": (10, 12), "Up": (7, 11), "Down": (2, 4), "Half": (2, 3), "Mixed": (8, 3), "One": (1, 1)}.items():
        # by pixel centers, as bilinear is; PyTorch's "nearest" equals it for whole factors upwards only
        c.add("nearest" + name, image(lambda x: F.interpolate(x, size, mode="nearest-exact")), x)
        c.add("bilinear" + name, image(lambda x: F.interpolate(x, size, mode="bilinear", align_corners=False)), x)
    c.add("pixelShuffle", image(lambda x: F.pixel_shuffle(x, 2)), randn(2, 2, 3, 12))
    c.add("pixelShuffle3", image(lambda x: F.pixel_shuffle(x, 3)), randn(1, 2, 2, 18))
    c.add("pixelUnshuffle", image(lambda x: F.pixel_unshuffle(x, 2)), randn(2, 4, 6, 3))
    c.add("padReflect", image(lambda x: F.pad(x, (2, 2, 1, 1), mode="reflect")), x)
    c.add("padReflectMost", image(lambda x: F.pad(x, (0, 0, 4, 4), mode="reflect")), x)
    c.add("padZero", image(lambda x: F.pad(x, (2, 1, 0, 3))), x)
    c.save("resampling")


def norms():
    c = Cases()
    x, w, b = randn(2, 3, 4, 6), randn(6), randn(6)
    c.add("group", image(lambda x, w, b: F.group_norm(x, 3, w, b, 1e-5)), x, w, b)
    c.add("groupSilu", image(lambda x, w, b: F.silu(F.group_norm(x, 2, w, b, 1e-6))), x, w, b)
    c.add("groupPlain", image(lambda x: F.group_norm(x, 3, None, None, 1e-5)), x)
    c.add("groupAdaptive", image(lambda x, s, t: F.silu(
        F.group_norm(x, 3, None, None, 1e-5) * s[:, :, None, None] + t[:, :, None, None])), x, randn(2, 6), randn(2, 6))
    c.add("instance", image(lambda x, w, b: F.instance_norm(x, None, None, w, b, eps=1e-5)), x, w, b)
    c.add("layer", lambda x, w, b: F.layer_norm(x, (6,), w, b, 1e-5), x, w, b)
    c.add("layerSilu", lambda x, w, b: F.silu(F.layer_norm(x, (6,), w, b, 1e-5)), x, w, b)
    c.add("rms", lambda x, w: F.rms_norm(x, (6,), w, 1e-6), x, w)
    c.add("batch", image(lambda x, w, b: F.batch_norm(x, None, None, w, b, True, 0.1, 1e-5)), x, w, b)
    c.save("norms")


convolutions()
resampling()
norms()
