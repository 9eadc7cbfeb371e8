#!/usr/bin/env python3
"""Conformance vectors of the numeric profile fp32-fma/1, made from docs/spec/numerics.md alone.

Exact integers and fractions (binary32.py). Calls nothing of assay. Writes pointwise.json, reduce.json,
product.json, pool.json, index.json and movement.json beside itself; `generate.py --check` only compares.

A case: {"op", "attributes", "operands": [{"dtype", "shape", "bits"}], "output": {...}, "note"}; bits are
hexadecimal words, row-major.
"""
import itertools
import json
import os
import random
import sys
from fractions import Fraction

from binary32 import (INF, M64, NAN, NINF, SIGN, SIGNED, WIDTH, add, canonical, cast, div, exp, extended, fma, fmax,
                      fmin, integer, is_inf, is_nan, log, mul, negate, rounded, sqrt)


# --- tensors and cases ----------------------------------------------------------------------------
class Tensor:
    def __init__(self, dtype, shape, bits):
        self.dtype, self.shape, self.bits = dtype, list(shape), list(bits)
        n = 1
        for d in shape:
            n *= d
        assert n == len(self.bits), (shape, len(self.bits))

    def get(self, *index):
        at = 0
        for i, d in zip(index, self.shape):
            assert 0 <= i < d
            at = at * d + i
        return self.bits[at]

    def read(self, *index):
        b = self.get(*index)
        return canonical(b) if self.dtype == "f32" else b

    def indices(self):
        return itertools.product(*[range(d) for d in self.shape])

    def json(self):
        digits = WIDTH[self.dtype] // 4
        return {"dtype": self.dtype, "shape": self.shape, "bits": [format(b, "0%dx" % digits) for b in self.bits]}


def blank(dtype, shape):
    n = 1
    for d in shape:
        n *= d
    return Tensor(dtype, shape, [0] * n)


def fill(dtype, shape, f):
    t = blank(dtype, shape)
    t.bits = [f(*i) for i in t.indices()]
    return t


def broadcast(t, shape, index):
    own = index[len(shape) - len(t.shape):]
    return t.read(*[0 if d == 1 else i for i, d in zip(own, t.shape)])


CASES = {}


def case(file, op, attributes, operands, output, note=""):
    CASES.setdefault(file, []).append({
        "op": op, "attributes": ["%d" % a for a in attributes], "operands": [t.json() for t in operands],
        "output": output.json(), "note": note})


rng = random.Random(20240607)


def random_f32():
    kind = rng.randrange(24)
    sign = rng.getrandbits(1) << 31
    if kind == 0:
        return sign
    if kind == 1:
        return sign | INF
    if kind == 2:
        return INF | rng.getrandbits(22) + 1 | sign
    if kind == 3:
        return sign | rng.getrandbits(23)
    if kind == 4:
        return rng.getrandbits(32)
    return sign | rng.randrange(116, 137) << 23 | rng.getrandbits(23)


def plain_f32():
    return rng.getrandbits(1) << 31 | rng.randrange(120, 130) << 23 | rng.getrandbits(23)


def tensor(shape, make=random_f32):
    t = blank("f32", shape)
    t.bits = [make() for _ in t.bits]
    return t


SPECIAL = [0, SIGN, 1, SIGN | 1, 0x007FFFFF, 0x00800000, 0x80800000, 0x3F800000, 0xBF800000, 0x3F800001,
           0x7F7FFFFF, 0xFF7FFFFF, INF, NINF, NAN, 0xFFC00001, 0x7F800001, 0x4B800000, 0x40490FDB, 0x0D800000]


def unary_cases():
    functions = {"neg": negate, "relu": lambda b: fmax(b, 0), "sqrt": sqrt, "exp": exp, "log": log}
    extra = {
        "exp": [0x42B17217, 0x42B17218, 0x42B17219, 0xC2CFF1B4, 0xC2CFF1B5, 0xC2CFF1B6, 0xC2AEAC4F, 0xC2AEAC50,
                0x33000000, 0x33800000, 0x33800001, 0xB3000000, 0xB3000001, 0xB3800000, 0x3F317218, 0xBF317218,
                0x42D00000, 0xC2D00000, 0x32800000, 0xB2800000],
        "log": [0x3F7FFFFF, 0x3F7FFFFE, 0x3F800002, 0x3F800006, 0x3FB504F3, 0x3FB504F4, 0x3F3504F3, 0x402DF854,
                0x402DF855, 0x00000002, 0x00400000, 0x7F000000, 0x40000000, 0x3F000000],
        "sqrt": [0x40800000, 0x40000000, 0x3F7FFFFF, 0x00000002, 0x00000003, 0x7F7FFFFF],
    }
    for op, f in functions.items():
        bits = SPECIAL + extra.get(op, []) + [random_f32() for _ in range(60)]
        if op == "log":
            bits += [b & 0x7FFFFFFF for b in bits[-60:]]
        x = Tensor("f32", [len(bits)], bits)
        case("pointwise", op, [], [x], fill("f32", x.shape, lambda i: f(x.read(i))), "special values, then random")


def integers(dtype, n):
    width = WIDTH[dtype]
    edge = [0, 1, (1 << width) - 1, 1 << width - 1, (1 << width - 1) - 1]
    return edge + [rng.getrandbits(width) for _ in range(n - len(edge))]


def binary_cases():
    floats = {"add": add, "sub": lambda a, b: add(a, negate(b)), "mul": mul, "div": div, "max": fmax, "min": fmin,
              "equal": lambda a, b: int(not is_nan(a) and not is_nan(b) and extended(a) == extended(b)),
              "less": lambda a, b: int(not is_nan(a) and not is_nan(b) and extended(a) < extended(b))}
    wrapping = {"add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b}
    for op, f in floats.items():
        out = "u32" if op in ("equal", "less") else "f32"
        a = Tensor("f32", [len(SPECIAL), 1], SPECIAL)
        b = Tensor("f32", [len(SPECIAL)], SPECIAL)
        shape = [len(SPECIAL), len(SPECIAL)]
        case("pointwise", op, [], [a, b], fill(out, shape, lambda *i: f(broadcast(a, shape, i), broadcast(b, shape, i))),
             "every pair of special values, by broadcast")
        a, b = tensor([2, 1, 5]), tensor([3, 5])
        shape = [2, 3, 5]
        case("pointwise", op, [], [a, b], fill(out, shape, lambda *i: f(broadcast(a, shape, i), broadcast(b, shape, i))),
             "broadcast of rank 2 in rank 3")
        for dtype in ("i32", "u32", "i64", "u64", "u8"):
            if op not in ("add", "sub", "mul", "equal", "less") or (dtype == "u8" and op not in ("equal", "less")):
                continue
            x = Tensor(dtype, [10, 1], integers(dtype, 10))
            y = Tensor(dtype, [1, 10], integers(dtype, 10))
            shape = [10, 10]
            if op in wrapping:
                g = lambda p, q: wrapping[op](p, q) % (1 << WIDTH[dtype])
            elif op == "equal":
                g = lambda p, q: int(p == q)
            else:
                g = lambda p, q: int(integer(dtype, p) < integer(dtype, q))
            case("pointwise", op, [], [x, y],
                 fill(dtype if op in wrapping else "u32", shape,
                      lambda *i: g(broadcast(x, shape, i), broadcast(y, shape, i))), "integers wrap")


def other_pointwise_cases():
    for dtype, bits in (("f32", 0x40490FDB), ("f32", 0xFFC12345), ("i32", 0xFFFFFFFE), ("u8", 0xAB), ("u64", 1 << 63)):
        stored = canonical(bits) if dtype == "f32" else bits
        case("pointwise", "constant", [bits], [], fill(dtype, [2, 2], lambda *i: stored))
    for dtype in WIDTH:
        for axis in (0, 1):
            shape = [3, 300] if axis == 1 else [5, 2]
            case("pointwise", "iota", [axis], [],
                 fill(dtype, shape, lambda *i: cast("u64", dtype, i[axis])), "u8 wraps at 256")
    x = Tensor("f32", [len(SPECIAL)], SPECIAL)
    case("pointwise", "reshape", [], [x], Tensor("f32", [4, 5], [canonical(b) for b in SPECIAL]), "NaN made canonical")
    x = Tensor("u64", [2, 3], integers("u64", 6))
    case("pointwise", "reshape", [], [x], Tensor("u64", [6], x.bits))
    floats = SPECIAL + [0x437F0000, 0x437F8000, 0x43800000, 0x4EFFFFFF, 0x4F000000, 0xCF000000, 0xCF000001, 0x4F7FFFFF,
                        0x4F800000, 0x5EFFFFFF, 0x5F000000, 0xDF000000, 0xDF000001, 0x5F7FFFFF, 0x5F800000, 0x3F7FFFFF,
                        0xBF7FFFFF, 0x40200000, 0xC0200000]
    for source in WIDTH:
        for to in WIDTH:
            bits = floats if source == "f32" else integers(source, 12)
            if source in ("i32", "u32", "i64", "u64"):
                bits = bits + [(1 << 24) - 1, (1 << 24) + 1, (1 << 24) + 3, (1 << 25) + 2, (1 << 25) + 6, (1 << 31) - 64]
            x = Tensor(source, [len(bits)], bits)
            case("pointwise", "cast", [], [x], fill(to, x.shape, lambda i: cast(source, to, x.get(i))))
    for dtype in ("f32", "u8", "i64"):
        shape = [3, 4]
        c = Tensor("u32", [4], [0, 1, 0xFFFFFFFF, 0x80000000])
        make = (lambda: random_f32()) if dtype == "f32" else (lambda: rng.getrandbits(WIDTH[dtype]))
        a = Tensor(dtype, shape, [make() for _ in range(12)])
        b = Tensor(dtype, [3, 1], [make() for _ in range(3)])
        case("pointwise", "select", [], [c, a, b],
             fill(dtype, shape, lambda *i: broadcast(a if broadcast(c, shape, i) else b, shape, i)))
    triples = list(itertools.product([0, SIGN, 0x3F800000, 0xBF800000, INF, NINF, NAN, 0x0D800000, 0x00000001],
                                     repeat=3)) + [(random_f32(), random_f32(), random_f32()) for _ in range(100)]
    triples += [(0x3F800001, 0x3F800001, 0xBF800002), (0x0D800000, 0x8D800000, 0), (0x7F7FFFFF, 0x40000000, 0xFF7FFFFF),
                (0x00800000, 0x3F000000, 0x80400000), (0x3F800001, 0x33800000, 0x3F800000)]
    a, b, c = (Tensor("f32", [len(triples)], [t[k] for t in triples]) for k in range(3))
    case("pointwise", "fma", [], [a, b, c], fill("f32", a.shape, lambda i: fma(a.read(i), b.read(i), c.read(i))))


# --- reductions -----------------------------------------------------------------------------------
def reduced(x, mask):
    """Index of the output -> the row-major list of the elements that it reduces."""
    out = {}
    for i in x.indices():
        o = tuple(0 if mask >> axis & 1 else i[axis] for axis in range(len(i)))
        out.setdefault(o, []).append(x.read(*i))
    return out


def lanes_sum(values):
    lanes = [0] * 16
    for k, v in enumerate(values):
        lanes[k % 16] = add(lanes[k % 16], v)
    for half in (8, 4, 2, 1):
        for i in range(half):
            lanes[i] = add(lanes[i], lanes[half + i])
    return lanes[0]


def reduce_max(values):
    best = values[0]
    for v in values[1:]:
        best = fmax(best, v)
    return best


def reduce_cases():
    shapes = [([1], 1), ([5], 1), ([16], 1), ([17], 1), ([100], 1), ([3, 40], 2), ([40, 3], 1), ([4, 3, 5], 2),
              ([4, 3, 5], 5), ([2, 3, 4, 5], 7), ([2, 3, 4, 5], 10), ([2, 1], 2)]
    for shape, mask in shapes:
        for make in (plain_f32, random_f32):
            x = tensor(shape, make)
            groups = reduced(x, mask)
            kept = [1 if mask >> axis & 1 else d for axis, d in enumerate(shape)]
            for op, f in (("reduce_sum", lanes_sum), ("reduce_max", reduce_max)):
                case("reduce", op, [mask], [x], fill("f32", kept, lambda *i: f(groups[i])))
    x = Tensor("f32", [3], [SIGN] * 3)
    case("reduce", "reduce_sum", [1], [x], Tensor("f32", [1], [0]), "lanes start at +0")
    case("reduce", "reduce_max", [1], [x], Tensor("f32", [1], [SIGN]), "all -0")
    x = Tensor("f32", [2], [NINF, NINF])
    case("reduce", "reduce_max", [1], [x], Tensor("f32", [1], [NINF]))


# --- products -------------------------------------------------------------------------------------
def chain(pairs):
    acc = 0
    for a, b in pairs:
        acc = fma(a, b, acc)
    return acc


def matmul_case(shape_a, shape_b, ta, tb, make):
    a, b = tensor(shape_a, make), tensor(shape_b, make)
    batch = shape_a[:-2]
    m, k = (shape_a[-1], shape_a[-2]) if ta else (shape_a[-2], shape_a[-1])
    n = shape_b[-2] if tb else shape_b[-1]

    def element(*i):
        lead, row, column = list(i[:-2]), i[-2], i[-1]
        return chain((a.read(*lead, *((j, row) if ta else (row, j))), b.read(*lead, *((column, j) if tb else (j, column))))
                     for j in range(k))

    case("product", "matmul", [ta, tb], [a, b], fill("f32", batch + [m, n], element))


def conv_taps(x, w, y, stride, padding):
    """Every (output position, kernel position) with the input position or None."""
    for n, oh, ow in itertools.product(range(y[0]), range(y[1]), range(y[2])):
        for kh, kw in itertools.product(range(w[0]), range(w[1])):
            h, v = oh * stride + kh - padding, ow * stride + kw - padding
            yield (n, oh, ow), (kh, kw), ((h, v) if 0 <= h < x[1] and 0 <= v < x[2] else None)


def conv_cases(xs, ws, stride, padding, make, note=""):
    groups = xs[3] // ws[2]
    per_group = ws[3] // groups  # output channels
    oh, ow = ((xs[1 + i] + 2 * padding - ws[i]) // stride + 1 for i in range(2))
    ys = [xs[0], oh, ow, ws[3]]
    x, w, g = tensor(xs, make), tensor(ws, make), tensor(ys, make)
    table = {(o, k): at for o, k, at in conv_taps(xs, ws, ys, stride, padding)}
    back = {}
    for (o, k), at in table.items():
        if at is not None:
            back[(o[0], at, k)] = o[1:]
    kernel = list(itertools.product(range(ws[0]), range(ws[1])))

    def channel(co, ci):
        """x's channel that input channel ci of output channel co's group is."""
        return co // per_group * ws[2] + ci

    def forward(n, i, j, co):
        return chain((x.read(n, *table[(n, i, j), k], channel(co, ci)) if table[(n, i, j), k] else 0, w.read(*k, ci, co))
                     for k in kernel for ci in range(ws[2]))

    def grad_input(n, h, v, c):
        outputs = [co for co in range(ws[3]) if co // per_group == c // ws[2]]
        return chain((g.read(n, *back[n, (h, v), k], co) if (n, (h, v), k) in back else 0, w.read(*k, c % ws[2], co))
                     for k in kernel for co in outputs)

    def grad_weight(kh, kw, ci, co):
        return chain((x.read(n, *table[(n, i, j), (kh, kw)], channel(co, ci)) if table[(n, i, j), (kh, kw)] else 0,
                      g.read(n, i, j, co))
                     for n in range(ys[0]) for i in range(ys[1]) for j in range(ys[2]))

    case("product", "conv2d", [stride, padding], [x, w], fill("f32", ys, forward), note)
    case("product", "conv2d_grad_input", [stride, padding], [g, w], fill("f32", xs, grad_input), note)
    case("product", "conv2d_grad_weight", [stride, padding], [x, g], fill("f32", ws, grad_weight), note)


def product_cases():
    for ta, tb in itertools.product((0, 1), (0, 1)):
        for make in (plain_f32, random_f32):
            a = [7, 3] if ta else [3, 7]
            b = [5, 7] if tb else [7, 5]
            matmul_case(a, b, ta, tb, make)
            matmul_case([2] + a, [2] + b, ta, tb, make)
    matmul_case([1, 1], [1, 1], 0, 0, plain_f32)
    matmul_case([8, 20], [20, 17], 0, 0, plain_f32)
    for xs, ws, stride, padding in (([1, 4, 4, 1], [3, 3, 1, 2], 1, 1), ([2, 5, 4, 2], [2, 3, 2, 3], 1, 0),
                                    ([1, 6, 5, 1], [3, 2, 1, 1], 2, 1), ([1, 7, 7, 1], [2, 2, 1, 2], 3, 0),
                                    ([1, 3, 3, 2], [1, 1, 2, 1], 1, 2), ([1, 3, 3, 1], [1, 1, 1, 1], 2, 0),
                                    ([1, 2, 2, 1], [4, 4, 1, 1], 1, 2)):
        for make in (plain_f32, random_f32):
            conv_cases(xs, ws, stride, padding, make)
    # 2^-100 times -2^-100 plus +0 rounds to -0; a padded tap after it makes it +0: it must be multiplied in.
    tiny, minus = 0x0D800000, 0x8D800000
    assert fma(tiny, minus, 0) == SIGN and fma(0, 0x3F800000, SIGN) == 0
    x = Tensor("f32", [1, 1, 1, 1], [tiny])
    case("product", "conv2d", [1, 1], [x, Tensor("f32", [3, 3, 1, 1], [0x3F800000] * 4 + [minus] + [0x3F800000] * 4)],
         Tensor("f32", [1, 1, 1, 1], [chain([(0, 0x3F800000)] * 4 + [(tiny, minus)] + [(0, 0x3F800000)] * 4)]),
         "2^-100 times -2^-100, then padding")
    case("product", "conv2d", [1, 1], [x, Tensor("f32", [3, 3, 1, 1], [0x3F800000] * 8 + [minus])],
         Tensor("f32", [1, 1, 1, 1], [chain([(0, 0x3F800000)] * 4 + [(tiny, 0x3F800000)] + [(0, 0x3F800000)] * 3 + [(0, minus)])]),
         "padding times a negative weight")
    case("product", "conv2d", [1, 0], [x, Tensor("f32", [1, 1, 1, 1], [minus])], Tensor("f32", [1, 1, 1, 1], [fma(tiny, minus, 0)]),
         "the same product without padding")
    case("product", "conv2d", [1, 1], [x, Tensor("f32", [3, 3, 1, 1], [INF] * 4 + [0x3F800000] * 5)],
         Tensor("f32", [1, 1, 1, 1], [NAN]), "padding times infinity is NaN")


# --- pooling --------------------------------------------------------------------------------------
def pool_cases():
    for xs, window in (([1, 4, 4, 1], 2), ([2, 5, 4, 3], 2), ([1, 7, 3, 2], 3), ([1, 2, 2, 1], 1)):
        for make in (plain_f32, random_f32, lambda: rng.choice([0, SIGN, 0x3F800000, NAN, 0xFFFFFFFF, NINF])):
            x = tensor(xs, make)
            ys = [xs[0], xs[1] // window, xs[2] // window, xs[3]]
            places = list(itertools.product(range(window), range(window)))

            def taps(n, i, j, c):
                return [x.read(n, i * window + p, j * window + q, c) for p, q in places]

            y = fill("f32", ys, lambda *i: reduce_max(taps(*i)))
            case("pool", "max_pool2d", [window], [x], y)
            g = tensor(ys, make)
            out = blank("f32", xs)
            result = {}
            for n, i, j, c in y.indices():
                first = taps(n, i, j, c).index(y.read(n, i, j, c))
                p, q = places[first]
                result[n, i * window + p, j * window + q, c] = g.read(n, i, j, c)
            out.bits = [result.get(i, 0) for i in out.indices()]
            case("pool", "max_pool2d_grad", [window], [x, y, g], out, "to the first maximum")
    x = Tensor("f32", [1, 2, 2, 1], [0x3F800000, 0x40000000, 0, 0])
    case("pool", "max_pool2d_grad", [2], [x, Tensor("f32", [1, 1, 1, 1], [0x40400000]), Tensor("f32", [1, 1, 1, 1], [0x3F800000])],
         blank("f32", [1, 2, 2, 1]), "a y that is no element of its window gets no gradient")


# --- indices and randomness -----------------------------------------------------------------------
def philox(counter, key_):
    c, k = list(counter), list(key_)
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [p1 >> 32 ^ c[1] ^ k[0], p1 & 0xFFFFFFFF, p0 >> 32 ^ c[3] ^ k[1], p0 & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def words(v):
    return [v & 0xFFFFFFFF, v >> 32]


def purpose_key(seed, purpose):
    return philox(words(purpose) + [0x59535341, 0], words(seed))[:2]


def shuffled(seed, purpose, n, place):
    epoch, x = divmod(place, n)
    k = purpose_key(seed, purpose)
    for r in range(24):
        b = philox(words(epoch) + [0, 2 * r], k)
        offset = (b[0] | b[1] << 32) % n
        partner = (offset - x) % n
        if philox(words(epoch) + [max(x, partner), 2 * r + 1], k)[0] & 1:
            x = partner
    return x


def index_cases():
    # Known answers published with Random123.
    assert philox([0] * 4, [0] * 2) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
    assert philox([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2) == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]
    assert philox([0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344], [0xA4093822, 0x299F31D0]) == \
        [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]
    scalar = lambda v: Tensor("u64", [], [v])
    for seed, t, purpose, shape in ((0, 0, 0, [9]), (1, 2, 3, [2, 5]), (M64, M64, M64, [6]), (1 << 32, 5, 1 << 40, [17])):
        k = purpose_key(seed, purpose)

        def word(e):
            return philox(words(t) + words(e >> 2), k)[e & 3]

        n = 1
        for d in shape:
            n *= d
        out = Tensor("f32", shape, [rounded(Fraction(word(e) >> 8, 1 << 24)) for e in range(n)])
        case("index", "random_uniform", [purpose], [scalar(seed), scalar(t)], out)
    for seed, t, n, purpose, b in ((0, 0, 10, 0, 10), (7, 3, 10, 1, 4), (7, 2, 7, 1, 16), (M64, M64, 1000, 9, 5),
                                   (3, 0, 1, 0, 3), (5, 12345, 60000, 2, 9), (6, 1 << 40, 1 << 32, 2, 8)):
        out = Tensor("u32", [b], [shuffled(seed, purpose, n, (t * b + e) & M64) for e in range(b)])
        case("index", "shuffle_index", [n, purpose], [scalar(seed), scalar(t)], out)
    assert sorted(shuffled(11, 4, 37, 37 * 5 + i) for i in range(37)) == list(range(37))
    for dtype, shape in (("f32", [4, 3]), ("u8", [5, 2, 2]), ("i64", [3])):
        make = random_f32 if dtype == "f32" else (lambda: rng.getrandbits(WIDTH[dtype]))
        table = blank(dtype, shape)
        table.bits = [make() for _ in table.bits]
        rows = [0, shape[0] - 1, shape[0], 0xFFFFFFFF, 1]
        index = Tensor("u32", [5], rows)
        out = fill(dtype, [5] + shape[1:], lambda i, *rest: table.read(rows[i], *rest) if rows[i] < shape[0] else 0)
        case("index", "gather_rows", [], [table, index], out, "rows beyond the table read 0")


# --- movement -------------------------------------------------------------------------------------
def any_tensor(dtype, shape):
    t = blank(dtype, shape)
    t.bits = [random_f32() if dtype == "f32" else rng.getrandbits(WIDTH[dtype]) for _ in t.bits]
    return t


def replaced(index, axis, i):
    return index[:axis] + (i,) + index[axis + 1:]


def transpose_case(dtype, shape, axes):
    x = any_tensor(dtype, shape)

    def element(*out):
        index = [0] * len(shape)
        for i, axis in enumerate(axes):
            index[axis] = out[i]
        return x.read(*index)

    packed = sum(axis << 4 * i for i, axis in enumerate(axes))
    case("movement", "transpose", [packed], [x], fill(dtype, [shape[a] for a in axes], element))


def slice_case(dtype, shape, axis, start, count):
    x = any_tensor(dtype, shape)
    out = shape[:axis] + [count] + shape[axis + 1:]
    case("movement", "slice", [axis, start], [x],
         fill(dtype, out, lambda *o: x.read(*replaced(o, axis, start + o[axis]))))


def pad_case(dtype, shape, axis, before, behind):
    x = any_tensor(dtype, shape)
    out = shape[:axis] + [before + shape[axis] + behind] + shape[axis + 1:]

    def element(*o):
        at = o[axis] - before
        return x.read(*replaced(o, axis, at)) if 0 <= at < shape[axis] else 0

    case("movement", "pad", [axis, before], [x], fill(dtype, out, element))


def concat_case(dtype, shape, axis, behind):
    a, b = any_tensor(dtype, shape), any_tensor(dtype, shape[:axis] + [behind] + shape[axis + 1:])
    out = shape[:axis] + [shape[axis] + behind] + shape[axis + 1:]

    def element(*o):
        if o[axis] < shape[axis]:
            return a.read(*o)
        return b.read(*replaced(o, axis, o[axis] - shape[axis]))

    case("movement", "concat", [axis], [a, b], fill(dtype, out, element))


def scatter_case(rows, rest, indices, make, note=""):
    index = Tensor("u32", [len(indices)], indices)
    source = tensor([len(indices)] + rest, make)

    def element(row, *at):
        total = 0
        for k, to in enumerate(indices):
            if to == row:
                total = add(total, source.read(k, *at))
        return total

    case("movement", "scatter_add_rows", [], [index, source], fill("f32", [rows] + rest, element), note)


def movement_cases():
    for dtype in WIDTH:
        transpose_case(dtype, [2, 3], [1, 0])
        transpose_case(dtype, [2, 3, 2, 2], [0, 2, 1, 3])
        slice_case(dtype, [3, 5], 1, 2, 3)
        pad_case(dtype, [2, 3], 1, 1, 2)
        concat_case(dtype, [2, 2], 1, 3)
    transpose_case("f32", [], [])
    transpose_case("f32", [4], [0])
    transpose_case("f32", [2, 3, 4], [2, 0, 1])
    transpose_case("f32", [2, 3, 4], [2, 1, 0])
    transpose_case("f32", [1, 2, 3, 1, 2, 2], [5, 2, 0, 4, 3, 1])
    transpose_case("f32", [17, 9], [1, 0])
    for axis in range(3):
        slice_case("f32", [3, 4, 2], axis, 1, 1)
        slice_case("f32", [3, 4, 2], axis, 0, 2)
        pad_case("f32", [2, 1, 3], axis, 0, 1)
        pad_case("f32", [2, 1, 3], axis, 2, 0)
        pad_case("f32", [2, 1, 3], axis, 0, 0)
        concat_case("f32", [2, 1, 3], axis, 1)
    slice_case("f32", [5], 0, 0, 5)
    scatter_case(4, [3], [2, 0, 2, 9, 2, 0xFFFFFFFF, 0], plain_f32, "a row without a source is +0")
    scatter_case(4, [3], [1, 1, 3, 1, 4, 1], random_f32)
    scatter_case(3, [2, 2], [0, 2, 0, 2, 2], random_f32)
    scatter_case(2, [], [1, 0, 1, 1, 1], plain_f32)
    scatter_case(1, [1], [0, 0, 0], lambda: SIGN, "sums start at +0")
    # 2^24 + 1 + 1 in that order stays 2^24; in the other it is 2^24 + 2.
    for indices, bits in (([0, 0, 0], [0x4B800000, 0x3F800000, 0x3F800000]),
                          ([0, 0, 0], [0x3F800000, 0x3F800000, 0x4B800000])):
        order = iter(bits)
        scatter_case(1, [1], indices, lambda: next(order), "ascending sources")


# --- triangles and groups -------------------------------------------------------------------------
def triangular_case(shape_a, shape_b, ta, tb, part, diagonal, fill_bits, make):
    a, b = tensor(shape_a, make), tensor(shape_b, make)
    m, depth = (shape_a[-1], shape_a[-2]) if ta else (shape_a[-2], shape_a[-1])
    n = shape_b[-2] if tb else shape_b[-1]

    def element(*place):
        lead, i, j = list(place[:-2]), place[-2], place[-1]
        if part == 0 and j > i + diagonal:
            return canonical(fill_bits)
        steps = [k for k in range(depth)
                 if not (part == 1 and k > i + diagonal) and not (part == 2 and i > k + diagonal)]
        return chain((a.read(*lead, *((k, i) if ta else (i, k))), b.read(*lead, *((j, k) if tb else (k, j))))
                     for k in steps)

    case("product", "matmul_triangular", [ta, tb, part, diagonal, fill_bits], [a, b],
         fill("f32", shape_a[:-2] + [m, n], element), "part %d, diagonal %d" % (part, diagonal))


def triangular_cases():
    for part in range(3):
        for ta, tb in itertools.product((0, 1), (0, 1)):
            make = plain_f32 if (ta + tb) % 2 else random_f32
            a = [4, 5] if ta else [5, 4]
            b = [6, 4] if tb else [4, 6]
            triangular_case(a, b, ta, tb, part, 0, NINF, make)
            triangular_case([2] + a, [2] + b, ta, tb, part, 2, 0x3F800000, make)
        triangular_case([1, 3], [3, 4], 0, 0, part, 1, 0xFFC12345, plain_f32)
        triangular_case([3, 2], [2, 3], 0, 0, part, 1 << 40, NINF, plain_f32)
    # A skipped step is not a product with +0: 2^-100 times -2^-100 stays -0, and infinity is not met.
    tiny, minus, one = 0x0D800000, 0x8D800000, 0x3F800000
    a = Tensor("f32", [1, 2], [tiny, one])
    case("product", "matmul_triangular", [0, 0, 1, 0, 0], [a, Tensor("f32", [2, 1], [minus, INF])],
         Tensor("f32", [1, 1], [SIGN]), "step 1 is skipped")
    case("product", "matmul_triangular", [0, 0, 1, 1, 0], [a, Tensor("f32", [2, 1], [minus, 0])],
         Tensor("f32", [1, 1], [0]), "step 1 is not skipped")


def grouped_cases():
    for xs, ws, stride, padding in (([1, 4, 4, 4], [3, 3, 2, 4], 1, 1), ([2, 3, 4, 3], [2, 2, 1, 3], 1, 0),
                                    ([1, 5, 5, 2], [3, 3, 1, 6], 2, 1), ([1, 3, 3, 6], [1, 1, 3, 2], 1, 0)):
        for make in (plain_f32, random_f32):
            conv_cases(xs, ws, stride, padding, make, "%d groups" % (xs[3] // ws[2]))


def special_cases():
    """What is only moved is made canonical too; and as many axes as there may be."""
    n = len(SPECIAL)
    x = Tensor("f32", [n], SPECIAL)
    c = Tensor("u32", [n, 1], [i % 2 for i in range(n)])
    b = Tensor("f32", [n], SPECIAL[::-1])
    case("pointwise", "select", [], [c, x, b],
         fill("f32", [n, n], lambda i, j: (x if c.read(i, 0) else b).read(j)), "special values on both sides")
    case("movement", "pad", [0, 2], [x], fill("f32", [n + 3], lambda i: x.read(i - 2) if 0 <= i - 2 < n else 0))
    case("movement", "slice", [0, 1], [x], fill("f32", [n - 1], lambda i: x.read(i + 1)))
    case("movement", "concat", [0], [x, b], fill("f32", [2 * n], lambda i: x.read(i) if i < n else b.read(i - n)))
    table = Tensor("f32", [n, 1], SPECIAL)
    rows = Tensor("u32", [n + 1], list(range(n))[::-1] + [n])
    case("index", "gather_rows", [], [table, rows],
         fill("f32", [n + 1, 1], lambda i, j: table.read(rows.read(i), j) if rows.read(i) < n else 0))
    shape = [2, 3, 1, 2, 3, 2]
    for a, b in (([2, 1, 1, 2, 1, 2], [3, 1, 1, 3, 1]), ([2, 3, 1, 2, 3, 2], [3, 1, 2, 1, 2]), ([2], [2, 3, 1, 2, 3, 1])):
        p, q = tensor(a), tensor(b)
        case("pointwise", "sub", [], [p, q],
             fill("f32", shape, lambda *i: add(broadcast(p, shape, i), negate(broadcast(q, shape, i)))),
             "broadcast to rank 6")
    for mask in (0b101010, 0b010101, 0b110011, 0b111111):
        y = tensor(shape)
        groups = reduced(y, mask)
        kept = [1 if mask >> axis & 1 else d for axis, d in enumerate(shape)]
        for op, f in (("reduce_sum", lanes_sum), ("reduce_max", reduce_max)):
            case("reduce", op, [mask], [y], fill("f32", kept, lambda *i: f(groups[i])), "rank 6")


def main():
    unary_cases()
    binary_cases()
    other_pointwise_cases()
    reduce_cases()
    product_cases()
    pool_cases()
    index_cases()
    movement_cases()
    triangular_cases()
    grouped_cases()
    special_cases()
    folder = os.path.dirname(os.path.abspath(__file__))
    failed = False
    for name, cases in CASES.items():
        text = '{"profile": "fp32-fma/1", "cases": [\n' + ",\n".join(json.dumps(c) for c in cases) + "\n]}\n"
        path = os.path.join(folder, name + ".json")
        if "--check" in sys.argv:
            with open(path) as f:
                same = f.read() == text
            failed |= not same
            print(name, "unchanged" if same else "DIFFERS")
        else:
            with open(path, "w") as f:
                f.write(text)
            print(name, len(cases), "cases", len(text), "bytes")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
