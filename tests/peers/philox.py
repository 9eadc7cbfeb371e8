"""The profile's random_uniform (docs/spec/numerics.md, "Randomness") over numpy arrays, written from
the specification alone."""
import numpy

MASK = numpy.uint64(0xFFFFFFFF)
HALF = numpy.uint64(32)


def block(counter, key):
    """Philox4x32-10 (Salmon et al., SC 2011): four arrays of words and two words -> four arrays."""
    c = [numpy.asarray(word, numpy.uint64) for word in counter]
    for turn in range(10):
        k = [numpy.uint64((key[0] + turn * 0x9E3779B9) & 0xFFFFFFFF),
             numpy.uint64((key[1] + turn * 0xBB67AE85) & 0xFFFFFFFF)]
        p = c[0] * numpy.uint64(0xD2511F53)
        q = c[2] * numpy.uint64(0xCD9E8D57)
        c = [(q >> HALF) ^ c[1] ^ k[0], q & MASK, (p >> HALF) ^ c[3] ^ k[1], p & MASK]
    return c


def words(value):
    return [value & 0xFFFFFFFF, value >> 32]


def uniform(seed, purpose, t, shape):
    """f32 in [0, 1), of one step."""
    key = [int(word) for word in block(words(purpose) + [0x59535341, 0], words(seed))[:2]]
    count = int(numpy.prod(shape))
    blocks = numpy.arange((count + 3) // 4, dtype=numpy.uint64)
    ones = numpy.ones_like(blocks)
    low, high = (numpy.uint64(word) * ones for word in words(t))
    drawn = numpy.stack(block([low, high, blocks & MASK, blocks >> HALF], key), 1).ravel()[:count]
    return ((drawn >> numpy.uint64(8)).astype("f4") * numpy.float32(2.0**-24)).reshape(shape)


# The vectors that its authors published for counters and keys of zeros and of ones.
assert [int(w) for w in block([0] * 4, [0] * 2)] == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
assert [int(w) for w in block([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2)] == [
    0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]
