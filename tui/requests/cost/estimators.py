"""Estimators of a total over a file's lines, from a sample of them with a probability that is their share of its bytes.

The plain mean of a quantity per byte, times the bytes of the file, is an unbiased estimate of the total (Hansen and
Hurwitz, 1943). The *regression estimator* takes out what auxiliary variables explain, of which more is known than from
the sample: the lines, which were counted when the file was validated, and what its text is made of, from a larger,
cheaper sample. That is *double sampling*: Cochran, Sampling Techniques (1977), chapters 7 and 12. Where the variables
explain nothing it is as good as the plain mean, and its error says what is left, whatever they explain.

Every variance is that between neighbours, because the sample is stratified: what differs from one end of the file to
the other is no error, for the sample has both ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from operator import mul
from typing import Final, NamedTuple

# Of its own variation; an auxiliary variable that has less left, once others are taken out, says what they say.
_LEFT: Final = 1e-6
# Standard errors that half of a 95 % interval has.
NORMAL: Final = 1.96


class Total(NamedTuple):
    """An estimated sum over all lines, and half the width of its 95 % interval, in the same unit."""

    value: float
    error: float


class Fit(NamedTuple):
    """A quantity's mean as it hangs on the means of auxiliary variables."""

    constant: float
    slopes: tuple[float, ...]
    variance: float
    """Of the mean, as far as it does not come from the variables."""

    def at(self, means: Sequence[float]) -> float:
        """The mean of the quantity where the auxiliary variables have these means."""
        return sum(map(mul, self.slopes, means), self.constant)


def fit(values: Sequence[float], auxiliaries: Sequence[Sequence[float]]) -> Fit:
    """Least squares over the differences between neighbours; of each line its value and its auxiliary variables."""
    number = len(values)
    columns = [*zip(*auxiliaries, strict=True), values]
    means = [sum(column) / number for column in columns]
    if number < 2:
        return Fit(sum(means[-1:]), (0.0,) * (len(columns) - 1), float("inf"))
    steps = [[second - first for first, second in pairwise(column)] for column in columns]
    products = [[sum(map(mul, one, other)) for other in steps] for one in steps]
    used = _eliminate(products)
    slopes = tuple(products[index][-1] if used_one else 0.0 for index, used_one in enumerate(used))
    squares = max(0.0, products[-1][-1])
    freedom = max(1, number - 1 - sum(used))
    constant = means[-1] - sum(map(mul, slopes, means))
    return Fit(constant, slopes, squares / (2 * freedom) / number)


def total(mean: float, variance: float, size: int) -> Total:
    """Over a file of `size` bytes, from the mean per byte and its variance."""
    return Total(max(0.0, size * mean), NORMAL * size * variance**0.5)


def ratio(values: Sequence[float], lines: Sequence[float], count: int) -> Total:
    """The *ratio estimator*, for what has to do with the number of lines alone: their mean, times `count` lines.

    Both are per byte.
    """
    number, mean_lines = len(lines), sum(lines) / (len(lines) or 1)
    if not mean_lines:
        return Total(0.0, 0.0)
    slope = sum(values) / number / mean_lines
    variance = between_neighbours([value - slope * line for value, line in zip(values, lines, strict=True)]) / number
    return Total(slope * count, NORMAL * variance**0.5 / mean_lines * count)


def between_neighbours(values: Sequence[float]) -> float:
    """The variance of values, as far as it is between neighbours (von Neumann, 1941)."""
    return sum((second - first) ** 2 for first, second in pairwise(values)) / (2 * max(1, len(values) - 1))


def _eliminate(products: list[list[float]]) -> list[bool]:
    """Solves the normal equations in place by Gauss-Jordan elimination; which variables could be used.

    The last row and column are those of the quantity: of each variable used the column then holds the slope, and at its
    end it holds the squares that are left.
    """
    own = [row[index] for index, row in enumerate(products)]
    used = list[bool]()
    for index in range(len(products) - 1):
        pivot = products[index][index]
        used.append(pivot > _LEFT * own[index])
        if not used[index]:
            continue
        reduced = products[index] = [value / pivot for value in products[index]]
        for other, row in enumerate(products):
            if other != index:
                factor = row[index]
                products[other] = [value - factor * part for value, part in zip(row, reduced, strict=True)]
    return used
