"""Golden values of the optimizers: two parameters, six steps with given gradients, parameters and state after each.

PyTorch in float64; Lion, which PyTorch lacks, from algorithm 2 of its paper.
"""
import torch

import golden

torch.manual_seed(2)
STEPS = 6
start = {"a": torch.randn(3, 5).float().double(), "b": torch.randn(4).float().double()}
slopes = [{k: torch.randn_like(v).float().double() for k, v in start.items()} for _ in range(STEPS)]
slopes[2]["a"][0] = 0  # a zero gradient and a large one
slopes[3]["b"] *= 50
out = {f"p.{k}": v.float() for k, v in start.items()}
out |= {f"g{i}.{k}": v.float() for i, g in enumerate(slopes) for k, v in g.items()}


class Lion(torch.optim.Optimizer):
    def __init__(self, params, lr, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                m = self.state[p].setdefault("exp_avg", torch.zeros_like(p))
                c = b1 * m + (1 - b1) * p.grad
                p -= group["lr"] * (torch.sign(c) + group["weight_decay"] * p)
                m.mul_(b2).add_(p.grad, alpha=1 - b2)


def run(name, make, clip=None):
    params = {k: torch.nn.Parameter(v.clone()) for k, v in start.items()}
    optimizer = make(list(params.values()))
    for i, g in enumerate(slopes):
        for k, p in params.items():
            p.grad = g[k].clone()
        if clip:
            norm = torch.nn.utils.clip_grad_norm_(params.values(), clip)
            out[f"{name}.{i}.norm"] = norm.float()
        optimizer.step()
        for k, p in params.items():
            out[f"{name}.{i}.{k}"] = p.detach().float().clone()
    for k, p in params.items():
        for slot, value in optimizer.state[p].items():
            if slot != "step" and value is not None:
                out[f"{name}.state.{slot}.{k}"] = value.float()


optim = torch.optim
run("sgd", lambda p: optim.SGD(p, lr=0.1))
run("sgd_decay", lambda p: optim.SGD(p, lr=0.1, weight_decay=0.05))
run("sgd_momentum", lambda p: optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.05))
run("sgd_nesterov", lambda p: optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.05, nesterov=True))
run("adam", lambda p: optim.Adam(p, lr=0.02))
run("adam_gan", lambda p: optim.Adam(p, lr=2e-4, betas=(0.5, 0.999)))
run("adamw", lambda p: optim.AdamW(p, lr=0.02))
run("adamw_gpt", lambda p: optim.AdamW(p, lr=0.02, betas=(0.9, 0.95), weight_decay=0.1))
run("adamw_clipped", lambda p: optim.AdamW(p, lr=0.02), clip=5.0)
run("sgd_clipped", lambda p: optim.SGD(p, lr=0.1), clip=5.0)
run("rmsprop", lambda p: optim.RMSprop(p, lr=0.02))
run("rmsprop_momentum", lambda p: optim.RMSprop(p, lr=0.02, alpha=0.9, momentum=0.8, weight_decay=0.05))
run("lion", lambda p: Lion(p, lr=0.02))
run("lion_decay", lambda p: Lion(p, lr=0.02, weight_decay=0.3))
golden.save("optimizers", out)
