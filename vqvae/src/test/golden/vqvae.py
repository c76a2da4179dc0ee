"""One whole training step of a VQ-VAE whose codebook learns as moving averages: loss, every gradient, all parameters after
Adam, and the codebook's counts, sums and vectors after eq. 6 to 8 of arXiv:1711.00937 with smoothed counts.
Run: python vqvae.py
"""
import torch
import torch.nn as nn
from adversarial import rounded
from networks import Decoder, Encoder, golden

CONFIG = dict(channels=2, base=4, multipliers=(1, 2, 2), blocks=1, groups=2, attention=False, latents=3)
SIZE, BATCH, CODES, WIDTH = 8, 4, 7, 5
BETA, DECAY, EPS, RATE = 0.4, 0.9, 1e-5, 1e-3


class VqVae(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = Encoder(CONFIG, CONFIG["latents"])
        self.quant_conv = nn.Conv2d(CONFIG["latents"], WIDTH, 1)
        self.post_quant_conv = nn.Conv2d(WIDTH, CONFIG["latents"], 1)
        self.decoder = Decoder(CONFIG)


if __name__ == "__main__":
    torch.manual_seed(40)
    net = rounded(VqVae())
    out = {"p." + n: p.clone() for n, p in net.named_parameters()}
    x = torch.rand(BATCH, CONFIG["channels"], SIZE, SIZE).mul(2).sub(1).double()
    z = net.quant_conv(net.encoder(x)).movedim(1, -1)  # (B, h, w, D)
    mean, std = z.mean((0, 1, 2)).detach(), z.std((0, 1, 2)).detach()
    e = (mean + std * torch.randn(CODES, WIDTH)).float().double()
    counts = (5 * torch.rand(CODES)).float().double()
    sums = (e * counts[:, None]).float().double()
    out.update(x=golden.last(x), weight=e.clone(), cluster_size=counts.clone(), embed_avg=sums.clone())

    codes = torch.cdist(z.reshape(-1, WIDTH), e).argmin(1)
    q = e[codes].reshape(z.shape)
    y = net.decoder(net.post_quant_conv((z + (q - z).detach()).movedim(-1, 1)))
    commitment = ((z - q) ** 2).mean()
    reconstruction = ((x - y) ** 2).mean()
    loss = reconstruction + BETA * commitment
    loss.backward()
    out.update(y=golden.last(y), codes=codes.reshape(z.shape[:3]), loss=loss, commitment=commitment)
    out.update(reconstruction=reconstruction)
    out.update({"g." + n: p.grad for n, p in net.named_parameters()})
    torch.optim.Adam(net.parameters(), lr=RATE).step()
    out.update({"a." + n: p.clone() for n, p in net.named_parameters()})

    chosen = nn.functional.one_hot(codes, CODES).double()  # (N, K)
    counts = DECAY * counts + (1 - DECAY) * chosen.sum(0)
    sums = DECAY * sums + (1 - DECAY) * chosen.T @ z.detach().reshape(-1, WIDTH)
    n = counts.sum()
    smooth = (counts + EPS) * n / (n + CODES * EPS)
    out.update(after_weight=sums / smooth[:, None], after_cluster_size=counts, after_embed_avg=sums)
    golden.save("vqvae", {k: v.detach().float() if v.is_floating_point() else v for k, v in out.items()})
    print("loss", float(loss.detach()), "codes used", int((chosen.sum(0) > 0).sum()))
