"""What users pass, as the arrays and numbers that the library takes.

Whether values make sense is the library's to say; here is said what is no number at all.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

MOST_SEEDS = 2**64 - 1
MOST_THREADS = 4096
MOST_DRAWS = 2**53


def column(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Values (n), or one of them, as doubles."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        array = np.array([_number(x, name, row) for row, x in enumerate(_items(values), 1)])
    if array.ndim > 1:
        raise ValueError(f"{name} has shape {array.shape}, must have one dimension")
    return np.ascontiguousarray(np.atleast_1d(array))


def table(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Values (P, k) as doubles."""
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        items = np.asarray(values, dtype=object)
        if items.ndim != 2:
            raise ValueError(f"{name} has shape {items.shape}, must have two dimensions") from None
        return np.array([[_number(x, name, p) for x in row] for p, row in enumerate(items, 1)])


def _items(values: Any) -> Iterable[Any]:
    return [values] if isinstance(values, str) or not isinstance(values, Iterable) else values


def _number(value: Any, name: str, row: int) -> float:
    if value is None or type(value).__name__ == "NAType":  # pandas.NA; pandas need not be there
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValueError(f"row {row}: {name} is '{value}', not a number") from None


def texts(values: Iterable[Any] | None) -> list[str]:
    """Labels as texts; none where there are none."""
    return [] if values is None else [str(value) for value in values]


def whole(value: Any, name: str) -> int:
    """A whole number, as 1000000 or 1e6."""
    try:
        if isinstance(value, (float, np.floating)) and float(value).is_integer():
            return int(value)
        return operator.index(value)
    except TypeError:
        raise ValueError(f"{name} is {value}, must be a whole number") from None


def within(value: Any, name: str, most: int) -> int:
    """A whole number from 0 to `most`."""
    number = whole(value, name)
    if not 0 <= number <= most:
        raise ValueError(f"{name} is {number}, must be a whole number from 0 to {most}")
    return number


def draws(value: Any) -> int:
    """A number of draws."""
    number = whole(value, "number of draws")
    if not 1 <= number <= MOST_DRAWS:  # the library's words, beyond what its integers hold too
        raise ValueError(f"number of draws is {number}, must be from 1 to 2^53")
    return number


def seed(value: Any) -> int:
    """A seed of 64 bits."""
    return within(value, "seed", MOST_SEEDS)


def threads(value: Any) -> int:
    """A number of threads; 0, all that there are, for None."""
    return 0 if value is None else within(value, "threads", MOST_THREADS)


def one_of(value: str, name: str, choices: Sequence[str]) -> str:
    """One of a few names."""
    if value not in choices:
        raise ValueError(f"{name} is '{value}', must be one of {', '.join(choices)}")
    return value
