"""binary32 in exact integers and fractions, as docs/spec/numerics.md defines it: bit patterns in, bit
patterns out. Calls nothing of assay."""
import math
from fractions import Fraction

NAN, INF, NINF, SIGN = 0x7FC00000, 0x7F800000, 0xFF800000, 0x80000000
WIDTH = {"f32": 32, "i32": 32, "u32": 32, "i64": 64, "u64": 64, "u8": 8}
SIGNED = {"i32", "i64"}
M64 = (1 << 64) - 1


def is_nan(b):
    return (b & 0x7FFFFFFF) > INF


def canonical(b):
    return NAN if is_nan(b) else b


def is_inf(b):
    return (b & 0x7FFFFFFF) == INF


def value(b):
    """The rational value of a finite pattern."""
    field, fraction = b >> 23 & 0xFF, b & 0x7FFFFF
    assert field != 255
    magnitude = Fraction(fraction, 1 << 149) if field == 0 else Fraction(fraction | 1 << 23) * Fraction(2) ** (field - 150)
    return -magnitude if b & SIGN else magnitude


def floor_log2(q):
    n = q.numerator.bit_length() - q.denominator.bit_length()
    return n if Fraction(2) ** n <= q else n - 1


def rounded(q, zero=0):
    """Round to nearest even; `zero` is the pattern of an exact zero."""
    if q == 0:
        return zero
    sign, q = (SIGN, -q) if q < 0 else (0, q)
    exponent = max(floor_log2(q) - 23, -149)
    scaled = q / Fraction(2) ** exponent
    n, rest = divmod(scaled.numerator, scaled.denominator)
    twice = 2 * rest
    if twice > scaled.denominator or (twice == scaled.denominator and n & 1):
        n += 1
    if n >= 1 << 24:
        n, exponent = n >> 1, exponent + 1
    if n < 1 << 23:
        return sign | n
    field = exponent + 150
    return sign | INF if field >= 255 else sign | field << 23 | n & 0x7FFFFF


def negate(b):
    return NAN if is_nan(b) else b ^ SIGN


def add(a, b):
    if is_nan(a) or is_nan(b):
        return NAN
    if is_inf(a) or is_inf(b):
        if is_inf(a) and is_inf(b) and a != b:
            return NAN
        return a if is_inf(a) else b
    both_negative = a & b & SIGN
    exact = value(a) + value(b)
    if exact == 0 and value(a) == 0:
        return both_negative
    return rounded(exact)


def mul(a, b):
    if is_nan(a) or is_nan(b):
        return NAN
    sign = (a ^ b) & SIGN
    if is_inf(a) or is_inf(b):
        other = b if is_inf(a) else a
        return NAN if not is_inf(other) and value(other) == 0 else sign | INF
    q = value(a) * value(b)
    r = rounded(q, sign)
    return r | sign


def div(a, b):
    if is_nan(a) or is_nan(b):
        return NAN
    sign = (a ^ b) & SIGN
    if is_inf(a):
        return NAN if is_inf(b) else sign | INF
    if is_inf(b):
        return sign
    if value(b) == 0:
        return NAN if value(a) == 0 else sign | INF
    return rounded(value(a) / value(b), sign) | sign


def fma(a, b, c):
    if is_nan(a) or is_nan(b) or is_nan(c):
        return NAN
    sign = (a ^ b) & SIGN
    if is_inf(a) or is_inf(b):
        product = mul(a, b)
        return NAN if is_nan(product) or (is_inf(c) and c != product) else product
    if is_inf(c):
        return c
    p = value(a) * value(b)
    q = p + value(c)
    if q == 0:
        if p == 0 and value(c) == 0:
            return sign & c & SIGN
        return 0
    return rounded(q)


def sqrt(a):
    if is_nan(a) or (a & SIGN and a != SIGN):
        return NAN
    if a in (0, SIGN, INF):
        return a
    # 200 fraction bits and a sticky one below decide any binary32 rounding.
    q = value(a)
    n = (q.numerator << 400) // q.denominator
    root = math.isqrt(n)
    exact = root * root == n and (q.numerator << 400) % q.denominator == 0
    return rounded(Fraction(root * 2 + (0 if exact else 1), 1 << 201))


def certain(low, high):
    a, b = rounded(low), rounded(high)
    return a if a == b else None


LN2_BITS = 400


def ln2():
    # 2 atanh(1/3)
    total, term, n = 0, (2 << LN2_BITS) // 3, 1
    while term:
        total += term // n
        term //= 9
        n += 2
    return Fraction(total, 1 << LN2_BITS)


LN2 = ln2()  # error below 2^-390


def exp(a):
    if is_nan(a):
        return NAN
    if a == INF:
        return INF
    if a == NINF:
        return 0
    x = value(a)
    if x == 0:
        return 0x3F800000
    if x > 200:
        return INF
    if x < -200:
        return 0
    k = int(x / LN2)
    r = x - k * LN2
    shift = 1 << 300
    total, term, n = 0, shift, 0
    while abs(term) > 1:
        total += term
        n += 1
        term = int(term * r / n)
    error = Fraction(4 * n + 4, shift) + Fraction(abs(k) + 1, 1 << 300)
    s = Fraction(total, shift)
    scale = Fraction(2) ** k
    result = certain((s - error) * scale, (s + error) * scale)
    assert result is not None
    return result


def log(a):
    if a in (0, SIGN):
        return NINF
    if is_nan(a) or a & SIGN:
        return NAN
    if a == INF:
        return INF
    x = value(a)
    if x == 1:
        return 0
    e = floor_log2(x)
    m = x / Fraction(2) ** e
    if m > Fraction(4, 3):
        m, e = m / 2, e + 1
    s = (m - 1) / (m + 1)
    shift = 1 << 300
    term = int(s * shift)
    square, total, n = s * s, 0, 1
    while term:
        total += Fraction(term, n)
        term = int(term * square)
        n += 2
    log_m = Fraction(2 * total) / shift
    error = Fraction(8 * n, shift) + Fraction(abs(e) + 1, 1 << 350)
    result = certain(e * LN2 + log_m - error, e * LN2 + log_m + error)
    assert result is not None
    return result


def key(b):
    return b ^ 0x7FFFFFFF if b & SIGN else b


def signed32(v):
    return v - (1 << 32) if v & SIGN else v


def fmax(a, b):
    if is_nan(a) or is_nan(b):
        return NAN
    return b if signed32(key(a)) < signed32(key(b)) else a


def fmin(a, b):
    if is_nan(a) or is_nan(b):
        return NAN
    return b if signed32(key(b)) < signed32(key(a)) else a


def extended(a):
    """Finite and infinite values as something ordered."""
    return Fraction(10) ** 50 * (-1 if a & SIGN else 1) if is_inf(a) else value(a)


def integer(dtype, bits):
    width = WIDTH[dtype]
    return bits - (1 << width) if dtype in SIGNED and bits >> (width - 1) else bits


def cast(source, to, bits):
    if source == "f32":
        b = canonical(bits)
        if to == "f32":
            return b
        width = WIDTH[to]
        low, high = (-(1 << width - 1), (1 << width - 1) - 1) if to in SIGNED else (0, (1 << width) - 1)
        if is_nan(b):
            return 0
        if is_inf(b):
            v = low if b & SIGN else high
        else:
            q = value(b)
            v = -(-q.numerator // q.denominator) if q < 0 else q.numerator // q.denominator
            v = min(max(v, low), high)
        return v % (1 << width)
    v = integer(source, bits)
    return rounded(Fraction(v)) if to == "f32" else v % (1 << WIDTH[to])
