"""Vectors that are computed once, survive a kill, and are not trusted when they were cut short."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from engine.shared.encoders.vector_cache import Features, FeatureWriter, features_of

TEXTS = ["one", "two", "three"]


def test_the_place_depends_on_texts_order_encoder_and_length(tmp_path: Path) -> None:
    place = features_of(tmp_path, TEXTS, "f" * 16, 256)
    assert place == features_of(tmp_path, tuple(TEXTS), "f" * 16, 256)
    others = [
        features_of(tmp_path, TEXTS[::-1], "f" * 16, 256),
        features_of(tmp_path, ["onet", "wo", "three"], "f" * 16, 256),
        features_of(tmp_path, TEXTS, "e" * 16, 256),
        features_of(tmp_path, TEXTS, "f" * 16, 128),
        features_of(tmp_path, [*TEXTS, "\ud800"], "f" * 16, 256),  # a lone surrogate is a text as well
    ]
    assert len({other.key for other in [place, *others]}) == 6


@pytest.fixture
def features(tmp_path: Path) -> Features:
    return Features(tmp_path / "cache", "k" * 32)


def test_an_interrupted_encoding_goes_on(features: Features) -> None:
    writer = FeatureWriter(features, 4, 3)
    writer.write(np.array([2, 0]), np.ones((2, 3), np.float32))
    writer.save()
    with pytest.raises(ValueError, match="2 of 4 vectors are missing"):
        writer.finish()
    assert not features.complete
    del writer
    again = FeatureWriter(features, 4, 3)
    assert again.done.tolist() == [True, False, True, False]
    again.write(np.array([1, 3]), np.full((2, 3), 2, np.float32))
    again.finish()
    assert features.complete
    assert features.open().tolist() == [[1.0] * 3, [2.0] * 3, [1.0] * 3, [2.0] * 3]
    assert [file.name for file in features.folder.iterdir()] == [features.file.name]


def test_a_reader_cannot_change_what_others_read(features: Features) -> None:
    writer = FeatureWriter(features, 1, 2)
    writer.write(np.array([0]), np.ones((1, 2), np.float32))
    writer.finish()
    features.open()[0] = 9
    assert features.open().tolist() == [[1.0, 1.0]]


@pytest.mark.parametrize("damage", [lambda data: data[:-4], lambda data: b"", lambda data: b"what is this", lambda data: data[:20]])
def test_a_file_that_was_cut_short_is_not_complete(features: Features, damage) -> None:  # type: ignore[no-untyped-def]
    writer = FeatureWriter(features, 5, 8)
    writer.write(np.arange(5), np.ones((5, 8), np.float32))
    writer.finish()
    features.file.write_bytes(damage(features.file.read_bytes()))
    assert not features.complete
    features.forget()
    assert not features.complete
    features.forget()


def test_a_draft_of_another_shape_or_damaged_is_begun_anew(features: Features) -> None:
    writer = FeatureWriter(features, 4, 3)
    writer.write(np.arange(4), np.ones((4, 3), np.float32))
    writer.save()
    assert not FeatureWriter(features, 5, 3).done.any()
    features.done_file.write_bytes(b"torn")
    assert not FeatureWriter(features, 5, 3).done.any()


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="this system cannot reserve space")
def test_a_full_disk_is_noticed_before_a_page_is_written(features: Features, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of a mapped file for which there is no room would end the process by a signal."""

    def full(descriptor: int, start: int, length: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="No space left on device"):
        FeatureWriter(features, 4, 3)
    assert list(features.folder.iterdir()) == []


def test_notes_are_optional(features: Features) -> None:
    assert features.read_note() == {}
    features.folder.mkdir()
    features.write_note({"encoder_difference": 1e-6})
    assert features.read_note() == {"encoder_difference": 1e-6}
