"""Golden values of all layers: forward pass and every gradient, from PyTorch in float64 on inputs that are float32.

Images are stored channels-last. For case N: N.x, N.y, N.dy, N.dx, and for each parameter N.p.PATH and N.d.PATH, under
the names that our layers use. Buffers: N.b.PATH before, N.a.PATH after the forward pass.
"""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

import golden

torch.manual_seed(1)
out = {}


def rounded(*shape, scale=1.0):
    return (scale * torch.randn(*shape)).float().double()


def last(x):
    """(B, C, spatial...) -> (B, spatial..., C)."""
    return x.permute(0, *range(2, x.dim()), 1) if x.dim() > 2 else x


def put(name, t):
    out[name] = t.float() if t.is_floating_point() else t.clone()


def case(name, module, x, run=None, rename=lambda n: n, images=True, buffers=(), extra=()):
    """Runs module on x (channels first if images) with random parameters, and stores everything."""
    module = module.double()
    with torch.no_grad():
        for p in module.parameters():
            if p.dim() == 1:  # affine parameters of norms are not trivial then
                p.add_(0.3 * torch.randn_like(p))
            p.copy_(p.float())
    turn = last if images else (lambda t: t)
    for path, b in module.named_buffers():
        if path in buffers:
            put(f"{name}.b.{rename(path)}", b)
    inputs = [x, *extra]
    for t in inputs:
        if t.is_floating_point():
            t.requires_grad_(True)
    y = (run or module)(*inputs)
    dy = rounded(*y.shape)
    floats = [t for t in inputs if t.is_floating_point()]
    named = [(n, p) for n, p in module.named_parameters()]
    grads = torch.autograd.grad(y, floats + [p for _, p in named], dy)
    for label, t in zip(["x", "x2", "x3"], inputs):
        put(f"{name}.{label}", turn(t))
    for label, g in zip(["dx", "dx2", "dx3"], grads[: len(floats)]):
        put(f"{name}.{label}", turn(g))
    put(f"{name}.y", turn(y))
    put(f"{name}.dy", turn(dy))
    for (path, p), g in zip(named, grads[len(floats):]):
        put(f"{name}.p.{rename(path)}", p)
        put(f"{name}.d.{rename(path)}", g)
    for path, b in module.named_buffers():
        if path in buffers:
            put(f"{name}.a.{rename(path)}", b)


case("linear", nn.Linear(5, 7), rounded(2, 3, 5), images=False)
case("linear_no_bias", nn.Linear(5, 7, bias=False), rounded(4, 5), images=False)
case("conv1d", nn.Conv1d(4, 6, 5, stride=2, padding=2), rounded(2, 4, 9))
case("conv2d", nn.Conv2d(4, 6, 3, padding=1), rounded(2, 4, 5, 7))
case("conv2d_stride", nn.Conv2d(3, 8, 3, stride=2, padding=1), rounded(2, 3, 8, 7))
case("conv2d_dilated", nn.Conv2d(4, 6, 3, padding=2, dilation=2, groups=2, bias=False), rounded(2, 4, 7, 6))
case("conv2d_depthwise", nn.Conv2d(6, 6, 3, padding=1, groups=6), rounded(2, 6, 5, 5))
case("conv2d_pointwise", nn.Conv2d(5, 4, 1), rounded(2, 5, 3, 3))
case("conv2d_kernel", nn.Conv2d(4, 4, (1, 5), padding=(0, 2)), rounded(2, 4, 4, 6))
conv = nn.Conv2d(4, 6, 3, padding=1)
case("conv2d_residual", conv, rounded(2, 4, 5, 7), run=lambda x, r: conv(x) + r, extra=[rounded(2, 6, 5, 7)])
plain = nn.Conv2d(4, 6, 3, padding=1, bias=False)
case("conv2d_residual_no_bias", plain, rounded(2, 4, 5, 7), run=lambda x, r: plain(x) + r, extra=[rounded(2, 6, 5, 7)])
case("conv3d", nn.Conv3d(2, 4, 3, padding=1), rounded(2, 2, 3, 4, 5))
case("conv_transpose2d", nn.ConvTranspose2d(4, 6, 4, stride=2, padding=1), rounded(2, 4, 3, 5))
case(
    "conv_transpose2d_output_padding",
    nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2),
    rounded(2, 4, 3, 5),
)
case(
    "conv_transpose2d_dilated",
    nn.ConvTranspose2d(4, 3, 3, stride=1, padding=1, dilation=2, bias=False),
    rounded(2, 4, 5, 4),
)

case("group_norm", nn.GroupNorm(3, 6), rounded(2, 6, 4, 5, scale=2) + 1)
gn = nn.GroupNorm(2, 8, eps=1e-6)
case("group_norm_silu", gn, rounded(3, 8, 3, 3, scale=2), run=lambda x: F.silu(gn(x)))
case("group_norm_rows", nn.GroupNorm(2, 8), rounded(5, 8))
case("group_norm_volume", nn.GroupNorm(2, 4, affine=False), rounded(2, 4, 2, 3, 3))
case("layer_norm", nn.LayerNorm(6), rounded(2, 3, 6, scale=3) - 1, images=False)
case("rms_norm", nn.RMSNorm(6, eps=1e-6), rounded(2, 3, 6, scale=3), images=False)
case("instance_norm", nn.InstanceNorm2d(4), rounded(2, 4, 5, 3))
case("instance_norm_affine", nn.InstanceNorm2d(4, affine=True), rounded(2, 4, 5, 3))

stats = ("running_mean", "running_var", "num_batches_tracked")
bn = nn.BatchNorm2d(4, momentum=0.3).double()
bn(rounded(3, 4, 4, 4, scale=2) + 1)  # so that the averages are not those of the start
case("batch_norm", bn, rounded(3, 4, 4, 5, scale=2) - 1, buffers=stats)
bn.eval()
case("batch_norm_evaluating", bn, rounded(3, 4, 4, 5), buffers=stats)

# adaptive group norm: act(norm(x) * (1 + scale) + shift), scale and shift one row per image
ada = nn.GroupNorm(2, 6)
xs = rounded(3, 6, 4, 3)
case(
    "group_norm_adaptive",
    ada,
    xs,
    run=lambda x, s, b: F.silu(ada(x) * (1 + s[:, :, None, None]) + b[:, :, None, None]),
    extra=[rounded(3, 6), rounded(3, 6)],
)


def spectral(name, layer, x, images=True, training=True):
    wrapped = torch.nn.utils.spectral_norm(layer.double(), dim=1 if isinstance(layer, nn.ConvTranspose2d) else 0)
    wrapped.train(training)
    names = {"weight_orig": "layer.weight", "bias": "layer.bias", "weight_u": "u", "weight_v": "v"}
    case(name, wrapped, x, rename=names.get, images=images, buffers=("weight_u", "weight_v"))


spectral("spectral_linear", nn.Linear(5, 7), rounded(4, 5), images=False)
spectral("spectral_conv2d", nn.Conv2d(3, 5, 3, padding=1), rounded(2, 3, 4, 4))
spectral("spectral_conv_transpose2d", nn.ConvTranspose2d(3, 5, 4, stride=2, padding=1), rounded(2, 3, 4, 4))
spectral("spectral_evaluating", nn.Conv2d(3, 5, 3, padding=1), rounded(2, 3, 4, 4), training=False)

case("embedding", nn.Embedding(7, 5), torch.tensor([[1, 6, 1], [0, 2, 1]]), images=False)


class Attention(nn.Module):
    """Multi-head attention with the names of the diffusers library, to_out without its index."""

    def __init__(self, width, context, heads, bias, mask=None, causal=False):
        super().__init__()
        self.heads, self.mask, self.causal = heads, mask, causal
        self.to_q = nn.Linear(width, width, bias=bias)
        self.to_k = nn.Linear(context, width, bias=bias)
        self.to_v = nn.Linear(context, width, bias=bias)
        self.to_out = nn.Linear(width, width)

    def forward(self, x, context=None):
        context = x if context is None else context
        split = lambda t: t.unflatten(2, (self.heads, -1)).transpose(1, 2)
        q, k, v = split(self.to_q(x)), split(self.to_k(context)), split(self.to_v(context))
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=self.mask, is_causal=self.causal)
        return self.to_out(y.transpose(1, 2).flatten(2))


case("attention", Attention(8, 8, 2, True), rounded(2, 5, 8), images=False)
case("attention_causal", Attention(8, 8, 4, True, causal=True), rounded(2, 6, 8), images=False)
cross = Attention(8, 6, 2, False)
case("attention_cross", cross, rounded(2, 5, 8), run=lambda x, c: cross(x, c), images=False, extra=[rounded(2, 3, 6)])
mask = torch.rand(2, 1, 5, 4) < 0.6
mask[..., 0] = True
put("attention_masked.mask", mask)
masked = Attention(8, 6, 2, False, mask=mask)
case("attention_masked", masked, rounded(2, 5, 8), run=lambda x, c: masked(x, c), images=False, extra=[rounded(2, 4, 6)])

# PyTorch's own layer has the same arithmetic: in_proj_weight is to_q, to_k, to_v one below the other
theirs = nn.MultiheadAttention(8, 2, batch_first=True).double()
with torch.no_grad():
    for p in theirs.parameters():
        p.copy_((p + 0.1 * torch.randn_like(p)).float())
tokens = rounded(2, 5, 8)
put("attention_torch.x", tokens)
put("attention_torch.y", theirs(tokens, tokens, tokens)[0])
for part, w, b in zip("qkv", theirs.in_proj_weight.chunk(3), theirs.in_proj_bias.chunk(3)):
    put(f"attention_torch.p.to_{part}.weight", w)
    put(f"attention_torch.p.to_{part}.bias", b)
put("attention_torch.p.to_out.weight", theirs.out_proj.weight)
put("attention_torch.p.to_out.bias", theirs.out_proj.bias)


class Up(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class Down(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, stride=2, padding=1)

    def forward(self, x):
        return self.conv(x)


case("upsample", Up(), rounded(2, 4, 3, 4))
case("upsample_nearest", nn.Upsample(scale_factor=2, mode="nearest"), rounded(2, 4, 3, 4))
case("downsample", Down(), rounded(2, 4, 6, 5))
case("downsample_average", nn.AvgPool2d(2), rounded(2, 4, 6, 5))


def timestep_embedding(t, width, shift, cosine_first, period=10000.0):
    """As diffusers' get_timestep_embedding."""
    half = width // 2
    exponent = -math.log(period) * torch.arange(half, dtype=torch.float64) / (half - shift)
    angles = t[:, None].double() * torch.exp(exponent)[None]
    parts = [torch.cos(angles), torch.sin(angles)] if cosine_first else [torch.sin(angles), torch.cos(angles)]
    return torch.cat(parts, dim=1)


class Timestep(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear_1 = nn.Linear(8, 12)
        self.linear_2 = nn.Linear(12, 12)

    def forward(self, t):
        return self.linear_2(F.silu(self.linear_1(timestep_embedding(t, 8, 1, False))))


ts = torch.tensor([0, 1, 17, 250, 999])
put("sinusoidal.t", ts)
put("sinusoidal.ddpm", timestep_embedding(ts, 16, 1, False))
put("sinusoidal.guided", timestep_embedding(ts, 16, 0, True))
case("timestep_embedding", Timestep(), ts, images=False)


def grid(width, rows, columns):
    """As get_2d_sincos_pos_embed of MAE and DiT: the first half tells the column."""
    y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    return torch.cat([timestep_embedding(p.flatten(), width // 2, 0, False) for p in (x, y)], dim=1)


put("sinusoidal.grid", grid(16, 3, 5))


class Positions(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(6, 4))

    def forward(self, x):
        return x + self.weight[: x.shape[1]]


case("position_embedding", Positions(), rounded(2, 5, 4), images=False)
case(
    "sequential",
    nn.Sequential(nn.Linear(4, 6), nn.SiLU(), nn.LayerNorm(6), nn.Linear(6, 3), nn.LeakyReLU(0.2)),
    rounded(5, 4),
    images=False,
)
for label, module in {
    "relu": nn.ReLU(),
    "silu": nn.SiLU(),
    "gelu": nn.GELU(),
    "gelu_tanh": nn.GELU(approximate="tanh"),
    "sigmoid": nn.Sigmoid(),
    "tanh": nn.Tanh(),
}.items():
    case("activation_" + label, module, rounded(3, 7, scale=2), images=False)


class SiluNorm(nn.GroupNorm):
    def forward(self, x):
        return F.silu(super().forward(x))


class Linear(nn.Linear):
    """On the channels of (B, C, H, W)."""

    def forward(self, x):
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


# second derivatives: the gradient penalty sum(|d sum(net(x)) / dx|^2) and its gradients
net = nn.Sequential(
    nn.Conv2d(3, 6, 3, padding=1),
    SiluNorm(2, 6),
    nn.BatchNorm2d(6),
    nn.ConvTranspose2d(6, 4, 4, stride=2, padding=1),
    nn.GELU(),
    nn.AvgPool2d(2),
    Linear(4, 2),
    nn.Tanh(),
).double()
with torch.no_grad():
    for p in net.parameters():
        p.copy_((p + 0.2 * torch.randn_like(p)).float())
xs = rounded(2, 3, 4, 4).requires_grad_(True)
(slope,) = torch.autograd.grad(net(xs).sum(), xs, create_graph=True)
penalty = slope.square().sum()
# the biases of the last linear layers act on the penalty through tanh, that of the norm through GELU: all are reached
named = list(net.named_parameters())
grads = torch.autograd.grad(penalty, [xs] + [p for _, p in named])
put("penalty.x", last(xs))
put("penalty.value", penalty)
put("penalty.dx", last(grads[0]))
for (path, p), g in zip(named, grads[1:]):
    put(f"penalty.p.{path}", p)
    put(f"penalty.d.{path}", g)

golden.save("layers", out)
