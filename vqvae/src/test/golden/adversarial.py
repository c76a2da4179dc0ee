"""One whole training step of VQGAN and of the autoencoder of latent diffusion: losses, adaptive weight, every gradient, and
all parameters after Adam. The losses are written as in the papers: both are differentiated down to the last layer for the
weight (arXiv:2012.09841, eq. 7), then their sum is differentiated again.
Run: python adversarial.py
"""
import torch
import torch.nn as nn
import torch.nn.functional as F
from networks import Decoder, Encoder, PatchDiscriminator, golden

CONFIG = dict(channels=1, base=4, multipliers=(1, 2), blocks=1, groups=2, attention=True, latents=4)
SIZE, BATCH, CODES, WIDTH = 12, 3, 16, 6
PERCEPTUAL, ADVERSARIAL, DELTA, COMMITMENT, DIVERGENCE = 0.7, 0.8, 1e-4, 0.25, 0.01


class VqVae(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = Encoder(CONFIG, CONFIG["latents"])
        self.quant_conv = nn.Conv2d(CONFIG["latents"], WIDTH, 1)
        self.quantize = nn.Module()
        self.quantize.embedding = nn.Embedding(CODES, WIDTH)
        self.post_quant_conv = nn.Conv2d(WIDTH, CONFIG["latents"], 1)
        self.decoder = Decoder(CONFIG)

    def forward(self, x, out):
        z = self.quant_conv(self.encoder(x)).movedim(1, -1)
        e = self.quantize.embedding.weight
        codes = ((z[..., None, :] - e) ** 2).sum(-1).argmin(-1)
        q = e[codes]
        out["codes"] = codes
        terms = ((q - z.detach()) ** 2).mean() + COMMITMENT * ((z - q.detach()) ** 2).mean()
        q = z + (q - z).detach()
        return self.decoder(self.post_quant_conv(q.movedim(-1, 1))), terms


class AutoencoderKl(nn.Module):
    def __init__(self):
        super().__init__()
        z = CONFIG["latents"]
        self.encoder = Encoder(CONFIG, 2 * z)
        self.quant_conv = nn.Conv2d(2 * z, 2 * z, 1)
        self.post_quant_conv = nn.Conv2d(z, z, 1)
        self.decoder = Decoder(CONFIG)

    def forward(self, x, out):
        mean, log_variance = self.quant_conv(self.encoder(x)).chunk(2, 1)
        eps = torch.randn(mean.shape).double()
        out["eps"] = golden.last(eps)
        posterior = torch.distributions.Normal(mean, (0.5 * log_variance).exp())
        prior = torch.distributions.Normal(torch.zeros_like(mean), torch.ones_like(mean))
        kl = torch.distributions.kl_divergence(posterior, prior).sum((1, 2, 3)).mean()
        z = mean + (0.5 * log_variance).exp() * eps
        return self.decoder(self.post_quant_conv(z)), DIVERGENCE * kl / x[0].numel()


def perceptual(nets, x, y):
    total = 0
    for net in nets:
        x, y = torch.tanh(net(x)), torch.tanh(net(y))
        a, b = (t * (t.square().sum(1, keepdim=True) + 1e-10).rsqrt() for t in (x, y))
        total = total + (a - b).square().sum(1).mean()
    return total


def rounded(net):
    net = net.double()
    with torch.no_grad():
        for p in net.parameters():
            if p.dim() == 1:  # norms and biases are not trivial then
                p.add_(0.1 * torch.randn_like(p))
            p.copy_(p.float())
    return net


def step(name, make, seed):
    torch.manual_seed(seed)
    net, disc = rounded(make()), rounded(PatchDiscriminator(1, 8, 1))
    eyes = [rounded(nn.Conv2d(1, 4, 3, padding=1)), rounded(nn.Conv2d(4, 6, 3, stride=2, padding=1))]
    out = {"p." + n: p.clone() for n, p in net.named_parameters()}
    out.update({"d." + n: p.clone() for n, p in disc.named_parameters()})
    for i, eye in enumerate(eyes):
        out.update({"eye.%d.%s" % (i, n): p.clone() for n, p in eye.named_parameters()})
    x = torch.rand(BATCH, 1, SIZE, SIZE).mul(2).sub(1).double()
    out["x"] = golden.last(x)

    y, terms = net(x, out)
    pixels, seen = (x - y).abs().mean(), perceptual(eyes, y, x)
    rec = pixels + PERCEPTUAL * seen
    gan = -disc(y).mean()
    last = net.decoder.conv_out.weight
    grads = [torch.autograd.grad(loss, last, retain_graph=True)[0].norm() for loss in (rec, gan)]
    weight = (ADVERSARIAL * grads[0] / (grads[1] + DELTA)).detach()
    loss = rec + weight * gan + terms
    slopes = torch.autograd.grad(loss, list(net.parameters()))
    hinge = F.relu(1 - disc(x)).mean() + F.relu(1 + disc(y.detach())).mean()
    disc_slopes = torch.autograd.grad(hinge, list(disc.parameters()))
    out.update(y=golden.last(y), pixels=pixels, seen=seen, gan=gan, weight=weight, terms=terms, hinge=hinge)

    for prefix, module, found in (("", net, slopes), ("d", disc, disc_slopes)):
        for (n, p), g in zip(module.named_parameters(), found):
            out["g" + prefix + "." + n] = g
            p.grad = g.clone()
        torch.optim.Adam(module.parameters(), lr=1e-3, betas=(0.5, 0.9)).step()
        out.update({"a" + prefix + "." + n: p.clone() for n, p in module.named_parameters()})
    golden.save(name, {k: v.float() if v.is_floating_point() else v for k, v in out.items()})


if __name__ == "__main__":
    step("vqgan", VqVae, 30)
    step("autoencoder-kl", AutoencoderKl, 31)
