"""Where a framework keeps each neutral weight and in which layout: not read out of its code but found by trying.

A model is loaded with numbers drawn at random, which look like no others, and then its own arrays are searched for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

AS_IT_IS, TRANSPOSED, REVERSED = "as it is", "transposed", "axes reversed"
NO_PLACE = "no place of its own"

CHANGES: tuple[tuple[str, Callable[[np.ndarray, tuple[int, ...]], np.ndarray | None]], ...] = (
    (AS_IT_IS, lambda values, shape: values if values.shape == shape else None),
    (TRANSPOSED, lambda values, shape: values.T if values.ndim == 2 and values.shape[::-1] == shape else None),
    (REVERSED, lambda values, shape: values.T if values.ndim > 2 and values.shape[::-1] == shape else None),
    ("split into heads", lambda values, shape: values.reshape(shape) if values.size == np.prod(shape) else None),
    ("transposed, split into heads", lambda values, shape: values.T.reshape(shape) if values.size == np.prod(shape) else None),
    ("the first two rows left out", lambda values, shape: values[2:] if values[2:].shape == shape else None),
)
"""What a framework may do to a neutral weight, tried in this order."""


JOINED = "token_type_embeddings.weight"
"""Both wings add RoBERTa's only vector of this kind to those of the positions, so it is left out of the trial."""


def drawn_like(weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Numbers for every weight that occur nowhere else; zeros for what wings join with others."""
    generator = np.random.default_rng(0)
    drawn = {name: generator.normal(size=values.shape).astype(values.dtype) for name, values in weights.items()}
    return {name: np.zeros_like(values) if name.endswith(JOINED) else values for name, values in drawn.items()}


@dataclass(frozen=True, kw_only=True)
class WeightPlace:
    """The place at which a framework keeps one neutral weight."""

    weight: str
    """The neutral name."""
    name: str = ""
    """The framework's own name; empty where the weight has no place of its own."""
    shape: tuple[int, ...] = ()
    """Its shape there."""
    change: str = ""
    """What the framework does to the neutral layout; ``NO_PLACE`` where the weight is found nowhere."""


def find_places(neutral: Mapping[str, np.ndarray], own: Mapping[str, np.ndarray]) -> list[WeightPlace]:
    """Find each neutral weight among a framework's ``own`` arrays."""
    left, places = dict(own), list[WeightPlace]()
    for weight, values in neutral.items():
        name, change = next(_candidates(values, left), ("", NO_PLACE))
        shape = tuple(left.pop(name).shape) if name else ()
        places.append(WeightPlace(weight=weight, name=name, shape=shape, change=change))
    return places


def without_neutral(places: Iterable[WeightPlace], own: Mapping[str, np.ndarray]) -> list[str]:
    """A framework's own arrays that hold no neutral weight, by what :func:`find_places` has found."""
    taken = {place.name for place in places}
    return [name for name in own if name not in taken]


def _candidates(values: np.ndarray, own: Mapping[str, np.ndarray]) -> Iterator[tuple[str, str]]:
    for name, array in own.items():
        for change, turned in CHANGES:
            if array.size <= values.size and (expected := turned(values, array.shape)) is not None and np.array_equal(expected, array):
                yield name, change
