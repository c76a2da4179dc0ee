"""Writes src/test/resources/golden/files: small files of every format that org.atelier4j.io and .image read.

Run with numpy, safetensors and pillow installed:  python files.py
The expected values are formulas that the tests repeat, or .npy files written beside them.
"""
import io
import os
import struct
import zlib

import numpy as np
from PIL import Image
from safetensors.numpy import save_file

OUT = os.path.join(os.path.dirname(__file__), "..", "resources", "golden", "files")
os.makedirs(OUT, exist_ok=True)


def path(name):
    return os.path.join(OUT, name)


# --- safetensors: every element type of the reference implementation for NumPy -----------------------------------------
VALUES = np.arange(6).reshape(2, 3)
save_file(
    {
        "f64": (VALUES - 2.5).astype(np.float64),
        "f32": (VALUES / 3).astype(np.float32),
        "f16": (VALUES / 7 - 0.3).astype(np.float16),
        "i64": (VALUES * 10**12).astype(np.int64),
        "i32": (VALUES * -(10**6)).astype(np.int32),
        "i16": (VALUES * -5000).astype(np.int16),
        "i8": (VALUES * -20).astype(np.int8),
        "u32": (VALUES * 8 * 10**8).astype(np.uint32),
        "u16": (VALUES * 13000).astype(np.uint16),
        "u8": (VALUES * 51).astype(np.uint8),
        "bool": VALUES % 2 == 1,
        "scalar": np.array(4.25, np.float32),
        "empty": np.zeros((0, 3), np.float32),
    },
    path("numpy.safetensors"),
    metadata={"format": "np", "text": 'a "quoted" ü'},
)
np.save(path("half.npy"), np.array([0, 1, -2, 65504, 6e-8, -6.1e-5, np.inf, -np.inf, 1 / 3], np.float16))

# --- npy ---------------------------------------------------------------------------------------------------------------
A = np.arange(24, dtype=np.float32).reshape(2, 3, 4) / 8
np.save(path("c-order.npy"), A)
np.save(path("fortran.npy"), np.asfortranarray(A))
np.save(path("big-endian.npy"), A.astype(">f4"))
np.save(path("scalar.npy"), np.array(7, np.int64))
np.save(path("empty.npy"), np.zeros((0, 5), np.float64))
np.save(path("bools.npy"), np.array([True, False, True]))
np.save(path("big-endian-int16.npy"), np.array([-300, 300], ">i2"))
np.save(path("objects.npy"), np.array([{"a": 1}, None], dtype=object), allow_pickle=True)
np.save(path("records.npy"), np.array([(1, 2.0)], dtype=[("a", "<i4"), ("b", "<f4")]))
np.save(path("complex.npy"), np.array([1 + 2j]))
for version in ((2, 0), (3, 0)):
    with open(path("version-%d.npy" % version[0]), "wb") as f:
        np.lib.format.write_array(f, A, version=version)
np.savez(path("stored.npz"), a=A, labels=np.array([3, 1, 2], np.int32))
np.savez_compressed(path("compressed.npz"), a=A, labels=np.array([3, 1, 2], np.int32))


# --- png: all kinds, by an encoder of our own where pillow has none ------------------------------------------------------
def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(name, width, height, depth, color, rows, extra=b"", interlace=0):
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlace)
    data = zlib.compress(b"".join(b"\0" + r for r in rows), 9)
    with open(path(name), "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", data) + chunk(b"IEND", b""))


def packed(row, depth):
    bits = "".join(format(v, "0%db" % depth) for v in row)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))


W, H = 7, 5
Y, X = np.mgrid[0:H, 0:W]
GRAY = (Y * 50 + X * 7).astype(np.uint8)
RGB = np.stack([GRAY, 255 - GRAY, X * 36], -1).astype(np.uint8)
ALPHA = (Y * 60 + X).astype(np.uint8)
RGBA = np.concatenate([RGB, ALPHA[..., None]], -1)
Image.fromarray(GRAY).save(path("gray8.png"))
Image.fromarray(RGB).save(path("rgb8.png"))
Image.fromarray(RGBA).save(path("rgba8.png"))
Image.fromarray(np.stack([GRAY, ALPHA], -1), "LA").save(path("gray-alpha8.png"))
Image.fromarray(RGB).quantize(6).save(path("palette.png"))
Image.fromarray(RGBA).quantize(6).save(path("palette-alpha.png"))
Image.fromarray(RGB).save(path("rgb8-transparent.png"), transparency=tuple(int(v) for v in RGB[2, 3]))
for depth in (1, 2, 4):
    png("gray%d.png" % depth, W, H, depth, 0, [packed((GRAY[y] >> (8 - depth)).tolist(), depth) for y in range(H)])
G16 = (Y * 9000 + X * 1234 + 77).astype(">u2")
RGB16 = np.stack([G16, 65535 - G16, G16 // 2], -1).astype(">u2")
png("gray16.png", W, H, 16, 0, [G16[y].tobytes() for y in range(H)])
png("rgb16.png", W, H, 16, 2, [RGB16[y].tobytes() for y in range(H)])
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
rows = []
for x0, y0, dx, dy in ADAM7:
    part = RGB[y0::dy, x0::dx]
    rows += [part[y].tobytes() for y in range(part.shape[0]) if part.shape[1]]
png("interlaced.png", W, H, 8, 2, rows, interlace=1)
ancillary = chunk(b"gAMA", struct.pack(">I", 100000)) + chunk(b"tEXt", b"Comment\0hello")
png("gamma.png", W, H, 8, 0, [GRAY[y].tobytes() for y in range(H)], extra=ancillary)
Image.fromarray(RGB).save(path("rgb.bmp"))
Image.fromarray(GRAY).save(path("gray.bmp"))
Image.fromarray(GRAY).save(path("gray.gif"))
Image.fromarray(RGB.repeat(4, 0).repeat(4, 1)).save(path("rgb.jpg"), quality=95, subsampling=0)
Image.fromarray(RGB.repeat(4, 0).repeat(4, 1)).convert("CMYK").save(path("cmyk.jpg"))
for name in ("palette", "palette-alpha"):
    mode = "RGBA" if "alpha" in name else "RGB"
    np.save(path(name + ".npy"), np.asarray(Image.open(path(name + ".png")).convert(mode)))
np.save(path("rgb.jpg.npy"), np.asarray(Image.open(path("rgb.jpg"))))
np.save(path("rgb-as-gray.npy"), np.asarray(Image.fromarray(RGB).convert("L")))

# --- resampling by pillow -------------------------------------------------------------------------------------------------
noise = np.random.default_rng(5).integers(0, 256, (23, 31, 3), np.uint8)
np.save(path("resize-input.npy"), noise)
for w, h in ((8, 8), (16, 23), (40, 50), (31, 7)):
    np.save(path("resize-%dx%d.npy" % (w, h)), np.asarray(Image.fromarray(noise).resize((w, h), Image.BILINEAR)))
