"""The networks of the benchmarks in PyTorch's functions, with the library's parameters under the library's paths: the
classes of org.atelier4j.benchmarks.torch once more, as a PyTorch user would write them.

Inputs and weights are those of the Java side, number by number (classes Numbers and Weights). Shapes of all parameters, and
what the library computes at batch 2, stand in networks.json, which PytorchScriptTest keeps true.
"""

import json
import math
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

with open(pathlib.Path(__file__).with_name("networks.json"), encoding="utf-8") as file:
    LIBRARY = json.load(file)

TOLERANCE = 1e-4  # relative

# Norms of gradients that may differ by more: in float32 an activation of PyTorch's PixelCNN falls on the other side of a kink
# of ReLU; in float64 the norm is the library's.
OF_GRADIENTS = {"pixelcnn": 1e-3}


# --- the numbers of the Java side ------------------------------------------------------------------------------------


def random_ints(seed, n):
    """The first n values of nextInt() of java.util.SplittableRandom, as unsigned numbers."""
    seed64 = np.uint64(seed & 0xFFFFFFFFFFFFFFFF)
    with np.errstate(over="ignore"):
        z = seed64 + np.uint64(0x9E3779B97F4A7C15) * np.arange(1, n + 1, dtype=np.uint64)
        z = (z ^ (z >> np.uint64(33))) * np.uint64(0x62A9D9ED799705F5)
        return ((z ^ (z >> np.uint64(28))) * np.uint64(0xCB24D0A5C88C35B3)) >> np.uint64(32)


def numbers(seed, n):
    """Numbers.of: the upper 24 bits of each int, mean 0 and variance 1."""
    unit = (random_ints(seed, n) >> np.uint64(8)).astype(np.float32) * np.float32(2**-24) - np.float32(0.5)
    return np.float32(2 * math.sqrt(3)) * unit


def integers(seed, n, k):
    """Numbers.integers in [0, k): the lower bits where k is a power of 2, else a remainder."""
    values = random_ints(seed, n)
    if k & (k - 1) == 0:
        return torch.from_numpy((values & np.uint64(k - 1)).astype(np.int64))
    return torch.from_numpy(((values >> np.uint64(1)) % np.uint64(k)).astype(np.int64))


def java_hash(text):
    h = 0
    for c in text:
        h = (31 * h + ord(c)) & 0xFFFFFFFF
    return h - (1 << 32) if h >= 1 << 31 else h


def weight(path, shape):
    """Weights.value: about 1 for scales of norms and counts, else of variance 1 over the fan-in."""
    size = math.prod(shape)
    vector = len(shape) == 1
    scale = np.float32(0.1 if vector else math.sqrt(shape[0] / size))
    shift = np.float32(1 if vector and path.endswith(("weight", "running_var", "cluster_size")) else 0)
    return torch.from_numpy(shift + scale * numbers(java_hash(path), size)).view(shape)


def plain(seed, *shape):
    return torch.from_numpy(numbers(seed, math.prod(shape))).view(shape)


def images(seed, b, h, w, c, layout=torch.channels_last):
    x = torch.from_numpy(numbers(seed, b * h * w * c)).view(b, h, w, c).permute(0, 3, 1, 2)
    return x.contiguous(memory_format=layout)


# --- networks ---------------------------------------------------------------------------------------------------------


class Network(torch.nn.Module):
    """A network on one batch. Parameters and buffers have the library's paths, with dots written as '/'."""

    def __init__(self, name, layout=torch.channels_last):
        super().__init__()
        self.layout = layout
        for path, shape in LIBRARY[name]["parameters"].items():
            self.register_parameter(path.replace(".", "/"), torch.nn.Parameter(self.value(path, shape)))
        for path, shape in LIBRARY[name]["buffers"].items():
            self.register_buffer(path.replace(".", "/"), self.value(path, shape))

    def value(self, path, shape):
        value = weight(path, tuple(shape))
        return value.contiguous(memory_format=self.layout) if len(shape) == 4 else value

    def p(self, path):
        key = path.replace(".", "/")
        return self._parameters[key] if key in self._parameters else self._buffers[key]

    def has(self, path):
        return path.replace(".", "/") in self._parameters

    def bias(self, path):
        return self._parameters.get((path + ".bias").replace(".", "/"))

    def conv(self, path, x, stride=1, padding=None):
        w = self.p(path + ".weight")
        return F.conv2d(x, w, self.bias(path), stride, w.shape[2] // 2 if padding is None else padding)

    def conv_transpose(self, path, x, stride, padding):
        return F.conv_transpose2d(x, self.p(path + ".weight"), self.bias(path), stride, padding)

    def linear(self, path, x):
        return F.linear(x, self.p(path + ".weight"), self.bias(path))

    def group_norm(self, path, x, groups, eps=1e-5):
        return F.group_norm(x, groups, self.p(path + ".weight"), self.p(path + ".bias"), eps)

    def objectives(self, predict):
        """What a step minimizes, one after the other: (parameters, loss); predict is forward, compiled or not."""
        return [(list(self.parameters()), lambda: self.loss(predict()))]

    def learn(self):
        """Changes what no gradient changes, at the end of a step."""


U_NETS = {
    "unet": dict(size=32, base=64, multipliers=[1, 2, 2], blocks=2, groups=32, attention=[16, 8]),
    "small-unet": dict(size=28, base=16, multipliers=[1, 2, 2], blocks=2, groups=8, attention=[14, 7]),
}


class UNet(Network):
    """The U-Net of org.atelier4j.diffusion.unet."""

    def __init__(self, name, count, layout=torch.channels_last):
        super().__init__(name, layout)
        for key, value in U_NETS[name].items():
            setattr(self, key, value)
        half = self.base // 2
        rates = [10000.0 ** (-i / half) for i in range(half)]
        self.register_buffer("frequencies", torch.tensor([rates], dtype=torch.float32))
        self.x = images(1, count, self.size, self.size, 1, layout)
        self.noise = images(2, count, self.size, self.size, 1, layout)
        self.t = 500 + 250 * torch.from_numpy(numbers(3, count))

    def attends(self, level):
        return self.size >> level in self.attention

    def norm(self, path, x):
        return self.group_norm(path, x, self.groups)

    def residual(self, path, x, embedding):
        h = self.conv(path + ".conv1", F.silu(self.norm(path + ".norm1", x)))
        scale, shift = self.linear(path + ".time_emb_proj", embedding)[:, :, None, None].chunk(2, 1)
        h = torch.addcmul(shift, self.norm(path + ".norm2", h), scale + 1)
        h = self.conv(path + ".conv2", F.silu(h))
        return h + (self.conv(path + ".conv_shortcut", x) if self.has(path + ".conv_shortcut.weight") else x)

    def attend(self, path, x):
        b, c, h, w = x.shape
        tokens = self.norm(path + ".group_norm", x).flatten(2).transpose(1, 2)
        q, k, v = (self.linear(f"{path}.attention.{n}", tokens).unsqueeze(1) for n in ("to_q", "to_k", "to_v"))
        y = F.scaled_dot_product_attention(q, k, v).squeeze(1)
        return x + self.linear(path + ".attention.to_out", y).transpose(1, 2).reshape(b, c, h, w)

    def loss(self, predicted):
        return F.mse_loss(predicted, self.noise)

    def forward(self):
        angles = self.t[:, None] * self.frequencies
        waves = torch.cat([angles.cos(), angles.sin()], 1)
        embedding = self.linear("time_embedding.linear_2", F.silu(self.linear("time_embedding.linear_1", waves)))
        embedding = F.silu(embedding)
        h = self.conv("conv_in", self.x)
        skips = [h]
        levels = len(self.multipliers)
        for level in range(levels):
            for i in range(self.blocks):
                h = self.residual(f"down_blocks.{level}.resnets.{i}", h, embedding)
                h = self.attend(f"down_blocks.{level}.attentions.{i}", h) if self.attends(level) else h
                skips.append(h)
            if level < levels - 1:
                h = self.conv(f"down_blocks.{level}.downsamplers.0.conv", h, 2)
                skips.append(h)
        h = self.residual("mid_block.resnets.0", h, embedding)
        h = self.attend("mid_block.attentions.0", h)
        h = self.residual("mid_block.resnets.1", h, embedding)
        for index in range(levels):
            level = levels - 1 - index
            for i in range(self.blocks + 1):
                h = self.residual(f"up_blocks.{index}.resnets.{i}", torch.cat([h, skips.pop()], 1), embedding)
                h = self.attend(f"up_blocks.{index}.attentions.{i}", h) if self.attends(level) else h
            if level > 0:
                h = self.conv(f"up_blocks.{index}.upsamplers.0.conv", F.interpolate(h, scale_factor=2, mode="nearest"))
        return self.conv("conv_out", F.silu(self.norm("conv_norm_out", h)))


class Transformer(Network):
    """A decoder as nanoGPT has it: queries, keys and values of all heads are one linear layer."""

    SIZES = {"prior": dict(heads=4, length=49, classes=11), "gpt": dict(heads=8, length=64, classes=1)}

    def __init__(self, name, count):
        super().__init__(name)
        for key, value in self.SIZES[name].items():
            setattr(self, key, value)
        self.depth = 1 + max(int(path.split("/")[2]) for path in self._parameters if "/blocks/" in path)
        for i in range(self.depth):
            prefix = f"trunk/blocks/{i}/attention/"
            for kind in ("/weight", "/bias"):
                parts = [self._parameters.pop(prefix + part + kind) for part in ("to_q", "to_k", "to_v")]
                self.register_parameter(prefix + "qkv" + kind, torch.nn.Parameter(torch.cat([q.data for q in parts])))
        self.codes = integers(1, count * self.length, self.p("codes.weight").shape[0]).view(count, self.length)
        self.labels = integers(2, count, self.classes)

    def norm(self, path, x):
        return F.layer_norm(x, x.shape[-1:], self.p(path + ".weight"), self.p(path + ".bias"))

    def block(self, i, x, attention):
        path = f"trunk.blocks.{i}"
        b, n, width = x.shape
        qkv = self.linear(path + ".attention.qkv", self.norm(path + ".norm1", x)).split(width, 2)
        q, k, v = (part.view(b, n, self.heads, width // self.heads).transpose(1, 2) for part in qkv)
        x = x + self.linear(path + ".attention.to_out", attention(q, k, v).transpose(1, 2).reshape(b, n, width))
        return x + self.linear(path + ".feedForward.down", F.gelu(self.linear(path + ".feedForward.up", self.norm(path + ".norm2", x))))

    def logits(self, h):
        return F.linear(self.norm("trunk.norm", h), self.p("codes.weight"))

    def forward(self):
        start = F.embedding(self.labels[:, None], self.p("classes.weight"))
        h = torch.cat([start, F.embedding(self.codes[:, :-1], self.p("codes.weight"))], 1)
        h = h + self.p("trunk.positions.weight")[: self.length]
        for i in range(self.depth):
            h = self.block(i, h, lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True))
        return self.logits(h)  # (B, n, K)

    def loss(self, logits):
        return F.cross_entropy(logits.flatten(0, 1), self.codes.view(-1))

    def sample(self):
        """Draws grids code after code, keys and values kept in memory that is there from the start."""
        count, width = self.labels.shape[0], self.p("codes.weight").shape[1]
        read = torch.empty(2 * self.depth, count, self.heads, self.length, width // self.heads)
        x = F.embedding(self.labels[:, None], self.p("classes.weight"))
        drawn = []
        for place in range(self.length):
            h = x + self.p("trunk.positions.weight")[place]
            for i in range(self.depth):
                keys, values = read[2 * i], read[2 * i + 1]

                def attention(q, k, v):
                    keys[:, :, place : place + 1] = k
                    values[:, :, place : place + 1] = v
                    return F.scaled_dot_product_attention(q, keys[:, :, : place + 1], values[:, :, : place + 1])

                h = self.block(i, h, attention)
            drawn.append(torch.multinomial(torch.softmax(self.logits(h)[:, 0], -1), 1))
            x = F.embedding(drawn[-1], self.p("codes.weight"))
        return torch.cat(drawn, 1)


class Nerf(Network):
    """The radiance field of Mildenhall et al. 2020."""

    DEPTH, SKIP = 8, 5

    def __init__(self, name, count):
        super().__init__(name)
        self.positions, self.directions = plain(1, count, 3), plain(2, count, 3)
        self.targets = plain(3, count, 4)
        for key, frequencies in (("positionRates", 10), ("directionRates", 4)):
            rates = [2.0**k * math.pi for k in range(frequencies)]
            self.register_buffer(key, torch.tensor(rates, dtype=torch.float32))

    @staticmethod
    def encoded(x, rates):
        angles = (x[:, :, None] * rates).flatten(1)
        return torch.cat([angles.sin(), angles.cos()], 1)

    def forward(self):
        gx = self.encoded(self.positions, self.positionRates)
        h = gx
        for i in range(self.DEPTH):
            h = F.relu(self.linear(f"trunk.{i}", torch.cat([h, gx], 1) if i == self.SKIP else h))
        view = torch.cat([self.linear("feature", h), self.encoded(self.directions, self.directionRates)], 1)
        color = torch.sigmoid(self.linear("color", F.relu(self.linear("branch", view))))
        return torch.cat([color, F.relu(self.linear("density", h))], 1)

    def loss(self, y):
        return F.mse_loss(y, self.targets)


class Autoencoder(Network):
    def __init__(self, name, count):
        super().__init__(name)
        self.x = images(1, count, 28, 28, 1)

    def forward(self):
        h = F.relu(self.conv("2", F.relu(self.conv("0", self.x, 2)), 2))
        return self.conv_transpose("6", F.relu(self.conv_transpose("4", h, 2, 1)), 2, 1)

    def loss(self, y):
        return F.mse_loss(y, self.x)


class Gan(Network):
    """DCGAN at 32×32: a step teaches the discriminator, then the generator."""

    def __init__(self, name, count):
        super().__init__(name)
        self.noises, self.real = images(1, count, 1, 1, 100), images(2, count, 32, 32, 3)

    def norm(self, path, x):
        mean, variance = self.p(path + ".running_mean"), self.p(path + ".running_var")
        return F.batch_norm(x, mean, variance, self.p(path + ".weight"), self.p(path + ".bias"), self.training)

    def forward(self):
        h = F.relu(self.norm("generator.1", self.conv_transpose("generator.0", self.noises, 1, 0)))
        h = F.relu(self.norm("generator.4", self.conv_transpose("generator.3", h, 2, 1)))
        h = F.relu(self.norm("generator.7", self.conv_transpose("generator.6", h, 2, 1)))
        return torch.tanh(self.conv_transpose("generator.9", h, 2, 1))

    def judge(self, x):
        h = F.leaky_relu(self.conv("discriminator.0", x, 2, 1), 0.2)
        h = F.leaky_relu(self.norm("discriminator.3", self.conv("discriminator.2", h, 2, 1)), 0.2)
        h = F.leaky_relu(self.norm("discriminator.6", self.conv("discriminator.5", h, 2, 1)), 0.2)
        return self.conv("discriminator.8", h, 1, 0)

    def objectives(self, predict):
        def part(prefix):
            return [p for path, p in self._parameters.items() if path.startswith(prefix)]

        def against(logits, label):
            return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))

        discriminator = part("discriminator/")
        drawn = []

        def discriminator_loss():
            drawn[:] = [predict()]
            return against(self.judge(self.real), 1) + against(self.judge(drawn[0].detach()), 0)

        def generator_loss():
            for p in discriminator:
                p.requires_grad_(False)
            loss = against(self.judge(drawn[0]), 1)
            for p in discriminator:
                p.requires_grad_(True)
            return loss

        return [(discriminator, discriminator_loss), (part("generator/"), generator_loss)]


class PixelCnn(Network):
    """The gated PixelCNN of org.atelier4j.autoregressive.pixel on 28×28 pixels of 5 bits."""

    LAYERS, LEVELS = 6, 32

    def __init__(self, name, count):
        super().__init__(name)
        self.values = integers(1, count * 28 * 28, self.LEVELS).view(count, 28, 28)
        self.labels = integers(2, count, 11)

    @staticmethod
    def gate(x):
        a, b = x.chunk(2, 1)
        return torch.tanh(a) * torch.sigmoid(b)

    def forward(self):
        x = self.values[:, None].float() * (2 / (self.LEVELS - 1)) - 1
        down = right = x.contiguous(memory_format=self.layout)
        for i in range(self.LAYERS + 1):
            path, first = f"network.blocks.{i}", i == 0
            half = 3 if first else 1
            above = self.conv(path + ".vertical.conv", F.pad(down, (half, half, half, -1 if first else 0)), 1, 0)
            if first:  # mask A: the pixel itself is not seen
                seen = self.p(path + ".horizontal.conv.weight")[..., :half]
                left = F.conv2d(F.pad(right, (half, -1)), seen, self.bias(path + ".horizontal.conv"))
            else:
                left = self.conv(path + ".horizontal.conv", F.pad(right, (half, 0)), 1, 0)
            classes = F.embedding(self.labels, self.p(path + ".classes.weight"))[:, :, None, None].chunk(2, 1)
            both = self.conv(path + ".verticalToHorizontal", above) + left + classes[1]
            y = self.conv(path + ".out.conv", self.gate(both))
            down, right = self.gate(above + classes[0]), y if first else y + right
        return self.conv("network.last.conv", F.relu(self.conv("network.hidden.conv", F.relu(right))))

    def loss(self, logits):
        return F.cross_entropy(logits, self.values) / math.log(2)


class VqVae(Network):
    """What './atelier train vqvae' trains, moving averages of the codebook and restarts of dead codes included."""

    LEVELS, BLOCKS, GROUPS, COMMITMENT, DECAY, DEAD_BELOW = 3, 1, 8, 0.25, 0.99, 0.1

    def __init__(self, name, count):
        super().__init__(name)
        self.x = images(1, count, 28, 28, 1)
        self.chosen = None

    def norm(self, path, x):
        return self.group_norm(path, x, self.GROUPS, 1e-6)

    def residual(self, path, x):
        h = self.conv(path + ".conv1", F.silu(self.norm(path + ".norm1", x)))
        h = self.conv(path + ".conv2", F.silu(self.norm(path + ".norm2", h)))
        return h + (self.conv(path + ".nin_shortcut", x) if self.has(path + ".nin_shortcut.weight") else x)

    def attend(self, path, x):
        b, c, height, width = x.shape
        h = self.norm(path + ".norm", x)
        q, k, v = (self.conv(f"{path}.{n}", h).flatten(2).transpose(1, 2)[:, None] for n in "qkv")
        y = F.scaled_dot_product_attention(q, k, v)
        return x + self.conv(path + ".proj_out", y.reshape(b, height, width, c).permute(0, 3, 1, 2))

    def middle(self, path, x):
        return self.residual(path + ".block_2", self.attend(path + ".attn_1", self.residual(path + ".block_1", x)))

    def latents(self):
        h = self.conv("encoder.conv_in", self.x)
        for level in range(self.LEVELS):
            for j in range(self.BLOCKS):
                h = self.residual(f"encoder.down.{level}.block.{j}", h)
            if level < self.LEVELS - 1:
                h = self.conv(f"encoder.down.{level}.downsample.conv", F.pad(h, (0, 1, 0, 1)), 2, 0)
        h = F.silu(self.norm("encoder.norm_out", self.middle("encoder.mid", h)))
        return self.conv("quant_conv", self.conv("encoder.conv_out", h))

    def decode(self, z):
        h = self.middle("decoder.mid", self.conv("decoder.conv_in", self.conv("post_quant_conv", z)))
        for level in reversed(range(self.LEVELS)):
            for j in range(self.BLOCKS + 1):
                h = self.residual(f"decoder.up.{level}.block.{j}", h)
            if level > 0:
                h = self.conv(f"decoder.up.{level}.upsample.conv", F.interpolate(h, scale_factor=2, mode="nearest"))
        return self.conv("decoder.conv_out", F.silu(self.norm("decoder.norm_out", h)))

    def forward(self):
        z = self.latents()
        b, c, h, w = z.shape
        rows = z.permute(0, 2, 3, 1).reshape(-1, c)
        table = self.p("quantize.embedding.weight")
        codes = torch.addmm(-0.5 * table.square().sum(1), rows.detach(), table.t()).argmax(1)
        vectors = F.embedding(codes, table)
        passed = rows + (vectors - rows).detach()  # straight through
        y = self.decode(passed.view(b, h, w, c).permute(0, 3, 1, 2))
        return y, F.mse_loss(rows, vectors), rows.detach(), codes

    def loss(self, made):
        y, commitment, *self.chosen = made
        return F.mse_loss(y, self.x) + self.COMMITMENT * commitment

    def learn(self):
        rows, codes = self.chosen
        table, counts, sums = (self.p("quantize.embedding." + n) for n in ("weight", "cluster_size", "embed_avg"))
        with torch.no_grad():
            counts.lerp_(codes.bincount(minlength=len(counts)).float(), 1 - self.DECAY)
            sums.lerp_(torch.zeros_like(sums).index_add_(0, codes, rows), 1 - self.DECAY)
            total = counts.sum()
            table.copy_(sums / ((counts + 1e-5) * (total / (total + len(counts) * 1e-5)))[:, None])
            dead = counts < self.DEAD_BELOW
            fresh = rows[torch.randint(len(rows), (len(counts),))]
            table.copy_(torch.where(dead[:, None], fresh, table))
            counts.masked_fill_(dead, self.DEAD_BELOW)
            sums.copy_(torch.where(dead[:, None], fresh * self.DEAD_BELOW, sums))


CLASSES = {
    "unet": UNet,
    "small-unet": UNet,
    "vqvae": VqVae,
    "prior": Transformer,
    "gpt": Transformer,
    "pixelcnn": PixelCnn,
    "nerf": Nerf,
    "dcgan": Gan,
    "autoencoder": Autoencoder,
}


# --- what is the same on both sides -----------------------------------------------------------------------------------


def norm_of(tensors):
    return math.sqrt(sum(t.double().square().sum().item() for t in tensors))


def check(name):
    """Returns what is wrong with a network: nothing if it computes what the library's does, from batches of two."""
    expected = LIBRARY[name]
    net = CLASSES[name](name, 2)
    got = {"losses": []}
    gradients = []
    for parameters, loss in net.objectives(net):
        value = loss()
        got["losses"].append(value.item())
        gradients += torch.autograd.grad(value, parameters)
    got["gradients"] = norm_of(gradients)
    with torch.no_grad():
        net = CLASSES[name](name, 2).eval()
        output = net()
        got["output"] = norm_of(output[:1] if isinstance(output, tuple) else [output])
    wrong = []
    for key, value in got.items():
        tolerance = OF_GRADIENTS.get(name, TOLERANCE) if key == "gradients" else TOLERANCE
        for have, want in zip(np.atleast_1d(value), np.atleast_1d(expected[key]), strict=True):
            if not abs(have - want) <= tolerance * abs(want):
                wrong.append(f"{name}: comparison is void: {key} must be {want:.7g}, got {have:.7g}")
    return wrong


def step(name, count, compiled=False, layout=torch.channels_last, autocast=False):
    """Returns a training step: for each objective forward, backward and AdamW, and then what no gradient teaches."""
    net = CLASSES[name](name, count, layout) if CLASSES[name] is UNet else CLASSES[name](name, count)
    predict = torch.compile(net) if compiled else net
    objectives = net.objectives(predict)
    optimizers = [torch.optim.AdamW(parameters, lr=1e-4, fused=True) for parameters, _ in objectives]

    def run():
        for optimizer, (_, loss) in zip(optimizers, objectives):
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
                value = loss()
            value.backward()
            optimizer.step()
        net.learn()

    return run


def forward(name, count, compiled=False, layout=torch.channels_last):
    """Returns the use of a network in evaluation mode."""
    net = CLASSES[name](name, count, layout) if CLASSES[name] is UNet else CLASSES[name](name, count)
    predict = torch.compile(net.eval()) if compiled else net.eval()

    def run():
        with torch.inference_mode():
            predict()

    return run


def sample(name, count):
    """Returns the drawing of codes one after the other."""
    net = CLASSES[name](name, count).eval()

    def run():
        with torch.inference_mode():
            net.sample()

    return run
