"""What is read of an archive with several files: one table, the tables of a published split, texts with their labels, or class folders."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from engine.errors import DataError
from engine.reading.columns.part_names import PARTS, part_of
from engine.reading.containers.archives import COMPRESSED, Member
from engine.reading.containers.foreign import not_a_table

TOGETHER = " + "
"""Between the members that are read as one table, in ``ReadingOptions.member``."""
TABLES = {".csv", ".tsv", ".tab", ".json", ".jsonl", ".ndjson", ".parquet", ".pq", ".arrow", ".feather",
          ".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"}  # fmt: skip
ARCHIVES = {".zip", ".tar", ".tgz", ".7z", ".rar"}
DOCUMENTS = re.compile(
    r"(?:^|[^a-z])(?:read_?me|licen[sc]e|citation|changelog|notice|copying|sample_?submission|metadata|schema|dataset_info|state\.json)"
)
TEXT_WORDS = {"text", "texts", "sentence", "sentences", "x", "data", "document", "documents", "docs", "message", "messages",
              "question", "questions", "review", "reviews", "input", "inputs", "in", "tweets", "utterances"}  # fmt: skip
LABEL_WORDS = {"label", "labels", "y", "target", "targets", "class", "classes", "category", "categories", "intent", "intents"}
FEWEST_TEXTS = 2
"""A folder holds a class where it has, on average, at least so many text files."""


@dataclass(frozen=True)
class Part:
    """One member that is read, or a pair of parallel ones."""

    split: str
    """``train``, ``validation`` or ``test``; empty where the archive does not say."""
    member: Member
    labels: Member | None = None
    """The member with the labels of the texts, line by line."""


@dataclass(frozen=True)
class Selection:
    """What is read of an archive."""

    parts: tuple[Part, ...]
    left_out: tuple[Member, ...] = ()
    texts: tuple[Part, ...] = ()
    """The text files of class folders, in place of parts."""
    prefix: str = ""
    """The folder that holds the class folders."""

    @property
    def member(self) -> str:
        """The choice as ``ReadingOptions.member`` says it."""
        if self.texts:
            return self.prefix
        paths = [member.path for part in self.parts for member in (part.member, part.labels) if member is not None]
        return TOGETHER.join(paths)


def select(members: Sequence[Member], name: str, chosen: str | None, kind: str | None = None) -> Selection:
    """Return what to read of an archive; ``chosen`` names it where a person did. Raises ``DataError`` where nothing in it can be read."""
    if kind == "texts" or (chosen or "").endswith("/"):
        inside = [member for member in members if member.path.startswith(chosen or "")]
        folders = class_folders(inside, fewest=1)
        if folders is None:
            raise DataError(
                f"“{name}” has no class folders{f' in {chosen}' if chosen else ''}. Expected a folder for each class with text files in "
                f"it, such as sport/001.txt. It holds {_listed(members)}."
            )
        return _with_left_out(folders, members)
    if chosen:
        picked = _picked(members, name, chosen)
        single = Selection(tuple(Part("", member) for member in picked))
        several = len(picked) > 1
        return _with_left_out((several and (_pairs(picked, named_alone=_is_table(picked[0])) or _split_tables(picked))) or single, members)
    tables = [member for member in members if _is_table(member)]
    folders = class_folders(members)
    if folders is not None and len(folders.texts) > 10 * len(tables):
        return _with_left_out(folders, members)
    usable = [member for member in members if _is_table(member) or _is_text(member)]
    candidates = [member for member in usable if not DOCUMENTS.search(member.name.lower())] or usable
    if not candidates:
        raise _nothing_to_read(members, name)
    together = _pairs([m for m in candidates if _is_table(m)], named_alone=True) or _split_tables([m for m in candidates if _is_table(m)])
    if not tables:
        together = _pairs([m for m in candidates if _is_text(m)]) or _split_tables(candidates, numbered_alone=False)
    if together is not None:
        return _with_left_out(together, members)
    texts = [member for member in candidates if not _is_table(member)]
    if len(texts) > 20 and len(texts) > 10 * len(tables):
        raise DataError(
            f"“{name}” holds {len(texts):,} text files in one folder, so nothing says their classes. "
            "Expected a folder for each class, such as sport/001.txt, or one table. Sort the files into folders, or name one with --member."
        )
    best = max(candidates, key=lambda m: (_is_table(m), PARTS[0] in words_of(m), m.info.file_size))
    return _with_left_out(Selection((Part("", best),)), members)


def files_alike(selection: Selection) -> Selection | None:
    """Return the file that is read with those beside it whose names differ in words alone, such as one file a class."""
    first = selection.parts[0].member
    where = first.path.removesuffix(first.name), first.ending
    beside = [m for m in selection.left_out if (m.path.removesuffix(m.name), m.ending) == where and not DOCUMENTS.search(m.name.lower())]
    words = {word for member in (first, *beside) for word in re.findall(r"[a-z]+|\d", member.name.lower().removesuffix(where[1]))}
    usual = words & (TEXT_WORDS | LABEL_WORDS) or any(part_of(word) or word.isdigit() for word in words)
    if len(selection.parts) > 1 or not beside or usual:
        return None
    return Selection(tuple(Part("", member) for member in (first, *beside)), tuple(m for m in selection.left_out if m not in beside))


def _with_left_out(selection: Selection, members: Sequence[Member]) -> Selection:
    used = {member for part in selection.parts + selection.texts for member in (part.member, part.labels)}
    return replace(selection, left_out=tuple(member for member in members if member not in used))


def class_folders(members: Sequence[Member], fewest: int = FEWEST_TEXTS) -> Selection | None:
    """Return the text files that lie in a folder for each class, below folders ``train`` and ``test`` if there are any; else ``None``."""
    texts = [member for member in members if _is_text(member) and "/" in member.path]
    if not texts:
        return None
    depths = Counter(member.path.count("/") for member in texts)
    depth = depths.most_common(1)[0][0]
    folders = [member.path.split("/")[:-1] for member in texts if member.path.count("/") >= depth]
    shared = 0
    while all(len(folder) > shared + 1 and folder[shared] == folders[0][shared] for folder in folders):
        shared += 1
    prefix = "".join(f"{part}/" for part in folders[0][:shared])
    inside = [member for member in texts if member.path.startswith(prefix) and "/" in member.path[len(prefix) :]]
    tops = {member.path[len(prefix) :].split("/")[0] for member in inside}
    named = {top: part_of(top) or "" for top in tops}
    split = len(tops) > 1 and all(named.values())
    parts = []
    for member in inside:
        below = member.path[len(prefix) :].split("/")
        if not split:
            parts.append(Part("", member))
        elif len(below) > 2:
            parts.append(Part(named[below[0]], member))
    classes = {label_of(part, prefix)[0] for part in parts}
    if len(classes) < 2 or len(parts) < fewest * len({part.member.path.rpartition("/")[0] for part in parts}):
        return None
    return Selection((), texts=tuple(parts), prefix=prefix)


def label_of(part: Part, prefix: str) -> tuple[str, str]:
    """Return the class folder of a text file, and the folders below it."""
    below = part.member.path[len(prefix) :].split("/")[bool(part.split) : -1]
    return below[0], "/".join(below[1:])


def words_of(member: Member) -> list[str]:
    """Return the words of a member's path in lower case, without the endings that say its format."""
    path = re.sub(r"(?<=-of-\d{5})-[0-9a-f]{10,}(?=\.)", "", member.path)  # Hugging Face's sum of a part's content
    while (ending := PurePosixPath(path).suffix.lower()) in COMPRESSED | TABLES | {".txt", ".text"}:
        path = path[: -len(ending)]
    return re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", path).lower())


def _split_of(member: Member) -> str:
    """Return the split that the words of a path name last: the file's own name counts more than its folders."""
    return next((part for word in reversed(words_of(member)) if (part := part_of(word))), "")


def _split_tables(members: Sequence[Member], numbered_alone: bool = True) -> Selection | None:
    """Return the tables that are parts of one data set: their names differ in the word for the split, or in their numbers.

    Without ``numbered_alone`` there must be splits: numbered text files may well be a text each.
    """
    groups: dict[tuple[str, ...], list[Member]] = defaultdict(list)
    for member in members:
        words = [word for word in words_of(member) if not part_of(word)]
        if not set(words) & LABEL_WORDS:
            ending = member.ending
            groups[(*words, "" if part_of(ending) else ending)].append(member)
    best: list[Part] = []
    for group in groups.values():
        parts = sorted((Part(_split_of(member), member) for member in group), key=_order)
        splits = {part.split for part in parts}
        numbered = all(
            len(names) == 1 or all(re.search(r"\d", name) for name in names)
            for names in ([p.member.name for p in parts if p.split == s] for s in splits)
        )
        usual = PARTS[0] in splits and len(splits) > 1 and "" not in splits
        if numbered and (usual or (numbered_alone and len(splits) == 1 and len(parts) > 1)) and _size(parts) > _size(best):
            best = parts
    return Selection(tuple(best)) if best else None


def _pairs(files: Sequence[Member], named_alone: bool = False) -> Selection | None:
    """Return files of texts with the files of labels that go with them row by row, told by their names.

    With ``named_alone`` the texts must be called so too: beside ``labels.csv`` stands many a table that has its labels already.
    """
    labels = {(_split_of(m), _key(m)): m for m in files if _is_called(m, LABEL_WORDS)}
    others = [member for member in files if member not in labels.values()]
    parts = []
    for (split, key), label in labels.items():
        same = [m for m in others if _split_of(m) == split]
        named = [m for m in same if _key(m) == key and _is_called(m, TEXT_WORDS)]
        texts = named if len(named) == 1 or named_alone else same
        if len(texts) == 1:
            parts.append(Part(split, texts[0], label))
    parts.sort(key=_order)
    if len({part.split for part in parts}) != len(parts) or not parts:
        return None
    return Selection(tuple(parts))


def _is_called(member: Member, words: set[str]) -> bool:
    """Return whether the file's own name, not that of a folder, has one of the words."""
    return bool(set(words_of(replace(member, path=member.name))) & words)


def _key(member: Member) -> tuple[str, ...]:
    return tuple(word for word in words_of(member) if not part_of(word) and word not in LABEL_WORDS | TEXT_WORDS)


def _order(part: Part) -> tuple[int, list[tuple[int, str]]]:
    numbered = [(int(piece or 0), text) for text, piece in re.findall(r"(\D*)(\d{0,15})", part.member.path)]
    return ((*PARTS, "").index(part.split), numbered)


def _size(parts: Sequence[Part]) -> int:
    return sum(part.member.info.file_size for part in parts)


def _picked(members: Sequence[Member], name: str, chosen: str) -> list[Member]:
    """Return the members that a person named, by the whole path or by its last part."""
    by_path = {member.path: member for member in members}
    if chosen in by_path:
        return [by_path[chosen]]
    picked = []
    for wanted in chosen.split(TOGETHER):
        close = [m for m in members if m.path.lower() == wanted.lower()] or [m for m in members if m.name.lower() == wanted.lower()]
        if wanted in by_path:
            close = [by_path[wanted]]
        if len(close) != 1:
            many = f"has {len(close)} files called" if close else "has no file called"
            raise DataError(f"“{name}” {many} “{wanted}”. Expected one of {_listed(members)}. Name one of them with --member.")
        picked.append(close[0])
    return picked


def _nothing_to_read(members: Sequence[Member], name: str) -> DataError:
    nested = [member for member in members if member.ending in ARCHIVES]
    if nested:
        return not_a_table(
            name, f"a zip archive that holds another archive (“{nested[0].path}”)", "Unpack it and upload the archive inside, or its table."
        )
    if not members:
        return not_a_table(name, "an empty zip archive")
    return not_a_table(name, f"a zip archive that holds {_listed(members)}")


def _listed(members: Sequence[Member]) -> str:
    shown = ", ".join(f"“{member.path}”" for member in members[:8])
    return f"{shown} and {len(members) - 8:,} more" if len(members) > 8 else shown or "no file"


def _is_table(member: Member) -> bool:
    return member.ending in TABLES


def _is_text(member: Member) -> bool:
    """Return whether a name may be that of a plain text: of many corpora the files are called ``49960`` or ``TREC.train``."""
    ending = member.ending
    known = ending in {".txt", ".text", ".md", ".eml", ""} or ending[1:].isdigit()
    return known or bool(part_of(ending)) or ending[1:] in LABEL_WORDS | TEXT_WORDS
