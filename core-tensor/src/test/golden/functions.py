"""Losses, attention, einsum, softmaxes, reductions and activations by PyTorch: python3 functions.py"""
import torch
import torch.nn.functional as F
from torch.distributions import Categorical, Normal, kl_divergence

from golden import Cases

torch.manual_seed(20240601)
torch.set_default_dtype(torch.float64)
randn = torch.randn


def losses():
    c = Cases()
    a, b = randn(4, 5) * 2, randn(4, 5) * 2
    c.add("mse", F.mse_loss, a, b)
    c.add("l1", F.l1_loss, a, b)
    c.add("huber", lambda x, t: F.huber_loss(x, t, delta=0.7), a, b)
    c.add("smoothL1", lambda x, t: F.smooth_l1_loss(x, t, beta=0.5), a, b)
    c.add("bce", F.binary_cross_entropy_with_logits, a, torch.rand(4, 5))
    big = torch.tensor([-800.0, -80, -20, 0, 20, 80, 800])
    c.add("bceElements", lambda x, t: F.binary_cross_entropy_with_logits(x, t, reduction="none"), big,
          torch.tensor([0.0, 0, 0, 0.5, 1, 1, 1]))
    logits, labels = randn(6, 5) * 3, torch.tensor([0, 4, 2, 2, 1, 3])
    some = torch.tensor([0, -100, 2, -100, 1, 3])
    c.add("crossEntropy", F.cross_entropy, logits, labels)
    c.add("crossEntropySmoothed", lambda x, t: F.cross_entropy(x, t, label_smoothing=0.1), logits, labels)
    c.add("crossEntropyIgnored", F.cross_entropy, logits, some)
    c.add("crossEntropySmoothedIgnored",
          lambda x, t: F.cross_entropy(x, t, label_smoothing=0.2, ignore_index=2), logits, labels)
    c.add("crossEntropyTokens", lambda x, t: F.cross_entropy(x.movedim(-1, 1), t), randn(2, 3, 4),
          torch.tensor([[0, 3, 1], [2, -100, 2]]))
    c.add("crossEntropyItems", lambda x, t: F.cross_entropy(x, t, reduction="none", label_smoothing=0.1), logits, some)
    normal = lambda m, v: Normal(m, (0.5 * v).exp())
    m1, v1, m2, v2 = (randn(3, 4) for _ in range(4))
    c.add("standardNormal", lambda m, v: kl_divergence(normal(m, v), Normal(torch.zeros(()), torch.ones(()))), m1, v1)
    c.add("normals", lambda a, b, c, d: kl_divergence(normal(a, b), normal(c, d)), m1, v1, m2, v2)
    c.add("categoricals", lambda p, q: kl_divergence(Categorical(logits=p), Categorical(logits=q)), randn(3, 5), randn(3, 5))
    c.add("discriminatorHinge", lambda r, f: F.relu(1 - r).mean() + F.relu(1 + f).mean(), a, b)
    c.add("generatorHinge", lambda f: -f.mean(), a)
    c.save("losses")


def attention():
    c = Cases()
    sdpa = F.scaled_dot_product_attention
    q, k, v = randn(2, 3, 5, 4), randn(2, 3, 5, 4), randn(2, 3, 5, 6)
    c.add("plain", sdpa, q, k, v)
    c.add("causal", lambda q, k, v: sdpa(q, k, v, is_causal=True), q, k, v)
    ks, vs = randn(2, 3, 7, 4), randn(2, 3, 7, 6)
    c.add("cross", sdpa, q, ks, vs)
    tail = torch.ones(5, 7, dtype=torch.bool).tril(2)  # the queries are the last 5 of 7 tokens
    c.add("causalTail", lambda q, k, v: sdpa(q, k, v, attn_mask=tail), q, ks, vs)
    padding = torch.tensor([[True] * 4 + [False] * 3, [True] * 7]).reshape(2, 1, 1, 7)
    c.add("padding", lambda q, k, v: sdpa(q, k, v, attn_mask=padding), q, ks, vs)
    both = padding & tail
    c.add("causalPadding", lambda q, k, v: sdpa(q, k, v, attn_mask=both), q, ks, vs)
    mask = torch.rand(2, 1, 5, 7) > 0.4
    mask[..., 0] = True
    c.add("boolean", lambda q, k, v, m: sdpa(q, k, v, attn_mask=m), q, ks, vs, mask)
    c.add("additive", lambda q, k, v, m: sdpa(q, k, v, attn_mask=m), q, ks, vs, randn(1, 3, 5, 7))
    forbid = torch.zeros(5, 7).masked_fill(~tail, float("-inf"))
    c.add("additiveInfinite", lambda q, k, v: sdpa(q, k, v, attn_mask=forbid), q, ks, vs)
    c.save("attention")


def einsums():
    c = Cases()
    shapes = {"a": 2, "b": 2, "c": 3, "d": 4, "e": 3, "h": 2, "i": 3, "j": 4, "k": 5, "n": 2, "t": 3, "s": 4}
    for equation in [
        "ij,jk->ik", "ij,kj->ik", "ji,jk->ik", "ij,jk->ki", "bhid,bhjd->bhij", "bhij,bhjd->bhid", "bthd,bshd->bhts",
        "btd,de->bte", "btd,ed->bte", "bijc,c->bij", "i,j->ij", "i,i->", "ij,ij->", "ij,ij->ij", "ij,i->ij", "bi,bj->bij",
        "nabc,nd->nabcd", "ij->ji", "ijk->j", "ijk->", "bij->bji", "ij,jk", "ba", "bi,bj,bk->bijk", "ij,jk,kd->id",
        "abc,cd,be->ade", "ib,jb,b->ij", "bi,ci->b",
    ]:
        terms = equation.split("->")[0].split(",")
        c.add(equation, lambda *x, e=equation: torch.einsum(e, *x), *[randn([shapes[s] for s in t]) for t in terms])
    c.save("einsum")


def elementary():
    c = Cases()
    x = randn(3, 4) * 2
    far = torch.tensor([-700.0, -50, -10, -1e-8, 1e-8, 10, 50, 700])
    for name, f in {
        "relu": F.relu, "leakyRelu": lambda x: F.leaky_relu(x, 0.2), "elu": lambda x: F.elu(x, 1.3), "silu": F.silu,
        "gelu": F.gelu, "geluTanh": lambda x: F.gelu(x, approximate="tanh"), "sigmoid": torch.sigmoid,
        "tanh": torch.tanh, "softplus": lambda x: F.softplus(x, threshold=1e9), "sin": torch.sin, "cos": torch.cos,
        "erf": torch.erf, "abs": torch.abs, "square": torch.square, "clamp": lambda x: torch.clamp(x, -1.5, 0.5),
        "exp": lambda x: torch.exp(x / 1000),
    }.items():
        c.add(name, f, x)
        if name not in ("softplus",):  # PyTorch's softplus overflows far out where no threshold stops it
            c.add(name + "Far", f, far)
    p = torch.rand(3, 4) + 0.5
    for name, f in {
        "log": torch.log, "sqrt": torch.sqrt, "rsqrt": torch.rsqrt, "reciprocal": torch.reciprocal,
        "pow": lambda x: x ** 2.7,
    }.items():
        c.add(name, f, p)
    c.add("powers", torch.pow, torch.tensor([0.0, 0, 0, 2, 3]), torch.tensor([0.0, 1, 2.5, 0, -1.5]))
    c.add("max", torch.maximum, torch.tensor([1.0, 2, 3]), torch.tensor([1.0, 5, 0]))
    c.add("min", torch.minimum, torch.tensor([1.0, 2, 3]), torch.tensor([1.0, 5, 0]))
    y = randn(2, 3, 5) * 3
    c.add("softmax", lambda x: x.softmax(-1), y)
    c.add("softmaxMiddle", lambda x: x.softmax(1), y)
    c.add("softmaxHuge", lambda x: x.softmax(-1), torch.tensor([[1e4, 1e4 - 1, -1e4], [-1e5, -1e5, -1e5 + 2]]))
    c.add("logSoftmax", lambda x: x.log_softmax(-1), y)
    c.add("logSoftmaxHuge", lambda x: x.log_softmax(-1), torch.tensor([[1e4, 1e4 - 1, -1e4], [-1e5, -1e5, -1e5 + 2]]))
    c.add("logSumExp", lambda x: x.logsumexp(1, keepdim=True), y)
    c.add("logSumExpInfinite", lambda x: x.logsumexp(1, keepdim=True),
          torch.tensor([[1.0, float("-inf"), 2], [float("inf"), 1, 0]]))
    c.add("sum", lambda x: x.sum((0, 2), keepdim=True), y)
    c.add("mean", lambda x: x.mean((0, 1), keepdim=True), y)
    c.add("variance", lambda x: x.var((1, 2), correction=0, keepdim=True), y)
    c.add("norm", lambda x: x.norm(dim=2, keepdim=True), y)
    c.add("normOfZero", lambda x: x.norm(dim=1, keepdim=True), torch.tensor([[0.0, 0], [3, 4]]))
    ties = torch.tensor([[1.0, 3, 3, 0], [2, 2, 2, 2]])
    c.add("amax", lambda x: x.amax(1, keepdim=True), ties)
    c.add("amin", lambda x: x.amin(1, keepdim=True), ties)
    zeros = torch.tensor([[2.0, 0, 3, -1], [0, 5, 0, 1], [1, 2, 3, 4]])
    c.add("prod", lambda x: x.prod(1, keepdim=True), zeros)
    c.add("cumsum", lambda x: x.cumsum(1), y)
    c.add("cumprod", lambda x: x.cumprod(1), zeros)
    c.add("sortFalling", lambda x: x.sort(-1, descending=True).values, y)
    c.add("sortRising", lambda x: x.sort(-1).values, y)
    c.add("topk", lambda x: x.topk(2, -1).values, y)
    c.add("gather", lambda x, i: x.gather(1, i), randn(2, 5), torch.tensor([[1, 1, 4], [0, 2, 2]]))
    c.add("embedding", lambda w, i: F.embedding(i, w), randn(5, 3), torch.tensor([[4, 0, 4], [1, 4, 2]]))
    c.add("indexSelect", lambda x, i: x.index_select(1, i), randn(2, 4, 3), torch.tensor([3, 0, 3]))
    c.add("scatterAdd", lambda x, i: torch.zeros(2, 6).scatter_add(1, i, x), randn(2, 3), torch.tensor([[5, 0, 5], [1, 1, 1]]))
    c.add("roll", lambda x: x.roll(2, 1), y)
    c.add("flip", lambda x: x.flip(1), y)
    c.add("tile", lambda x: x.tile(1, 2, 1), y)
    c.add("where", lambda m, a, b: torch.where(m, a, b), randn(2, 3) > 0, randn(2, 3), randn(1, 3))
    c.save("elementary")


losses()
attention()
einsums()
elementary()
