"""The CRC32C of two byte strings, one after the other, from the CRCs of each.

Appending n bytes multiplies a CRC, read as a polynomial over GF(2), by x^(8n) modulo the generator. Bits are reflected:
the highest one is the coefficient of x^0.
https://en.wikipedia.org/wiki/Mathematics_of_cyclic_redundancy_checks
"""

from __future__ import annotations

from functools import lru_cache

_GENERATOR = 0x82F63B78
_ONE = 1 << 31
_X_TO_8 = 1 << 23


def joined_crc(first: int, second: int, second_bytes: int) -> int:
    """The CRC of `first`'s bytes followed by `second`'s, of which there are `second_bytes`."""
    return _product(_appended(second_bytes), first) ^ second


@lru_cache(maxsize=256)
def _appended(count: int) -> int:
    """x^(8 · count) modulo the generator."""
    power, square = _ONE, _X_TO_8
    while count:
        if count & 1:
            power = _product(power, square)
        square = _product(square, square)
        count >>= 1
    return power


def _product(a: int, b: int) -> int:
    out, bit = 0, _ONE
    while a:
        if a & bit:
            out ^= b
            a ^= bit
        bit >>= 1
        b = b >> 1 ^ (_GENERATOR if b & 1 else 0)
    return out
