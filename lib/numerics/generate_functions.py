#!/usr/bin/env python3
"""Finds the constants of internal/functions_double.hpp: minimax polynomials and tables.

Needs mpmath. Prints each polynomial's coefficients, constant term first, with the interval and the
weighted error before rounding to binary64. erf's first twelve were then moved by a few units in
their last place until no input was rounded wrongly.
"""
import struct

from mpmath import cos, erf, exp, log, log1p, lu_solve, matrix, mp, mpf, nint, nstr, pi, sin, sqrt

mp.dps = 60


def remez(f, weight, low, high, count, rounds=12):
    """`count` coefficients of the polynomial that minimises max weight * |error| on [low, high]."""
    grid = [(low + high) / 2 - (high - low) / 2 * cos(pi * i / 3000) for i in range(3001)]
    heaviest = max(map(weight, grid))
    grid = [x for x in grid if weight(x) > heaviest / 1000]
    values, weights = [f(x) for x in grid], [weight(x) for x in grid]
    places = [round((len(grid) - 1) * i / count) for i in range(count + 1)]
    for _ in range(rounds):
        a, b = matrix(count + 1, count + 1), matrix(count + 1, 1)
        for row, place in enumerate(places):
            for n in range(count):
                a[row, n] = grid[place] ** n
            a[row, count] = (-1) ** row / weights[place]
            b[row] = values[place]
        solution = lu_solve(a, b)
        coefficients = [solution[n] for n in range(count)]
        errors = [w * (y - mp.polyval(coefficients[::-1], x))
                  for x, y, w in zip(grid, values, weights)]
        places_before, places = places, alternation(errors, count + 1)
        if places == places_before or len(places) < count + 1:
            break
    return coefficients, max(map(abs, errors))


def alternation(errors, count):
    """Where the error is extreme, with alternating signs."""
    best = []
    for i, e in enumerate(errors):
        if best and (errors[best[-1]] > 0) == (e > 0):
            if abs(e) > abs(errors[best[-1]]):
                best[-1] = i
        else:
            best.append(i)
    while len(best) > count:
        best.pop(0 if abs(errors[best[0]]) < abs(errors[best[-1]]) else -1)
    return best


def show(name, f, weight, low, high, count):
    coefficients, error = remez(f, weight, mpf(low), mpf(high), count)
    print(f"{name} on [{nstr(low, 6)}, {nstr(high, 6)}], error 2^{float(log(error, 2)):.1f}:")
    print("  " + ", ".join(float(c).hex() for c in coefficients))


def parts(name, value):
    high = float(value)
    print(f"{name}: {high.hex()} {float(value - mpf(high)).hex()}")


def show_eighth_powers():
    words = [struct.unpack("<Q", struct.pack("<d", float(mpf(2) ** (mpf(j) / 8))))[0]
             for j in range(8)]
    print("kEighthPowers: " + ", ".join(f"0x{w - (j << 49):016x}" for j, w in enumerate(words)))


def show_log_tables():
    """For each eighth a reciprocal whose logarithm is nearly a multiple of 2^-44."""
    edges = [0.71875, .78125, .84375, .90625, .96875, 1.0625, 1.1875, 1.3125, 1.4375]
    for low, high in zip(edges, edges[1:]):
        if low < 1 < high:
            print("kReciprocals, kLogarithms: 1.0, 0.0")
            continue
        middle = int(nint(log((mpf(low) + mpf(high)) / 2) * 2 ** 44))
        candidates = [mpf(middle + (d << 20)) / 2 ** 44 for d in range(-4000, 4001)]
        best = min(candidates, key=lambda c: abs(log(mpf(float(exp(-c)))) + c))
        print(f"kReciprocals, kLogarithms: {float(exp(-best)).hex()}, {float(best).hex()}")


def main():
    ln2 = log(mpf(2))
    parts("kLn2EighthHigh, kLn2EighthLow", ln2 / 8)
    parts("kPiHigh, kPiLow", pi)
    print("kEighthsPerLn2:", float(8 / ln2).hex(), " kPerPi:", float(1 / pi).hex())
    high = mpf(int(nint(ln2 * 2 ** 44))) / 2 ** 44
    print("kLn2High, kLn2Low:", float(high).hex(), float(ln2 - high).hex())
    show_eighth_powers()
    show_log_tables()

    slack = 1 + mpf(2) ** -20  # what rounds to k may lie this far beyond the middle
    r = ln2 / 16 * slack
    for name, count in (("kExpPolynomial", 6), ("kShortExpPolynomial", 5)):
        show(name, lambda x: (exp(x) - 1 - x) / x ** 2 if abs(x) > 1e-15 else mpf(1) / 2, abs, -r,
             r, count)
    show("kLogPolynomial",
         lambda x: (log1p(x) - x) / x ** 2 if abs(x) > 1e-15 else -mpf(1) / 2, abs,
         -mpf("0.0557"), mpf(1) / 16, 8)
    show("kSinPolynomial",
         lambda u: (sin(sqrt(u)) / sqrt(u) - 1) / u if u > 1e-15 else -mpf(1) / 6,
         lambda u: u * sqrt(u) / sin(sqrt(u)) if u > 0 else mpf(0), mpf(0),
         (pi / 2 * slack) ** 2, 6)
    end = mpf("3.925") ** 2
    print("kErfScale:", float(2 / end).hex())

    def erf_ratio(t):
        x = sqrt((t + 1) * end / 2)
        return erf(x) / x if x > 1e-15 else 2 / sqrt(pi)

    show("kErfPolynomial", erf_ratio, lambda t: 1 / erf_ratio(t), mpf(-1), mpf(1), 27)


if __name__ == "__main__":
    main()
