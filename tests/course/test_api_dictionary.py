"""The API dictionary: every name exists in the installed frameworks, and whatever is typed finds what it means."""

from __future__ import annotations

import inspect
from importlib import import_module

import pytest

from engine.course.api_dictionary import DICTIONARY, entries, search
from tests.wing_process import InWing


@pytest.mark.parametrize("framework", ["pytorch", "tensorflow"])
def test_every_name_is_there_in_the_installed_framework(in_wing: InWing, framework: str) -> None:
    names = sorted({name for entry in entries() if (name := getattr(entry, framework))})
    missing = in_wing(framework, unknown_names, names)
    assert not missing, "\n".join(missing)


def unknown_names(names: list[str]) -> list[str]:
    """In the framework's process: those that it does not have, each with the reason."""
    unknown = []
    for name in names:
        dotted, _, parameter = name.removesuffix(")").partition("(")
        parts = ("tensorflow" + dotted[2:] if dotted.startswith("tf.") else dotted).split(".")
        try:
            item = import_module(parts[0])
            for number, part in enumerate(parts[1:], start=2):
                # Some modules are there only once they have been imported by name.
                item = getattr(item, part) if hasattr(item, part) else import_module(".".join(parts[:number]))
            parameters = inspect.signature(item).parameters if parameter else {}
        except (AttributeError, ImportError, ValueError) as error:
            unknown.append(f"{name}: {error}")
            continue
        kinds = {each.kind for each in parameters.values()}
        # Where a class passes everything on, its documentation is all there is to ask.
        told = inspect.Parameter.VAR_KEYWORD in kinds and parameter in (item.__doc__ or "")
        if parameter and parameter not in parameters and not told:
            unknown.append(f"{name}: no such parameter")
    return unknown


def test_the_dictionary_is_whole() -> None:
    pairs = [(entry.pytorch, entry.tensorflow) for entry in entries()]
    assert len(pairs) >= 60 and len(set(pairs)) == len(pairs), "no pair stands there twice"
    assert set(DICTIONARY) >= {"Tensors", "Layers", "Losses", "Optimizers", "Training", "Evaluation", "Data", "Text", "Saving", "Devices"}
    for entry in entries():
        assert entry.tensorflow and entry.difference.endswith((".", "…")), entry
        assert entry.pytorch.partition(".")[0] in ("torch", "transformers", "tokenizers", ""), entry
        assert entry.tensorflow.partition(".")[0] in ("tf", "keras", "keras_hub"), entry


def found(words: str) -> list[tuple[str, str]]:
    return [(entry.pytorch, entry.tensorflow) for pairs in search(words).values() for entry in pairs]


@pytest.mark.parametrize(
    ("words", "pytorch"),
    [
        ("Linear", "torch.nn.Linear"),
        ("dense", "torch.nn.Linear"),
        ("nn.lin", "torch.nn.Linear"),
        ("KERAS.LAYERS.DENSE", "torch.nn.Linear"),
        ("norm epsilon", "torch.nn.LayerNorm(eps)"),
        ("momentum", "torch.nn.BatchNorm1d(momentum)"),
        ("tensorflow.constant", "torch.tensor"),
        ("tf.constant", "torch.tensor"),
        ("false friends eval", "torch.nn.Module.eval"),
        ("  Dropout  ", "torch.nn.Dropout(p)"),
        ("early", ""),
    ],
)
def test_a_part_of_a_name_or_of_the_sentence_finds_it(words: str, pytorch: str) -> None:
    assert pytorch in [left for left, _ in found(words)]


def test_a_search_narrows_and_may_find_nothing() -> None:
    assert len(found("")) == len(found("   ")) == sum(1 for _ in entries())
    assert 0 < len(found("adam epsilon")) < len(found("adam"))
    assert found("adam no-such-thing") == [] and search("<b>") == {}
    assert list(search("torch")) == list(DICTIONARY), "in the order of the work"
