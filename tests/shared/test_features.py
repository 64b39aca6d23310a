"""Vectors are computed once for a text, survive a kill, and are never used for another text or with damage."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from engine.errors import EncoderError, ParityError
from engine.shared.encoders import vector_cache
from engine.shared.encoders.vector_cache import Features, FeatureWriter, features_at, features_of
from engine.shared.encoders.vector_file import VectorFile, create_vectors, hash_texts, open_vectors, seals_of
from engine.shared.encoders.vector_limit import kept_limit, make_room, survey

SIZE = 5
TEXTS = ["one", "two", "three", "four"]


@pytest.fixture(autouse=True)
def nothing_shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vector_cache, "SHIPPED", tmp_path / "shipped")


def place(folder: Path, texts: Sequence[str], *kind: object) -> Features:
    return features_of(folder / "kept", hash_texts(texts), *(kind or ("f" * 16, 256)))  # type: ignore[arg-type]


def vectors_of(texts: Sequence[str]) -> np.ndarray:
    """A made-up encoder: another vector for every text."""
    return hash_texts(texts)[:, :1] % 1000 + np.arange(SIZE, dtype=np.float32)


def encode(features: Features, texts: Sequence[str]) -> list[str]:
    """Complete a matrix, as a worker does; return the texts that it had to encode."""
    writer = FeatureWriter(features, SIZE)
    asked = [texts[row] for row in writer.missing]
    for start in range(0, len(asked), 50):
        writer.write(writer.missing[:50], vectors_of(asked[start : start + 50]))
    writer.finish()
    assert features.complete
    assert np.array_equal(features.open(), vectors_of(texts))
    return asked


def test_the_place_depends_on_texts_order_and_all_that_changes_a_vector(tmp_path: Path) -> None:
    there = place(tmp_path, TEXTS)
    assert there == place(tmp_path, tuple(TEXTS)) == features_at(there.file, TEXTS)
    others = [
        place(tmp_path, TEXTS[::-1]),
        place(tmp_path, ["onet", "wo", *TEXTS[2:]]),
        place(tmp_path, [*TEXTS, "\ud800"]),  # a lone surrogate is a text as well
        place(tmp_path, TEXTS, "e" * 16, 256),
        place(tmp_path, TEXTS, "f" * 16, 128),
        place(tmp_path, TEXTS, "f" * 16, 256, True),
        place(tmp_path, TEXTS, "f" * 16, 256, False, "bfloat16"),
    ]
    assert len({other.key for other in [there, *others]}) == 8
    assert len({other.key.partition("-")[0] for other in [there, *others]}) == 5, "lists of the same kind share their vectors"


@pytest.mark.parametrize(
    ("texts", "new"),
    [
        ([*TEXTS, "five", "six"], ["five", "six"]),
        (TEXTS[::-1], []),
        (TEXTS[1:3], []),
        (["new", *TEXTS[:2], "new", "two"], ["new"]),
        (["One", "two "], ["One", "two "]),
    ],
    ids=["grown", "in another order", "a part", "texts that occur twice", "almost the same"],
)
def test_only_new_texts_are_encoded_and_equal_ones_once(texts: list[str], new: list[str], tmp_path: Path) -> None:
    assert encode(place(tmp_path, TEXTS), TEXTS) == TEXTS
    features = place(tmp_path, texts)
    assert features.count_missing() == len(new)
    kept = features.gather(SIZE)
    assert kept == sum(text in TEXTS for text in texts)
    assert features.complete == (not new)
    if new:
        assert encode(features, texts) == new
    assert np.array_equal(features.open(), vectors_of(texts))
    assert features.gather(SIZE) == len(texts)
    assert not features.findings


@pytest.mark.parametrize("kind", [("e" * 16, 256), ("f" * 16, 128), ("f" * 16, 256, True), ("f" * 16, 256, False, "bfloat16")])
def test_vectors_of_another_kind_are_not_used(kind: tuple[object, ...], tmp_path: Path) -> None:
    encode(place(tmp_path, TEXTS), TEXTS)
    features = place(tmp_path, TEXTS, *kind)
    assert features.count_missing() == 4 and features.gather(SIZE) == 0
    assert encode(features, TEXTS) == TEXTS


def test_a_file_that_grew_by_100_of_7600_texts(tmp_path: Path) -> None:
    texts = [f"article {number % 7590}" for number in range(7600)]
    assert len(encode(place(tmp_path, texts), texts)) == 7590
    new = [f"new {number}" for number in range(100)]
    grown = place(tmp_path, [*new[:50], *texts, *new[50:]])
    assert grown.count_missing() == 100
    assert encode(grown, [*new[:50], *texts, *new[50:]]) == new


def test_an_interrupted_encoding_goes_on_also_for_another_list(tmp_path: Path) -> None:
    features = place(tmp_path, TEXTS)
    writer = FeatureWriter(features, SIZE)
    writer.write(np.array([2, 0]), vectors_of(["three", "one"]))
    with pytest.raises(ValueError, match="2 of 4 vectors are missing"):
        writer.finish()
    assert not features.complete
    assert FeatureWriter(place(tmp_path, TEXTS[:3]), SIZE).missing.tolist() == [1]
    writer.leave()
    assert features.count_missing() == 2
    assert encode(features, TEXTS) == ["two", "four"]
    assert not list(features.folder.glob(f"{features.key}*draft*"))


def test_a_killed_writers_matrix_is_taken_over_and_a_living_ones_is_not(tmp_path: Path) -> None:
    code = (
        "import sys, time, numpy as np; from pathlib import Path\n"
        "from engine.shared.encoders.vector_cache import FeatureWriter, features_at\n"
        "writer = FeatureWriter(features_at(Path(sys.argv[1]), ['one', 'two']), 5)\n"
        "writer.write(np.array([0]), np.ones((1, 5), np.float32)); print('written', flush=True); time.sleep(60)"
    )
    features = place(tmp_path, ["one", "two"])
    with subprocess.Popen([sys.executable, "-c", code, str(features.file)], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None and other.stdout.readline() == b"written\n"
        assert FeatureWriter(features, SIZE).missing.tolist() == [1], "its row is copied"
        assert len(list(features.folder.glob("*.draft.npy"))) == 2
        assert make_room(features.folder, limit=0) == 0, "both are being written"
        other.kill()
    os.unlink(features.folder / f"{features.key}.{os.getpid()}.draft.npy")
    assert FeatureWriter(features, SIZE).missing.tolist() == [1]
    assert len(list(features.folder.glob("*.draft.npy"))) == 1


def test_a_reader_cannot_change_what_others_read(tmp_path: Path) -> None:
    features = place(tmp_path, TEXTS)
    encode(features, TEXTS)
    features.open()[0] = 9
    assert np.array_equal(features.open(), vectors_of(TEXTS))


def change(row: int, column: int, value: float) -> Callable[[Path], None]:
    def damage(file: Path) -> None:
        open_vectors(file, "r+").vectors[row, column] = value

    return damage


def swap_texts(file: Path) -> None:
    """As where the hashes belong to another matrix."""
    matrix = open_vectors(file, "r+")
    matrix.texts[:2] = matrix.texts[1::-1].copy()


def swap_vectors(file: Path) -> None:
    matrix = open_vectors(file, "r+")
    matrix.vectors[:2] = matrix.vectors[1::-1].copy()


def seal_nan(file: Path) -> None:
    """As if NaN had been written with a seal."""
    matrix = open_vectors(file, "r+")
    vectors = np.nan_to_num(matrix.vectors[1:2])
    matrix.seals[1:2] = seals_of(matrix.texts[1:2], vectors)
    matrix.vectors[1] = np.nan


def zero(start: int, stop: int) -> Callable[[Path], None]:
    def damage(file: Path) -> None:
        data = bytearray(file.read_bytes())
        data[start:stop] = bytes(len(data[start:stop]))
        file.write_bytes(data)

    return damage


def cut(to: int) -> Callable[[Path], None]:
    return lambda file: file.write_bytes(file.read_bytes()[:to])  # type: ignore[return-value]


DAMAGE: dict[str, tuple[Callable[[Path], None], int]] = {
    "one bit": (lambda file: change(1, 2, np.nextafter(vectors_of(TEXTS)[1, 2], 0, dtype=np.float32))(file), 1),
    "a sign": (lambda file: change(3, 4, -vectors_of(TEXTS)[3, 4])(file), 1),
    "NaN": (change(0, 0, np.nan), 1),
    "NaN with a seal": (seal_nan, 1),
    "texts of another matrix": (swap_texts, 2),
    "rows in another order": (swap_vectors, 2),
    "a hole": (zero(128 + 20, 128 + 40), 1),
    "seals are gone": (lambda file: open_vectors(file, "r+").seals.fill(0), 4),
    "cut by a row": (cut(-24), 4),
    "cut to the matrix": (cut(128 + 80), 4),
    "cut in the header": (cut(20), 4),
    "empty": (cut(0), 4),
    "no header": (zero(0, 100), 4),
    "something else": (lambda file: file.write_bytes(b"what is this" * 30), 4),  # type: ignore[dict-item,return-value]
    "longer": (lambda file: file.write_bytes(file.read_bytes() + b"more"), 4),  # type: ignore[dict-item,return-value]
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_noticed_and_only_what_it_hit_is_computed_again(name: str, tmp_path: Path) -> None:
    damage, hit = DAMAGE[name]
    features = place(tmp_path, TEXTS)
    encode(features, TEXTS)
    damage(features.file)
    assert not features.complete
    larger = place(tmp_path, ["zero", *TEXTS])
    assert larger.gather(SIZE) == 4 - hit
    assert larger.findings == [] if name == "seals are gone" else larger.findings
    assert len(encode(larger, ["zero", *TEXTS])) == 1 + hit
    assert features.gather(SIZE) == 4, "the other list has sound ones now"
    assert np.array_equal(features.open(), vectors_of(TEXTS))
    features.forget()
    assert not features.complete
    features.forget()


def test_a_draft_of_another_shape_or_damaged_is_begun_anew(tmp_path: Path) -> None:
    features = place(tmp_path, TEXTS)
    FeatureWriter(features, SIZE + 1).leave()
    assert len(FeatureWriter(features, SIZE).missing) == 4
    features.draft.write_bytes(b"torn")
    assert encode(features, TEXTS) == TEXTS
    assert not features.draft.exists()


def test_what_is_no_number_is_never_kept(tmp_path: Path) -> None:
    writer = FeatureWriter(place(tmp_path, TEXTS), SIZE)
    with pytest.raises(EncoderError, match="values that are no numbers for 1 of 2 texts"):
        writer.write(np.array([0, 1]), np.array([[1] * SIZE, [1, 2, np.inf, 3, 4]], np.float32))
    assert len(writer.missing) == 4


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="this system cannot reserve space")
def test_a_full_disk_is_noticed_before_a_page_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of a mapped file for which there is no room would end the process by a signal."""

    def full(descriptor: int, start: int, length: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    features = place(tmp_path, TEXTS)
    with pytest.raises(OSError, match="No space left on device"):
        features.gather(SIZE)
    assert not list(features.folder.glob("[!.]*"))


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="this system cannot reserve space")
def test_on_a_full_disk_older_vectors_make_room_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, used, new = (place(tmp_path, [f"{name} {number}" for number in range(50)]) for name in ("old", "used", "new"))
    for features, name in ((old, "old"), (used, "used")):
        encode(features, [f"{name} {number}" for number in range(50)])
    used.hold()
    reserve = os.posix_fallocate

    def full(descriptor: int, start: int, length: int) -> None:
        if old.file.exists():
            raise OSError(28, "No space left on device")
        reserve(descriptor, start, length)

    monkeypatch.setattr(os, "posix_fallocate", full)
    assert new.gather(SIZE) == 0
    assert not old.file.exists() and used.complete and new.draft.exists()


def test_vectors_that_come_with_the_product_are_read_and_left(tmp_path: Path) -> None:
    shipped = place(tmp_path, TEXTS)
    encode(shipped, TEXTS)
    shipped.folder.rename(vector_cache.SHIPPED)
    features = place(tmp_path, TEXTS[1:])
    assert features.count_missing() == 0
    assert features.gather(SIZE) == 3 and features.complete
    assert features.read_note() == {}, "how far the other encoder is away was not measured"
    change(1, 0, 7)(vector_cache.SHIPPED / shipped.file.name)
    other = place(tmp_path, [TEXTS[1], "more"])
    features.forget()
    assert other.gather(SIZE) == 0 and other.findings
    cut(50)(vector_cache.SHIPPED / shipped.file.name)
    assert other.gather(SIZE) == 0 and (vector_cache.SHIPPED / shipped.file.name).exists()


def test_the_oldest_unused_go_first_and_those_in_use_never(tmp_path: Path) -> None:
    lists = [[f"{name} {number}" for number in range(50)] for name in "abcd"]
    kept = [place(tmp_path, texts) for texts in lists]
    for age, (features, texts) in enumerate(zip(kept, lists, strict=True)):
        encode(features, texts)
        features.write_note({"texts": 50})
        for file in features.folder.glob(f"{features.key}*"):
            os.utime(file, (1e9 + age, 1e9 + age))
    kept[0].hold()  # used now
    kept[0].release()
    kept[1].hold()
    assert survey(kept[0].folder).texts == 200
    size = survey(kept[0].folder).size
    freed = make_room(kept[0].folder, limit=size // 2 + 100)
    assert [features.complete for features in kept] == [True, True, False, False]
    assert survey(kept[0].folder).size == size - freed
    make_room(kept[0].folder, limit=0)
    assert [features.complete for features in kept] == [False, True, False, False], "one is in use"
    assert {file.name.split(".")[0] for file in kept[0].folder.glob("[!.]*")} == {kept[1].key}
    (kept[1].folder / f"{kept[1].key}.{2**22 + 1}.use").touch()  # of a process that has gone
    kept[1].release()
    assert not list(kept[1].folder.glob("*.use"))
    make_room(kept[0].folder, limit=0)
    assert not list(kept[0].folder.glob("[!.]*"))


def test_a_new_matrix_makes_room_for_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARITY_VECTORS_LIMIT", "0")
    first, second = place(tmp_path, TEXTS[:2]), place(tmp_path, TEXTS)
    encode(first, TEXTS[:2])
    assert encode(second, TEXTS) == TEXTS[2:], "copied before it goes"
    assert not first.complete


def test_what_is_removed_while_it_is_mapped_stays_readable(tmp_path: Path) -> None:
    features = place(tmp_path, TEXTS)
    encode(features, TEXTS)
    vectors = features.open()
    make_room(features.folder, limit=0)
    assert not features.file.exists() and np.array_equal(vectors, vectors_of(TEXTS))


def test_a_system_that_keeps_mapped_files_from_removal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Windows does."""
    features = place(tmp_path, TEXTS)
    encode(features, TEXTS)
    writer = FeatureWriter(features, SIZE)
    replace = os.replace

    def refuse(*names: Path) -> None:
        if names[-1] == features.file:
            raise PermissionError(13, "The process cannot access the file because it is being used by another process")
        replace(*names)

    monkeypatch.setattr(os, "replace", refuse)
    monkeypatch.setattr(os, "unlink", refuse)
    monkeypatch.setattr(Path, "unlink", lambda file, missing_ok=False: refuse(file) if file == features.file else os.remove(file))
    assert make_room(features.folder, limit=0) == 0 and features.complete
    writer.finish()
    assert features.complete and not list(features.folder.glob("*draft*"))
    features.file.write_bytes(b"damaged")
    with pytest.raises(PermissionError):
        encode(features, TEXTS)


def test_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert 0 < kept_limit(tmp_path / "not" / "there") <= 5e9
    monkeypatch.setenv("PARITY_VECTORS_LIMIT", "2.5")
    assert kept_limit(tmp_path) == 2.5e9
    for wrong in ("much", "-1", "nan", "inf"):
        monkeypatch.setenv("PARITY_VECTORS_LIMIT", wrong)
        with pytest.raises(ParityError, match=f"PARITY_VECTORS_LIMIT is “{wrong}”. Expected the gigabytes"):
            place(tmp_path, TEXTS).gather(SIZE)


def test_a_source_that_is_removed_meanwhile_is_no_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encode(place(tmp_path, TEXTS), TEXTS)
    monkeypatch.setattr(Features, "_sources", lambda features: [tmp_path / f"{features.key}.npy"])
    features = place(tmp_path, TEXTS[1:])
    assert features.gather(SIZE) == 0 and not features.findings


def test_a_file_that_cannot_be_read_now_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = place(tmp_path, TEXTS)
    encode(kept, TEXTS)

    def refuse(file: Path, mode: str = "r") -> VectorFile:
        if file == kept.file:
            raise OSError(24, "Too many open files")
        return open_vectors(file, mode)

    monkeypatch.setattr(vector_cache, "open_vectors", refuse)
    features = place(tmp_path, TEXTS[1:])
    assert features.gather(SIZE) == 0
    assert "could not be read ([Errno 24] Too many open files)" in features.findings[0] and kept.file.exists()


def test_seals_of_vectors_of_odd_and_even_length(tmp_path: Path) -> None:
    for size in (4, 5):
        create_vectors(tmp_path / "matrix.npy", hash_texts(TEXTS), size)
        matrix = open_vectors(tmp_path / "matrix.npy", "r+")
        assert not matrix.sound(slice(None)).any()
        matrix.vectors[:] = np.random.default_rng(0).random((4, size))
        matrix.seals[:] = seals_of(matrix.texts, matrix.vectors)
        assert open_vectors(tmp_path / "matrix.npy").sound(slice(None)).all()
        for column in range(size):
            other = matrix.vectors.copy()
            other[:, column] *= -1
            assert (seals_of(matrix.texts, other) != matrix.seals).all()


def test_notes_are_optional(tmp_path: Path) -> None:
    features = place(tmp_path, TEXTS)
    assert features.read_note() == {}
    features.folder.mkdir()
    features.write_note({"encoder_difference": 1e-6})
    assert features.read_note() == {"encoder_difference": 1e-6}
