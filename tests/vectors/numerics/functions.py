#!/usr/bin/env python3
"""Conformance vectors of the correctly rounded functions: exp, log, tanh, erf, sin, cos, rsqrt, sigmoid.

Made from docs/spec/numerics.md by MPFR (Debian: python3-gmpy2): 300 bits, an interval of 2^-280 about them, and
exact rounding of both its ends, which must agree. Calls nothing of assay. Writes functions.json beside itself in
the form that generate.py describes; `functions.py --check` only compares.
"""
import json
import os
import random
import sys
from fractions import Fraction

import gmpy2
from gmpy2 import mpfr

from binary32 import INF, NAN, NINF, SIGN, canonical, certain, is_nan, value

ONE, HALF = 0x3F800000, 0x3F000000
CODES = ["exp", "log", "tanh", "erf", "sin", "cos", "rsqrt", "sigmoid"]

EVALUATE = {
    "exp": gmpy2.exp, "log": gmpy2.log, "tanh": gmpy2.tanh, "erf": gmpy2.erf, "sin": gmpy2.sin, "cos": gmpy2.cos,
    "rsqrt": gmpy2.rec_sqrt, "sigmoid": lambda x: 1 / (1 + gmpy2.exp(-x))}

# The results at NaN, -inf, -0, +0, +inf.
SPECIAL = {
    "exp": (NAN, 0, ONE, ONE, INF), "log": (NAN, NAN, NINF, NINF, INF), "tanh": (NAN, ONE | SIGN, SIGN, 0, ONE),
    "erf": (NAN, ONE | SIGN, SIGN, 0, ONE), "sin": (NAN, NAN, SIGN, 0, NAN), "cos": (NAN, NAN, ONE, ONE, NAN),
    "rsqrt": (NAN, NAN, NINF, INF, 0), "sigmoid": (NAN, 0, HALF, HALF, ONE)}

# Where results become constant, or simple; the neighbours are taken too. 16367173 * 2^72 is the nearest of all
# to a multiple of pi/2.
LIMITS = {
    "exp": [0x42B17218, 0xC2CFF1B5, 0xC2AEAC50, 0x33000000, 0xB2800000], "log": [ONE, 0x00800000, 0x7F7FFFFF],
    "tanh": [0x41102CB4, 0x39B89BA3, 0x00800000], "erf": [0x407AD445, 0x00800000, 0x3F800000],
    "sin": [0x39E89769, 0x3F490FDB, 0x3FC90FDB, 0x40490FDB, 0x40C90FDB, 0x6F79BE45],
    "cos": [0x39800000, 0x3F490FDB, 0x3FC90FDB, 0x40490FDB, 0x6F79BE45],
    "rsqrt": [ONE, 0x40800000, 0x3E800000, 0x00800000, 0x7F7FFFFF],
    "sigmoid": [0x418AA123, 0xC2CFF1B5, 0xC2AEAC50, 0x34000000, 0xB3800000, 0xB4C00000, 0x34400000]}

# Inputs whose values lie nearest to a rounding boundary, of all 2^32; sigmoid's are those where it is a tie but for the
# third power of x. They say nothing about the results.
HARD = {
    "exp": [0xC16912CD, 0x377EFF81, 0xB3000000, 0xBAE0E25C, 0xBBF0EDF1, 0x343FFFFF, 0x34DFFFFD, 0x356FFFF9],
    "log": [0x65D890D3, 0x4C5D65A5, 0x4D604EBE, 0x1F116AB8, 0x41178FEB, 0x66A8C860, 0x3C413D3A, 0x6F31A8EC],
    "tanh": [0x3AC37DE2, 0x3CD41B91, 0x3EEE0566, 0x40ACB4D0, 0x3ADBC904, 0x3BC8B605, 0x3C96AE2E, 0x3D7C3055],
    "erf": [0x3940EAD6, 0x39C0057D, 0x358E9D2D, 0x36AEA466, 0x00AA320C, 0x012A320C, 0x01AA320C, 0x022A320C],
    "sin": [0x46199998, 0x73243F06, 0x55CAFB2A, 0x67A9242B, 0x4371ADE3, 0x5DADD689, 0x5F208D82, 0x61DFC847, 0x6446CEC0,
            0x79D1F6D3, 0x7A5AACDB, 0x3DCF5597],
    "cos": [0x59443C0A, 0x5F18B878, 0x6115CB11, 0x7A4B1A27, 0x3C107FE6, 0x5922AA80, 0x61703976, 0x7908CD73],
    "sigmoid": [0xB3800000, 0x34000000, 0xB4400000, 0x34C00000]}


def result(op, a):
    if is_nan(a):
        return SPECIAL[op][0]
    if a in (NINF, SIGN, 0, INF):
        return SPECIAL[op][1 + (NINF, SIGN, 0, INF).index(a)]
    if op in ("log", "rsqrt") and a & SIGN:
        return NAN
    if op == "log" and a == ONE:
        return 0
    x = value(a)
    if op in ("exp", "sigmoid") and abs(x) > 200:
        return (INF if op == "exp" else ONE) if x > 0 else 0
    if op in ("tanh", "erf") and abs(x) > 200:
        return ONE | a & SIGN
    with gmpy2.context(precision=300, emin=-100000, emax=100000):
        y = EVALUATE[op](mpfr(gmpy2.mpq(x.numerator, x.denominator)))
    y = Fraction(int(y.as_integer_ratio()[0]), int(y.as_integer_ratio()[1]))
    margin = abs(y) / (1 << 280)
    bits = certain(y - margin, y + margin)
    assert bits is not None, (op, hex(a))
    return bits


def inputs(op, rng):
    out = [NAN, 0xFFC00001, 0x7F800001, NINF, SIGN, 0, INF]
    for a in LIMITS[op]:
        out += [a - 2, a - 1, a, a + 1, a + 2]
    out += [1, 2, 3, 0x007FFFFF, 0x00800001, 0x7F7FFFFF, 0x3F800001, 0x3F7FFFFF, 0x4B800000, 0x4B000001]
    out += HARD.get(op, [])
    out += [a ^ SIGN for a in out]
    for field in list(range(0, 255, 8)) + list(range(100, 138)):
        for _ in range(2):
            out.append(rng.getrandbits(1) << 31 | field << 23 | rng.getrandbits(23))
    out += [rng.getrandbits(32) for _ in range(40)]
    for _ in range(80):  # where results are neither constant nor the input
        out.append(rng.getrandbits(1) << 31 | rng.randrange(0x3C000000, 0x42C00000))
    return out


def case(op):
    xs = inputs(op, random.Random("functions/" + op))

    def tensor(bits):
        return {"dtype": "f32", "shape": [len(bits)], "bits": ["%08x" % b for b in bits]}

    return {"op": op, "attributes": [], "operands": [tensor(xs)],
            "output": tensor([canonical(result(op, x)) for x in xs]), "note": "correctly rounded"}


def main():
    text = '{"profile": "fp32-fma/1", "cases": [\n' + ",\n".join(json.dumps(case(op)) for op in CODES) + "\n]}\n"
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "functions.json")
    if "--check" in sys.argv:
        with open(path) as f:
            same = f.read() == text
        print("functions", "unchanged" if same else "DIFFERS")
        sys.exit(0 if same else 1)
    with open(path, "w") as f:
        f.write(text)
    print("functions", len(CODES), "cases", len(text), "bytes")


if __name__ == "__main__":
    main()
