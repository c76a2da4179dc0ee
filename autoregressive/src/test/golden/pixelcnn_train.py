"""Trains the PixelCNN that ships (fashion-mnist-pixelcnn) in PyTorch: same network, batch, rate, number of steps, averaging.

Run: OMP_NUM_THREADS=1 python pixelcnn_train.py STEPS RUN.safetensors OUT.jsonl [STOP] [FOLDER]

RUN holds the initial weights and the batches of the Java run, as ExportForPyTorch (beside the tests) writes them, so that
the two differ by rounding alone. STOP ends a run of STEPS before its end. FOLDER holds the four files of Fashion-MNIST.
Prints the test set's bits per dimension of the averaged weights, and the entropy of each pixel by itself.
"""
import copy
import gzip
import json
import math
import struct
import sys
import time

import numpy as np
import torch

from pixelcnn_reference import PixelCnn, bits

BATCH, RATE, WARM_UP, CLIP, HALF_LIFE, RAMP_UP = 16, 2e-3, 100, 1.0, 10_000, 0.05


def read_run(path):
    """The tensors of a safetensors file."""
    dtypes = {"F32": np.float32, "I32": np.int32, "U8": np.uint8}
    with open(path, "rb") as f:
        header = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        data = f.read()
    return {k: torch.from_numpy(np.frombuffer(data[slice(*v["data_offsets"])], dtypes[v["dtype"]]).reshape(v["shape"]).copy())
            for k, v in header.items() if k != "__metadata__"}


def load(folder, part):
    def read(kind, offset):
        with gzip.open("%s/%s-%s-ubyte.gz" % (folder, part, kind)) as f:
            return np.frombuffer(f.read(), np.uint8, offset=offset)

    return torch.from_numpy((read("images-idx3", 16) >> 3).reshape(-1, 28, 28, 1).copy()), torch.from_numpy(
        read("labels-idx1", 8).astype(np.int64))


def rate(step, steps):
    """Half a cosine down to a fiftieth, times a linear warm-up."""
    low = 0.02 * RATE
    return (low + (RATE - low) * (1 + math.cos(math.pi * step / steps)) / 2) * min(1, (step + 1) / WARM_UP)


def test_bits(net, values, labels):
    with torch.no_grad():
        total = sum(float(net.nats(values[i : i + 100], labels[i : i + 100]).sum()) for i in range(0, len(values), 100))
    return total / (len(values) * 784 * math.log(2))


def marginal_entropy(values):
    flat = values.reshape(len(values), -1).long()
    total = 0.0
    for j in range(flat.shape[1]):
        p = torch.bincount(flat[:, j], minlength=32).double() / len(flat)
        total -= float((p[p > 0] * p[p > 0].log2()).sum())
    return total / flat.shape[1]


def main():
    steps, run, log = int(sys.argv[1]), read_run(sys.argv[2]), open(sys.argv[3], "w")
    stop = int(sys.argv[4]) if len(sys.argv) > 4 else steps
    folder = sys.argv[5] if len(sys.argv) > 5 else "/usr/share/datasets/fashion-mnist"
    torch.set_num_threads(1)
    values, labels = run["values"], run["labels"].long()
    net = PixelCnn(1, 32, 0, 32, 6, 3, 10)
    net.load_state_dict({k[2:]: v for k, v in run.items() if k.startswith("p.")})
    net = net.to(memory_format=torch.channels_last)
    print(sum(p.numel() for p in net.parameters()), "parameters", flush=True)
    average = copy.deepcopy(net)
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, betas=(0.9, 0.999), eps=1e-8, weight_decay=0)
    start = time.time()
    for step in range(stop):
        chosen = slice(step * BATCH, (step + 1) * BATCH)
        for group in optimizer.param_groups:
            group["lr"] = rate(step, steps)
        loss = bits(net.nats(values[chosen], labels[chosen]), 784)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), CLIP)
        optimizer.step()
        images = step * BATCH
        half_life = min(HALF_LIFE, images * RAMP_UP)
        decay = 0.5 ** (BATCH / max(half_life, 1e-8))
        with torch.no_grad():
            for a, p in zip(average.parameters(), net.parameters()):
                a.lerp_(p, 1 - decay)
        if (step + 1) % 10 == 0:
            log.write(json.dumps({"step": step + 1, "loss": float(loss.detach()), "seconds": time.time() - start}) + "\n")
            log.flush()
    seconds = time.time() - start
    torch.save(average.state_dict(), sys.argv[3] + ".pt")
    test, test_labels = load(folder, "t10k")
    result = {"steps": stop, "seconds": seconds, "testBitsPerDimension": test_bits(average, test, test_labels),
              "marginalEntropy": marginal_entropy(test)}
    log.write(json.dumps(result) + "\n")
    print(result, flush=True)


if __name__ == "__main__":
    main()
