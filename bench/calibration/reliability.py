"""How well probabilities foretell what is right: scores, intervals, and the temperature."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from itertools import pairwise
from math import exp, log, sqrt
from random import Random
from typing import NamedTuple

BINS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
"""Narrow where nearly all diagnoses are."""
Z = 1.96
CLIP = 1e-3
"""No probability counts as surer than this: one miss would outweigh everything."""
TEMPERATURES = tuple(1.05**step for step in range(-30, 51))
RESAMPLES = 400
ENOUGH_FAULTS = 5


class Sample(NamedTuple):
    """One diagnosis at one moment."""

    fault: str
    """What had really been done; the split and the resampling go by it."""
    probability: float
    right: bool


class Bin(NamedTuple):
    low: float
    high: float
    n: int
    said: float
    """Mean probability."""
    came: float
    """Share that was right."""
    interval: tuple[float, float]


def is_for_fitting(fault: str) -> bool:
    """Half of all fault ids, always the same half."""
    return blake2b(fault.encode(), digest_size=1).digest()[0] % 2 == 0


def brier(samples: Sequence[Sample]) -> float:
    """Mean squared error; 0 is perfect, 0.25 is what 0.5 for everything gives."""
    return sum((each.probability - each.right) ** 2 for each in samples) / len(samples)


def bins(samples: Sequence[Sample]) -> list[Bin]:
    found = []
    for low, high in pairwise(BINS):
        inside = [each for each in samples if low < each.probability <= high or each.probability == low == 0]
        if inside:
            right = sum(each.right for each in inside)
            said = sum(each.probability for each in inside) / len(inside)
            interval = wilson(right, len(inside))
            found.append(Bin(low, high, len(inside), said, right / len(inside), interval))
    return found


def calibration_error(samples: Sequence[Sample]) -> float:
    """Expected calibration error: the gap between said and came, weighted by the number in each bin."""
    return sum(each.n * abs(each.said - each.came) for each in bins(samples)) / len(samples)


def wilson(right: int, n: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927); sound for few and for all right."""
    share, spread = right / n, Z * Z / n
    middle = (share + spread / 2) / (1 + spread)
    half = Z * sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def tempered(probability: float, temperature: float) -> float:
    """What a two-sided choice becomes when all scores are divided by the temperature."""
    clipped = min(max(probability, CLIP), 1 - CLIP)
    return 1 / (1 + exp(-log(clipped / (1 - clipped)) / temperature))


def surprise(samples: Sequence[Sample], temperature: float) -> float:
    """Mean negative logarithm of what was said of what came."""
    total = 0.0
    for each in samples:
        said = tempered(each.probability, temperature)
        total -= log(said if each.right else 1 - said)
    return total / len(samples)


def fit(samples: Sequence[Sample]) -> float:
    """The temperature that leaves the least surprise; below 1 the diagnoses were too modest."""
    return min(TEMPERATURES, key=lambda temperature: (surprise(samples, temperature), abs(log(temperature))))


def fitted(samples: Sequence[Sample]) -> tuple[float, tuple[float, float]]:
    """The temperature with its 95 % interval, by resampling whole faults: runs of one fault are alike."""
    by_fault: dict[str, list[Sample]] = {}
    for each in samples:
        by_fault.setdefault(each.fault, []).append(each)
    faults = sorted(by_fault)
    chance = Random(8470)
    found = sorted(
        fit([each for fault in chance.choices(faults, k=len(faults)) for each in by_fault[fault]])
        for _ in range(RESAMPLES)
    )
    return fit(samples), (found[round(0.025 * (RESAMPLES - 1))], found[round(0.975 * (RESAMPLES - 1))])


def to_use(temperature: float, interval: tuple[float, float], faults: int) -> float:
    """1 where it cannot be told from 1, or rests on too few faults."""
    sure = faults >= ENOUGH_FAULTS and not interval[0] <= 1.0 <= interval[1]
    return round(temperature, 3) if sure else 1.0
