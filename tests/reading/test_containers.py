"""What tables come in: compressed files, archives of tables, class folders, texts beside labels; and what is refused by name."""

import csv
import gzip
import io
import json
import pickle
import random
import sqlite3
import tarfile
import zipfile

import numpy
import pandas
import pyarrow
import pytest

from engine.data.store import DatasetStore
from engine.errors import DataError
from engine.reading.columns.guess import guess_columns
from engine.reading.containers import limits
from engine.reading.options import ReadingOptions
from engine.reading.read_table import read_table

ROWS = [
    (f"The parcel number {number} never came{', it seems' if number % 2 else ''}", ["late", "billing", "account"][number % 3])
    for number in range(60)
]
CLASSES = {"late": 20, "billing": 20, "account": 20}


def table_text(rows=ROWS, header=("text", "label"), **layout):
    out = io.StringIO()
    csv.writer(out, **layout).writerows([header, *rows] if header else rows)
    return out.getvalue().encode()


def lines(rows, place):
    return "".join(f"{row[place]}\n" for row in rows).encode()


def zipped(files, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def read(tmp_path, content, name="data.zip", options=None, limit=None):
    path = tmp_path / name
    path.write_bytes(content)
    table = read_table(path, name, options or ReadingOptions(), limit)
    if limit is None:
        again = read_table(path, name, table.options)
        assert again.frame.equals(table.frame) and again.options == table.options
    return table


def pairs(table):
    return [tuple(row) for row in table.frame[["text", "label"]].itertuples(index=False)]


def codes(table):
    return {finding.code: finding.count for finding in table.findings}


# Archives of tables

JUNK = {"__MACOSX/._data.csv": b"\0\5\x16\7", ".DS_Store": b"\0\0\0\1Bud1", "Thumbs.db": b"x", "desktop.ini": b"x"}
ONE_TABLE = {
    "one": ({"data.csv": table_text()}, "data.csv", 0),
    "in a folder, with what systems leave": ({"export/data.csv": table_text(), **JUNK}, "export/data.csv", 0),
    "tabs": ({"data.tsv": table_text(delimiter="\t")}, "data.tsv", 0),
    "JSON": ({"data.json": json.dumps([{"text": text, "label": label} for text, label in ROWS])}, "data.json", 0),
    "compressed inside": ({"data.csv.gz": gzip.compress(table_text())}, "data.csv.gz", 0),
    "with a licence": ({"data.csv": table_text(), "README.md": b"x" * 99_999, "LICENSE.txt": b"y" * 99_999}, "data.csv", 2),
    "larger of two": ({"a.csv": b"x,y\n1,2\n", "b.csv": table_text()}, "b.csv", 1),
    "with its codes": ({"messages.csv": table_text(), "labels.txt": b"late\nbilling\naccount\n"}, "messages.csv", 1),
    "a challenge": (
        {"train.csv": table_text(), "test.csv": b"id,text\n1,hello\n2,there\n", "sample_submission.csv": b"id,label\n1,late\n"},
        "train.csv",
        2,
    ),
    "names that climb": ({"../../etc/data.csv": table_text()}, "etc/data.csv", 0),
    "beside an archive": ({"data.csv": table_text(), "older.zip": zipped({"x.csv": b"a"})}, "data.csv", 1),
    "no ending": ({"export": table_text()}, "export", 0),
}


@pytest.mark.parametrize("kind", ONE_TABLE)
def test_the_table_of_an_archive(tmp_path, kind):
    files, member, left_out = ONE_TABLE[kind]
    table = read(tmp_path, zipped(files))
    assert pairs(table) == ROWS and table.options.container == "zip" and table.options.member == member
    assert codes(table) == ({"members_left_out": left_out} if left_out else {}) and f"“{member}”" in table.notes[0]
    assert [child.name for child in tmp_path.iterdir()] == ["data.zip"]


def test_a_member_is_chosen_by_path_or_by_name(tmp_path):
    files = {"a/small.csv": b"x,y\n1,2\n", "b/large.csv": table_text()}
    for name in ("a/small.csv", "small.csv", "Small.CSV"):
        table = read(tmp_path, zipped(files), options=ReadingOptions(member=name))
        assert list(table.frame.columns) == ["x", "y"] and table.options.member == "a/small.csv"
    with pytest.raises(DataError, match=r"no file called “c.csv”.*“a/small.csv”, “b/large.csv”.*--member"):
        read(tmp_path, zipped(files), options=ReadingOptions(member="c.csv"))


def jsonl(rows):
    return "\n".join(json.dumps({"text": text, "label": label}) for text, label in rows).encode()


SPLITS = {
    "csv": {"ag/train.csv": table_text(ROWS[:40]), "ag/dev.csv": table_text(ROWS[40:50]), "ag/test.csv": table_text(ROWS[50:])},
    "compressed": {f"{part}.csv.gz": gzip.compress(table_text(rows)) for part, rows in
                   (("train", ROWS[:40]), ("validation", ROWS[40:50]), ("test", ROWS[50:]))},
    "jsonl": {"my-train.jsonl": jsonl(ROWS[:40]), "my-valid.jsonl": jsonl(ROWS[40:50]), "my-test.jsonl": jsonl(ROWS[50:])},
    "folders": {"train/data.csv": table_text(ROWS[:40]), "val/data.csv": table_text(ROWS[40:50]), "test/data.csv": table_text(ROWS[50:])},
    "shards": {"data/train-00000-of-00002.csv": table_text(ROWS[:20]), "data/train-00001-of-00002.csv": table_text(ROWS[20:40]),
               "data/validation-00000-of-00001.csv": table_text(ROWS[40:50]), "data/test-00000-of-00001.csv": table_text(ROWS[50:])},
    "names for parts as endings": {f"TREC.{part}": "".join(f"{label.upper()}:x{number % 2} {text}\n" for number, (text, label) in
                                                          enumerate(rows)).encode()
                                   for part, rows in (("train", ROWS[:40]), ("dev", ROWS[40:50]), ("test", ROWS[50:]))},
}  # fmt: skip


@pytest.mark.parametrize("kind", SPLITS)
def test_a_published_split_is_one_table_with_its_parts(tmp_path, kind):
    table = read(tmp_path, zipped({**SPLITS[kind], "readme.txt": b"about the data"}))
    assert [(text, label.lower()) for text, label in pairs(table)] == ROWS
    assert table.frame["split"].tolist() == ["train"] * 40 + ["validation"] * 10 + ["test"] * 10
    assert codes(table) == {"members_left_out": 1}
    assert len(read(tmp_path, zipped(SPLITS[kind]), limit=45).frame) == 45
    first = next(iter(SPLITS[kind]))
    assert "split" not in read(tmp_path, zipped(SPLITS[kind]), options=ReadingOptions(member=first)).frame.columns


def test_parts_in_two_encodings(tmp_path):
    rows = [("Das Paket kam spät", "spät"), ("Die Rechnung über fünf Euro ist falsch", "Gebühr")] * 10
    files = {"train.csv": table_text(rows).decode().encode("cp1252"), "test.csv": table_text(rows)}
    for content in (zipped(files), zipped({"train.csv": files["test.csv"], "test.csv": files["train.csv"]})):
        assert pairs(read(tmp_path, content)) == rows * 2


def test_numbered_parts_without_a_split(tmp_path):
    files = {f"part-{number:05d}.csv": table_text(ROWS[20 * number : 20 * number + 20]) for number in range(3)}
    table = read(tmp_path, zipped(files))
    assert pairs(table) == ROWS and list(table.frame.columns) == ["text", "label"]


def test_findings_of_parts_name_their_file(tmp_path):
    files = {"train.csv": table_text(ROWS[:40]), "test.csv": table_text(ROWS[40:]) + b"one,two,three,four\r\n"}
    table = read(tmp_path, zipped(files))
    assert len(table.frame) >= 60 and all("“test.csv”" in finding.sentence for finding in table.findings)


# Texts beside labels

PAIRS = {
    "texts and labels": ({"texts.txt": lines(ROWS, 0), "labels.txt": lines(ROWS, 1)}, False),
    "no line end at the end": ({"texts.txt": lines(ROWS, 0), "labels.txt": lines(ROWS, 1).rstrip()}, False),
    "other names": ({"reviews.txt": lines(ROWS, 0), "labels.txt": lines(ROWS, 1)}, False),
    "endings": ({"news.texts": lines(ROWS, 0), "news.labels": lines(ROWS, 1)}, False),
    "with heads": ({"texts.txt": b"text\n" + lines(ROWS, 0), "labels.txt": b"label\n" + lines(ROWS, 1)}, False),
    "parts": ({f"x/{part}_{role}.txt": lines(rows, place) for part, rows in (("train", ROWS[:40]), ("test", ROWS[40:]))
               for role, place in (("text", 0), ("labels", 1))}, True),
    "parts in folders": ({f"{part}/{file}": lines(rows, place) for part, rows in (("train", ROWS[:40]), ("test", ROWS[40:]))
                          for file, place in (("seq.in", 0), ("label", 1), ("seq.out", 0))}, True),
}  # fmt: skip


@pytest.mark.parametrize("kind", PAIRS)
def test_texts_beside_labels_are_joined_line_by_line(tmp_path, kind):
    files, split = PAIRS[kind]
    table = read(tmp_path, zipped(files))
    assert pairs(table) == ROWS and ("split" in table.frame.columns) == split and table.options.kind == "lines"


TABLE_PAIRS = {
    "one column each": {"X_train.csv": table_text([row[:1] for row in ROWS], ["text"]),
                        "y_train.csv": table_text([row[1:] for row in ROWS], ["label"])},
    "numbered rows": {"texts.csv": table_text([(number, text) for number, (text, _) in enumerate(ROWS)], ["id", "text"]),
                      "labels.csv": table_text([(number, label) for number, (_, label) in enumerate(ROWS)], ["id", "label"])},
    "parts": {f"{role}_{part}.csv": table_text([row[place : place + 1] for row in rows], [head])
              for part, rows in (("train", ROWS[:40]), ("test", ROWS[40:])) for role, place, head in (("X", 0, "text"), ("y", 1, "label"))},
}  # fmt: skip


@pytest.mark.parametrize("kind", TABLE_PAIRS)
def test_tables_of_texts_and_of_labels_stand_side_by_side(tmp_path, kind):
    table = read(tmp_path, zipped(TABLE_PAIRS[kind]))
    assert pairs(table) == ROWS and codes(table) == {} and ("split" in table.frame.columns) == (kind == "parts")
    assert (
        list(table.frame.columns).count("id") == (kind == "numbered rows")
        and len(read(tmp_path, zipped(TABLE_PAIRS[kind]), limit=7).frame) == 7
    )


def test_a_table_of_class_names_is_no_column_of_labels(tmp_path):
    files = {"data.csv": table_text(), "classes.csv": b"class\nlate\nbilling\naccount\n"}
    table = read(tmp_path, zipped(files))
    assert pairs(table) == ROWS and codes(table) == {"members_left_out": 1} and "“classes.csv” has 3" in table.findings[0].sentence


def test_a_data_set_saved_by_hugging_face(tmp_path):
    features = json.dumps({"info": {"features": {"label": {"names": ["late", "billing", "account"], "_type": "ClassLabel"}}}})
    files = {}
    for part, first, last in (("train", 0, 40), ("test", 40, 60)):
        rows = pyarrow.table({"text": [text for text, _ in ROWS[first:last]], "label": [number % 3 for number in range(first, last)]})
        out = pyarrow.BufferOutputStream()
        with pyarrow.ipc.new_stream(out, rows.replace_schema_metadata({"huggingface": features}).schema) as stream:
            stream.write_table(rows)
        files[f"set/{part}/data-00000-of-00001.arrow"] = out.getvalue().to_pybytes()
        files |= {f"set/{part}/state.json": b'{"x": ' + b"1" * 9999 + b"}", f"set/{part}/dataset_info.json": b"{}"}
    table = read(tmp_path, zipped({**files, "set/dataset_dict.json": b'{"splits": ["train", "test"]}'}))
    assert pairs(table) == ROWS and table.frame["split"].value_counts().to_dict() == {"train": 40, "test": 20}
    hashed = {f"data/{part}-00000-of-00001-{digest}.csv": table_text(rows)
              for part, digest, rows in (("train", "0a1b2c3d4e5f6071", ROWS[:40]), ("test", "ffeeddccbbaa9988", ROWS[40:]))}  # fmt: skip
    assert "split" in read(tmp_path, zipped(hashed)).frame.columns


def test_texts_and_labels_of_different_numbers_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"“texts.txt” has 60 lines and “labels.txt” has 59.*--member"):
        read(tmp_path, zipped({"texts.txt": lines(ROWS, 0), "labels.txt": lines(ROWS[1:], 1)}))


# Class folders

STORIES = {
    f"{name}/{number:03d}.txt": f"{name} story number {number} of the day".encode() for name in ("sport", "tech") for number in range(8)
}


def below(folder, files=STORIES):
    return {f"{folder}{path}": content for path, content in files.items()}


FOLDERS = {
    "plain": (STORIES, "", 0),
    "below one": ({**below("bbc/"), "bbc/README.TXT": b"about"}, "bbc/", 1),
    "below two": ({**below("corpus/raw/"), "corpus/README": b"about", "corpus/raw/index.html": b"x"}, "corpus/raw/", 2),
    "with what systems leave": ({**STORIES, **JUNK, "sport/.DS_Store": b"x", "__MACOSX/sport/._001.txt": b"x"}, "", 0),
    "without endings": ({path.removesuffix(".txt"): content for path, content in STORIES.items()}, "", 0),
    "with a table of contents": ({**STORIES, "index.csv": b"a,b\n1,2\n"}, "", 1),
}


@pytest.mark.parametrize("kind", FOLDERS)
def test_the_folder_of_a_text_is_its_class(tmp_path, kind):
    files, prefix, left_out = FOLDERS[kind]
    table = read(tmp_path, zipped(files))
    assert (
        table.frame["label"].value_counts().to_dict() == {"sport": 8, "tech": 8}
        and table.frame["text"][0] == "sport story number 0 of the day"
    )
    assert table.options.kind == "texts" and table.options.member == prefix
    assert codes(table) == ({"members_left_out": left_out} if left_out else {})
    assert guess_columns(table).label == "label" and guess_columns(table).text == ("text",)
    assert len(read(tmp_path, zipped(files), limit=3).frame) == 3


def test_folders_for_parts_above_the_classes(tmp_path):
    files = {**below("imdb/train/"), **below("imdb/test/"), "imdb/train/urls.txt": b"x", "imdb/README": b"x"}
    table = read(tmp_path, zipped(files))
    assert table.frame["split"].value_counts().to_dict() == {"train": 16, "test": 16}
    assert set(table.frame["label"]) == {"sport", "tech"} and codes(table) == {"members_left_out": 2}


def test_folders_for_parts_below_the_classes(tmp_path):
    files = {path.replace("/", f"/{part}/"): content for path, content in STORIES.items() for part in ("train", "test")}
    frame = read(tmp_path, zipped(files)).frame
    assert frame["split"].value_counts().to_dict() == {"train": 16, "test": 16} and "subfolder" not in frame.columns


def test_folders_below_the_classes(tmp_path):
    files = {**below("sport/tennis/", {"1.txt": b"one", "2.txt": b"two"}), **below("tech/phones/", {"1.txt": b"three", "2.txt": b"four"})}
    frame = read(tmp_path, zipped(files)).frame
    assert frame["label"].tolist() == ["sport", "sport", "tech", "tech"] and frame["subfolder"].tolist()[0] == "tennis"


def test_each_text_file_has_its_encoding_and_what_is_no_text_is_counted(tmp_path):
    legacy = ("Die Prüfung fällt für heute aus, schöne Grüße. " * 3).strip()
    files = {**STORIES, "tech/a.txt": legacy.encode("cp1252"), "tech/b.txt": legacy.encode(), "tech/c.txt": legacy.encode("utf-16"),
             "tech/d.txt": bytes(range(256)) * 3, "tech/e.txt": b""}  # fmt: skip
    table = read(tmp_path, zipped(files))
    assert table.frame.set_index("file")["text"].loc[["tech/a.txt", "tech/b.txt", "tech/c.txt"]].tolist() == [legacy] * 3
    assert codes(table) == {"files_not_text": 1, "encoding_unsure": 1} and len(table.frame) == 20


def test_names_of_folders_written_as_utf8_without_saying_so(tmp_path):
    content = zipped({path.replace("tech", "té"): text for path, text in STORIES.items()})
    for place in range(len(content) - 4):  # the mark for UTF-8 goes, as programs of macOS leave it away
        if content[place : place + 4] in (b"PK\3\4", b"PK\1\2"):
            at = place + (7 if content[place + 2] == 3 else 9)
            content = content[:at] + b"\0" + content[at + 1 :]
    assert set(read(tmp_path, content).frame["label"]) == {"sport", "té"}


# What is refused by what it is


def locked_archive():
    content = bytearray(zipped({"data.csv": table_text()}))
    content[6] |= 1
    content[content.rindex(b"PK\1\2") + 8] |= 1
    return bytes(content)


def tar(mode):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        info = tarfile.TarInfo("data.csv")
        info.size = len(table_text())
        archive.addfile(info, io.BytesIO(table_text()))
    return out.getvalue()


def saved(function, **arguments):
    out = io.BytesIO()
    function(out, **arguments)
    return out.getvalue()


def sqlite():
    database = sqlite3.connect(":memory:")
    database.execute("create table messages (text)")
    return database.serialize()


FRAME = pandas.DataFrame(ROWS, columns=["text", "label"])
PICKLED = {"rows": [{"text": text, "label": label} for text, label in ROWS], "pairs": ROWS, "frame": FRAME, "tuple": (ROWS, 1)}
REFUSED = {
    "locked archive": (locked_archive(), "locked with a password"),
    "archive in an archive": (zipped({"inner.zip": zipped({"data.csv": table_text()})}), r"another archive \(“inner.zip”\)"),
    "archive called a table": (zipped({"data.csv": zipped({"data.csv": table_text()})}), "an archive inside the archive"),
    "pictures": (zipped({"a.png": b"x", "b.png": b"y"}), "a zip archive that holds “a.png”, “b.png”"),
    "nothing": (zipped({}), "an empty zip archive"),
    "texts in one folder": (zipped({f"{number}.txt": b"a text" for number in range(50)}), "50 text files in one folder"),
    "tar": (tar("w"), "a tar archive.*into a .zip"),
    "tar.gz": (tar("w:gz"), "a tar archive.*into a .zip"),
    "tar.xz": (tar("w:xz"), "a tar archive.*into a .zip"),
    "npy": (saved(lambda out: numpy.save(out, numpy.zeros(3))), "a NumPy array"),
    "npz": (saved(lambda out: numpy.savez(out, x=numpy.zeros(3))), "a NumPy archive"),
    "sqlite": (sqlite(), "an SQLite database"),
    "docx": (zipped({"word/document.xml": b"<a/>"}), "a Word document"),
    "pptx": (zipped({"ppt/presentation.xml": b"<a/>"}), "a PowerPoint presentation"),
    "odt": (zipped({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<a/>"}), "an OpenDocument text"),
    "epub": (zipped({"mimetype": b"application/epub+zip", "META-INF/container.xml": b"<a/>"}), "an e-book"),
    "torch": (zipped({"archive/data.pkl": b"x"}), "a file of PyTorch"),
    "lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "a pointer of Git LFS.*git lfs pull"),
    "xml": (b"<?xml version='1.0'?><rows><row/></rows>", "an XML document"),
    "webp": (b"RIFF\0\0\0\0WEBPVP8 ", "a WebP image"),
    "pdf": (b"%PDF-1.7\n", "a PDF document"),
    **{f"pickle {name} {protocol}": (pickle.dumps(value, protocol), "a Python pickle|is not text") for name, value in PICKLED.items()
       for protocol in range(6)},
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_table_is_called_what_it_is(tmp_path, kind):
    content, words = REFUSED[kind]
    with pytest.raises(DataError, match=words):
        read(tmp_path, content, "data.csv")


@pytest.mark.parametrize("start", ["ORC", "ID3", "RDX", "BZh9", "code\nvalue\np1", "MM*", "DUCK", "FEA1"])
def test_a_table_that_begins_like_something_else_is_a_table(tmp_path, start):
    content = f"{start},label\n".encode() + b"".join(f"{text.split(',')[0]},{label}\n".encode() for text, label in ROWS)
    assert len(read(tmp_path, content, "data.csv").frame) >= 60


def test_damage_anywhere_in_an_archive_is_a_sentence(tmp_path):
    draw, outcomes = random.Random(0), []
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        content = zipped({**SPLITS["csv"], **below("texts/")}, method)
        for _ in range(30):
            damaged = bytearray(content)
            for _ in range(draw.choice((1, 4, 20))):
                damaged[draw.randrange(4, len(damaged))] = draw.randrange(256)
            if draw.random() < 0.2:
                del damaged[draw.randrange(4, len(damaged)) :]
            (tmp_path / "damaged").write_bytes(bytes(damaged))
            try:
                outcomes.append(len(read_table(tmp_path / "damaged", "damaged").frame))
            except DataError:
                outcomes.append(None)
    assert outcomes.count(None) > 50


def test_an_archive_unfolds_to_the_limit_and_no_further(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_DECOMPRESSED_BYTES", 2**18)
    for files in ({"data.csv": b"a,b\n" * 2**18}, {"train.csv": b"a,b\n" * 2**15 + b"x,y\n" * 2**14, "test.csv": b"a,b\n" * 2**15},
                  {f"{name}/{number}.txt": b"x" * 2**15 for name in "ab" for number in range(8)}):  # fmt: skip
        with pytest.raises(DataError, match="unfolds to more than 0 MB"):
            read(tmp_path, zipped(files))


# Several files stored as one


def test_several_files_are_one_data_set_with_one_name_whatever_their_order(tmp_path):
    store = DatasetStore(tmp_path / "store")
    first = store.add_together("mail", {"texts.txt": lines(ROWS, 0), "labels.txt": lines(ROWS, 1)})
    second = store.add_together("mail", {"labels.txt": io.BytesIO(lines(ROWS, 1)), "texts.txt": lines(ROWS, 0)})
    assert first.identifier == second.identifier and first.name == "mail.zip"
    assert pairs(read_table(first.path, first.name)) == ROWS
    alone = store.add_together("mail", {"data.csv": table_text()})
    assert alone.name == "data.csv" and alone.path.read_bytes() == table_text()


def test_a_folder_is_stored_without_what_is_hidden(tmp_path):
    folder = tmp_path / "bbc"
    for path, content in {**STORIES, ".git/config": b"x", "sport/.DS_Store": b"x"}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    dataset = DatasetStore(tmp_path / "store").add_folder(folder)
    table = read_table(dataset.path, dataset.name)
    assert dataset.name == "bbc.zip" and len(table.frame) == 16 and codes(table) == {}
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="“empty” holds no file"):
        DatasetStore(tmp_path / "store").add_folder(tmp_path / "empty")


def test_an_unsure_encoding_is_a_finding_in_every_layout(tmp_path):
    words = [f"caf\xe9 number {row}".encode("latin-1") for row in range(12)]
    layouts = {
        "fast.txt": b"\n".join(b"__label__%s %s" % (b"ab"[row % 2 : row % 2 + 1], text) for row, text in enumerate(words)),
        "two.zip": zipped({"texts.txt": b"\n".join(words), "labels.txt": b"\n".join([b"a", b"b"] * 6)}),
        "folders.zip": zipped({f"{'ab'[row % 2]}/{row}.txt": text for row, text in enumerate(words)}),
    }
    for name, content in layouts.items():
        (tmp_path / name).write_bytes(content)
        table = read_table(tmp_path / name, name)
        assert [finding.code for finding in table.findings] == ["encoding_unsure"], name
        assert len(table.frame) == 12
