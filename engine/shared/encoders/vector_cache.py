"""Vectors of texts, computed once for a text and an encoder, kept on disk and memory-mapped by whoever trains on them.

A matrix is kept for a list of texts. What another list needs of it is copied, text by text, so that only new texts are encoded.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.errors import EncoderError
from engine.files import read_json, write_atomically
from engine.shared.encoders.vector_file import CHUNK, VectorFile, create_vectors, hash_texts, open_vectors, seals_of
from engine.shared.encoders.vector_limit import in_use, kept_limit, kept_size, make_room, mark_in_use, unmark

PROBE_TEXTS = 32
"""How many texts both encoders embed in every run, so that their vectors can be compared."""

SHIPPED = Path(__file__).parents[3] / "assets" / "vectors"
"""Vectors of the sample by the bundled encoder, which come with the product and are only ever read."""

FORMAT = 1
"""Counts up when the same arguments would give other vectors or another file."""

Note = dict[str, str | float | None]
"""Who encoded a matrix, how many texts, how fast, and how far the other framework's vectors were away (``encoder_difference``).

A matrix that was put together from others has none of these: nothing was measured on it yet.
"""


@dataclass(frozen=True)
class Features:
    """The place of one matrix of vectors, shape (texts, hidden size), whether it is there yet or not."""

    folder: Path
    key: str
    """The kind of the vectors (by which encoder, with which limit) and the list of the texts, as ``kind-list``."""
    texts: np.ndarray = field(repr=False, compare=False)
    """The texts as hashes, shape (texts, 2)."""
    findings: list[str] = field(default_factory=list, repr=False, compare=False)
    """What a person should know of the kept vectors: in sentences, for example that some were damaged."""

    @property
    def file(self) -> Path:
        return self.folder / f"{self.key}.npy"

    @property
    def draft(self) -> Path:
        """The file in which the matrix grows, while nobody writes into it; whoever does puts its process into the name."""
        return self.folder / f"{self.key}.draft.npy"

    @property
    def complete(self) -> bool:
        """Whether the matrix is there and every row of it is sound: what is missing or damaged is computed again."""
        try:
            matrix = open_vectors(self.file)
            rows, right = len(matrix.texts), np.array_equal(matrix.texts, self.texts)
            del matrix
            return right and all(open_vectors(self.file).sound(slice(start, start + CHUNK)).all() for start in range(0, rows, CHUNK))
        except (OSError, ValueError):
            return False

    def hold(self) -> None:
        """Keep the matrix from being removed to make room, until :meth:`release` or the end of this process."""
        mark_in_use(self.folder, self.key)
        with suppress(OSError):
            os.utime(self.file)

    def release(self) -> None:
        """Let the matrix be removed when it is the one that was not used for longest."""
        unmark(self.folder, self.key)

    def gather(self, hidden_size: int) -> int:
        """Copy what is kept of these texts from earlier matrices; return how many texts have a vector now.

        With all of them the matrix is complete. What is damaged is left out, and said in ``findings``.
        """
        if self.complete:
            return len(self.texts)
        writer = FeatureWriter(self, hidden_size)
        if len(writer.missing):
            writer.leave()
        else:
            writer.finish()
        return writer.kept_texts

    def count_missing(self) -> int:
        """Return how many different texts would have to be encoded, without looking into vectors."""
        wanted = self.texts[_first_of_equal(self.texts) == np.arange(len(self.texts))]
        for file in self._sources():
            if not len(wanted):
                break
            with suppress(OSError, ValueError):
                _, found = _matches(wanted, open_vectors(file))
                wanted = np.delete(wanted, found, axis=0)
        return len(wanted)

    def forget(self) -> None:
        """Remove the matrix, so that it is computed again."""
        self.file.unlink(missing_ok=True)

    def open(self) -> np.ndarray:
        """Return the matrix, memory-mapped; copy-on-write, so that no reader can change it for another."""
        return open_vectors(self.file, "c").vectors

    def read_note(self) -> Note:
        """Return what was recorded beside the matrix; empty where nothing was."""
        return read_json(self.folder / f"{self.key}.json") or {}

    def write_note(self, note: Note) -> None:
        write_atomically(self.folder / f"{self.key}.json", json.dumps(note))

    def _sources(self) -> list[Path]:
        """Return the files with vectors of the same kind, the last used first."""
        kind = self.key.partition("-")[0]
        files = {}
        for file in self.folder.glob(f"{kind}-*.npy"):
            with suppress(OSError):  # removed meanwhile
                files[file] = file.stat().st_mtime
        return [*sorted(files, key=files.__getitem__, reverse=True), *SHIPPED.glob(f"{kind}-*.npy")]


def features_of(
    folder: Path, texts: np.ndarray, fingerprint: str, max_tokens: int, windows: bool = False, precision: str = "float32"
) -> Features:
    """Return where the vectors of these texts, given as hashes, by this encoder are kept; equal arguments give an equal place.

    ``precision`` is that in which they are computed; they are kept in float32.
    """
    kind = hashlib.sha256(f"{FORMAT} {fingerprint} {max_tokens} {precision}{' windows' if windows else ''}".encode()).hexdigest()[:16]
    return Features(folder, f"{kind}-{hashlib.sha256(texts.tobytes()).hexdigest()[:24]}", texts)


def features_at(file: Path, texts: Sequence[str]) -> Features:
    """Return the place that has this file, as it was found by :func:`features_of`."""
    return Features(file.parent, file.stem, hash_texts(texts))


class FeatureWriter:
    """Fills a matrix in any order; what is kept from before is there already, what is written survives a kill.

    Every writer has a file of its own, so that two runs on the same texts do not meet. Raises ``OSError`` on a full disk.
    """

    def __init__(self, features: Features, hidden_size: int) -> None:
        kept_limit(features.folder)  # if that cannot be read, it is said before the work
        features.folder.mkdir(parents=True, exist_ok=True)
        self._features = features
        self._file = features.folder / f"{features.key}.{os.getpid()}.draft.npy"
        self._first = _first_of_equal(features.texts)
        self._damaged = 0
        if not self._take_over(hidden_size):
            self._create(hidden_size)
        self._matrix = open_vectors(self._file, "r+")
        self._unmapped = 0
        self._done = self._sound_rows()
        self._copy_kept()
        self.kept_texts = int(self._done[self._first].sum())
        """How many of the texts, equal ones counted each, have a vector from before."""

    @property
    def missing(self) -> np.ndarray:
        """The rows that are still to be computed; of equal texts the first one."""
        return np.flatnonzero(~self._done & (self._first == np.arange(len(self._first))))

    def write(self, rows: np.ndarray, vectors: np.ndarray) -> None:
        """Store ``vectors``, shape (len(rows), hidden size), at ``rows``. Raises ``EncoderError`` where they are no numbers."""
        seals = seals_of(self._features.texts[rows], vectors)
        if not seals.all():
            raise EncoderError(
                f"The encoder gave values that are no numbers for {int((seals == 0).sum()):,} of {len(rows):,} texts. Expected finite "
                "numbers alone. Its weights or its settings do not fit its precision: download it again, or choose another."
            )
        self._matrix.vectors[rows] = vectors
        self._matrix.seals[rows] = seals
        self._done[rows] = True
        self._unmapped += len(rows)
        if self._unmapped >= CHUNK:
            self._matrix, self._unmapped = open_vectors(self._file, "r+"), 0

    def leave(self) -> None:
        """Leave the matrix as it is to whoever goes on with it."""
        del self._matrix
        os.replace(self._file, self._features.draft)

    def finish(self) -> None:
        """Give the complete matrix its final name, and make room for it. Raises ``ValueError`` when rows are missing."""
        if len(self.missing):
            raise ValueError(f"{len(self.missing)} of {len(self._done)} vectors are missing")
        again = np.flatnonzero(~self._done)  # texts that occur before: they have the same hash, so the same seal
        for rows in np.split(again, range(CHUNK, len(again), CHUNK)):
            self._matrix.vectors[rows] = self._matrix.vectors[self._first[rows]]
            self._matrix.seals[rows] = self._matrix.seals[self._first[rows]]
        del self._matrix
        try:
            os.replace(self._file, self._features.file)
        except PermissionError:  # Windows replaces no file that another run has mapped
            if not self._features.complete:
                raise
            self._file.unlink()
        for left in self._features.folder.glob(f"{self._features.key}.*draft.npy"):
            if not in_use(left):
                left.unlink(missing_ok=True)
        make_room(self._features.folder, self._features.key)

    def _take_over(self, hidden_size: int) -> bool:
        """Go on with a matrix that somebody left or was killed over."""
        for left in self._features.folder.glob(f"{self._features.key}.*draft.npy"):
            with suppress(OSError, ValueError):
                if left == self._file or not in_use(left):
                    os.replace(left, self._file)  # of two that try, one succeeds
                    matrix = open_vectors(self._file)
                    if matrix.vectors.shape[1] == hidden_size and np.array_equal(matrix.texts, self._features.texts):
                        return True
        return False

    def _create(self, hidden_size: int) -> None:
        """Begin a matrix; a disk that is full of older ones lets those go that were not used for longest."""
        features = self._features
        try:
            create_vectors(self._file, features.texts, hidden_size)
        except OSError as error:
            needed = 4 * hidden_size * len(features.texts)
            limit = max(0, kept_size(features.folder) - needed)
            if error.errno != errno.ENOSPC or make_room(features.folder, features.key, limit) < needed:
                raise
            create_vectors(self._file, features.texts, hidden_size)

    def _sound_rows(self) -> np.ndarray:
        sealed = np.flatnonzero(self._matrix.seals)
        done = np.zeros(len(self._first), bool)
        for rows in np.split(sealed, range(CHUNK, len(sealed), CHUNK)):
            done[rows] = open_vectors(self._file).sound(rows)
        self._damaged += len(sealed) - int(done.sum())
        return done

    def _copy_kept(self) -> None:
        """Copy what is missing from the matrices of the same kind; a row that is not sound is looked for in the next."""
        features, damaged_files = self._features, 0
        for file in features._sources():
            missing = self.missing
            if not len(missing):
                break
            if file == self._file:
                continue
            try:
                rows, found = _matches(features.texts[missing], open_vectors(file))
                for chunk in range(0, len(rows), CHUNK):
                    self._copy(open_vectors(file), rows[chunk : chunk + CHUNK], missing[found[chunk : chunk + CHUNK]])
                if len(rows) and file.parent != SHIPPED:
                    os.utime(file)
            except FileNotFoundError:  # removed to make room: then it is not kept
                continue
            except OSError as error:  # perhaps it can be read another time
                features.findings.append(f"Kept vectors could not be read ({error}); what is needed of them is computed again.")
            except ValueError:
                if not file.name.endswith("draft.npy"):  # somebody may just be making it; all others are whole when they get their names
                    damaged_files += 1
                    if file.parent != SHIPPED:
                        file.unlink(missing_ok=True)
        if damaged_files:
            files = "A file of kept vectors was" if damaged_files == 1 else f"{damaged_files} files of kept vectors were"
            features.findings.append(f"{files} cut short or damaged and not used.")
        if self._damaged:
            many = "One kept vector was" if self._damaged == 1 else f"{self._damaged:,} kept vectors were"
            features.findings.append(f"{many} damaged (the checksum does not fit) and not used.")

    def _copy(self, source: VectorFile, rows: np.ndarray, targets: np.ndarray) -> None:
        sound = source.sound(rows)
        self._damaged += int((~sound).sum())
        if source.vectors.shape[1] == self._matrix.vectors.shape[1] and sound.any():
            self.write(targets[sound], source.vectors[rows[sound]])


def _first_of_equal(texts: np.ndarray) -> np.ndarray:
    """Return for each text the row in which an equal one occurs first."""
    order = np.lexsort((texts[:, 1], texts[:, 0]))  # stable, so the first of equal ones stays the first
    new = np.append(True, (texts[order[1:]] != texts[order[:-1]]).any(axis=1))
    first = np.empty(len(texts), np.int64)
    first[order] = order[np.flatnonzero(new)][np.cumsum(new) - 1]
    return first


def _matches(wanted: np.ndarray, source: VectorFile) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of ``source`` that are there, and for each the number of the equal text in ``wanted``."""
    order = np.argsort(wanted[:, 0])
    ordered = wanted[order]
    place = np.minimum(np.searchsorted(ordered[:, 0], source.texts[:, 0]), len(wanted) - 1)
    rows = np.flatnonzero((ordered[place] == source.texts).all(axis=1) & (source.seals != 0))
    return rows, order[place[rows]]
