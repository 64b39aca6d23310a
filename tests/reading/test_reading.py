"""Reading: what people upload is understood, what is no table is refused with a sentence that helps."""

import csv
import gzip
import io
import json
import zipfile

import openpyxl
import pandas
import pytest

from engine.errors import DataError
from engine.reading.columns.guess import guess_columns
from engine.reading.containers import limits
from engine.reading.delimited import reading as delimited
from engine.reading.formats import workbook_parts
from engine.reading.options import ReadingOptions
from engine.reading.read_table import read_table

SENTENCES = [
    "The parcel never came",
    "I was charged twice, please check",
    "How do I reset it",
    "Thanks; all is well",
    "It's broken and I'm cross",
]
ROWS = [(f"{SENTENCES[number % 5]} number {number}", ["late", "billing", "account"][number % 3]) for number in range(60)]


@pytest.fixture
def write(tmp_path):
    """Write bytes or text under a name; returns what ``read_table`` takes."""

    def write_file(content, name="data.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path, name

    return write_file


def as_csv(rows=ROWS, header=("text", "label"), **layout):
    out = io.StringIO()
    writer = csv.writer(out, **layout)
    writer.writerows([header, *rows] if header else rows)
    return out.getvalue()


def rows_of(table):
    return [tuple(row) for row in table.frame.itertuples(index=False)]


def mentions(table, *words):
    joined = " ".join(table.notes)
    return all(word in joined for word in words)


# Layouts of delimited text


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("header", [True, False])
def test_delimiter_and_header_are_detected(write, delimiter, header):
    table = read_table(*write(as_csv(header=("text", "label") if header else None, delimiter=delimiter)))
    assert rows_of(table) == ROWS
    assert table.options == ReadingOptions("csv", "utf-8", delimiter, '"', "", header=header, skip_rows=0)
    assert list(table.frame.columns) == (["text", "label"] if header else ["column 1", "column 2"])


def test_quoted_file_without_header_and_with_title_and_description(write):
    """Shaped like ag_news: a number, a title, a description, everything quoted, no header."""
    rows = [
        (str(n % 4 + 1), f"Title of story {n}, in brief", f"{SENTENCES[n % 5]} said the agency about story {n}; more #36;10 <b>soon</b>.")
        for n in range(80)
    ]
    table = read_table(*write(as_csv(rows, None, quoting=csv.QUOTE_ALL)))
    assert rows_of(table) == rows and table.options.header is False
    guess = guess_columns(table)
    assert guess.text == ("column 2", "column 3") and guess.label == "column 1" and guess.sure


def test_bare_quotes_switch_quoting_off(write):
    """Shaped like sms_spam: tabs, and quote characters as people type them."""
    lines = [f"{'spam' if n % 7 == 0 else 'ham'}\tmessage number {n} is here" for n in range(100)]
    lines[10] = 'ham\t"Wen u miss someone, keep in touch" gdeve..'
    lines[20] = 'ham\t"Pete can you please ring me"'
    lines[30] = 'ham\tit was at "the cave" yesterday'
    lines[40] = 'ham\t"never closed'
    table = read_table(*write("\n".join(lines) + "\n", "sms.tsv"))
    assert [f"{label}\t{text}" for label, text in rows_of(table)] == lines
    assert table.options.quote == "" and mentions(table, "quoting is off")
    assert guess_columns(table).label == "column 1"


def test_apostrophes_as_quotes(write):
    """Shaped like gnad10k: semicolons, apostrophes as quotes where needed, CRLF."""
    rows = [("Sport" if n % 2 else "Web", f"Ein längerer Artikel {n}; mit ''Zitat'' und \"Rede\" – er ist lang genug.") for n in range(60)]
    lines = [
        f"{label};'{text}'" if n % 5 else f"{label};{text.replace(';', ',').replace(chr(39) * 2, '')}"
        for n, (label, text) in enumerate(rows)
    ]
    table = read_table(*write("\r\n".join(lines) + "\r\n", "articles.csv"))
    assert (table.options.delimiter, table.options.quote, table.options.header) == (";", "'", False)
    assert table.frame["column 2"][1] == "Ein längerer Artikel 1; mit 'Zitat' und \"Rede\" – er ist lang genug."
    assert not table.findings


def test_apostrophes_in_english_are_no_quotes(write):
    rows = [("'tis a text, it's 'quoted' " + str(n), "a" if n % 2 else "b") for n in range(40)]
    assert rows_of(read_table(*write(as_csv(rows)))) == rows


def test_line_breaks_in_cells_keep_line_numbers(write):
    table = read_table(*write('text,label\n"two\nlines",a\n\nplain,b\n"x\r\ny",a\nlast,b\n'))
    assert rows_of(table) == [("two\nlines", "a"), ("plain", "b"), ("x\r\ny", "a"), ("last", "b")]
    assert table.lines.tolist() == [2, 5, 6, 8]


def test_ragged_rows_are_reported_with_their_lines(write):
    table = read_table(
        *write(
            "text,label,source\n"
            + "a text,x,mail\n" * 20
            + "too short\n"
            + "one,two,three,four\n"
            + "trailing,x,mail,\n"
            + "b text,y,web\n" * 9
        )
    )
    assert table.findings[0].lines == (22, 23, 24)
    assert len(table.frame) == 31 and rows_of(table)[20:22] == [("too short", "", ""), ("trailing", "x", "mail")]
    sentence = table.findings[0].sentence
    assert "lines 22, 23, 24" in sentence and "left out" in sentence


def test_overrides_win_and_are_kept(write):
    path, name = write(as_csv())
    table = read_table(path, name, ReadingOptions(delimiter="|", quote="", header=False, encoding="cp1252"))
    assert len(table.frame.columns) == 1 and len(table.frame) == 61
    assert table.options == ReadingOptions("csv", "cp1252", "|", "", "", header=False, skip_rows=0)


def test_reading_with_resolved_options_gives_the_same_table(write):
    path, name = write(as_csv(delimiter=";"))
    table = read_table(path, name)
    again = read_table(path, name, table.options)
    assert again.options == table.options and again.frame.equals(table.frame)


def test_preview_reads_the_first_rows_with_the_same_options(write):
    path, name = write(as_csv())
    assert rows_of(read_table(path, name, limit=7)) == ROWS[:7]
    assert read_table(path, name, limit=7).options == read_table(path, name).options


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (ReadingOptions(delimiter="ab"), "one character"),
        (ReadingOptions(delimiter="\n"), "one character"),
        (ReadingOptions(delimiter=",", quote=","), "quote"),
        (ReadingOptions(encoding="klingon"), "not a text encoding"),
        (ReadingOptions(encoding="zip"), "not a text encoding"),
        (ReadingOptions(kind="parquet"), "cannot be read as Parquet"),
        (ReadingOptions(kind="poem"), "not a kind of file"),
    ],
)
def test_impossible_options_are_explained(write, options, words):
    with pytest.raises(DataError, match=words):
        read_table(*write(as_csv()), options)


def test_duplicate_and_empty_header_names(write):
    table = read_table(*write("text,label,text,,text (2)\n" + "a nice text,x,other,1,z\n" * 5))
    assert list(table.frame.columns) == ["text", "label", "text (3)", "column 4", "text (2)"]
    assert mentions(table, "more than once", "no name")


def test_header_only_and_single_row(write):
    table = read_table(*write("text,label\n"))
    assert len(table.frame) == 0 and list(table.frame.columns) == ["text", "label"] and table.options.header
    assert str(table.frame["text"].dtype) == "str"


def test_one_column_stays_one_column(write):
    table = read_table(*write("text\n" + "".join(f"{sentence}, and, so{', on' * (n % 3)}\n" for n, sentence in enumerate(SENTENCES * 4))))
    assert len(table.frame.columns) == 1 and len(table.frame) == 20 and not table.findings
    assert guess_columns(table).label is None


def test_formulas_html_and_emoji_stay_text(write):
    rows = [("=1+1", "a/b 🙂"), ("<script>alert(1)</script>", "**bold**"), ("@SUM(A1)", "../../etc"), ("-3", "a/b 🙂")]
    assert rows_of(read_table(*write(as_csv(rows)))) == rows


def test_a_cell_of_five_megabytes(write):
    rows = [("x" * 5_000_000, "a"), ("short text", "b"), *[("another text", "a")] * 10]
    assert rows_of(read_table(*write(as_csv(rows)))) == rows


def test_fast_and_tolerant_ways_agree(write, monkeypatch):
    rows = [(f'text "{n}", with\nbreak' if n % 9 == 0 else f"tëxt {n}", "" if n % 11 == 0 else f"label {n % 3}") for n in range(3000)]
    path, name = write(as_csv(rows))
    tolerant = read_table(path, name)
    monkeypatch.setattr(delimited, "FAST_BYTES", 0)
    monkeypatch.setattr(delimited, "read_tolerant", None)
    fast = read_table(path, name)
    assert rows_of(fast) == rows_of(tolerant) == rows
    assert fast.lines.tolist() == tolerant.lines.tolist() and fast.frame.equals(tolerant.frame)


@pytest.mark.parametrize("damage", [b"too,many,cells\n", b"one\n", b"caf\xe9 au lait,x\n", b'"' + b"y" * 3_000_000 + b'",x\n'])
def test_large_files_fall_back_to_the_tolerant_way(write, monkeypatch, damage):
    monkeypatch.setattr(delimited, "FAST_BYTES", 100)
    monkeypatch.setattr(delimited, "SAMPLE_CHARACTERS", 1000)
    clean = as_csv().encode() + b"some more text,late\n" * 50
    rows = read_table(*write(clean)).frame
    damaged = read_table(*write(clean + damage + b"last text,late\n")).frame
    assert damaged.iloc[: len(rows)].equals(rows) and tuple(damaged.iloc[-1]) == ("last text", "late")


# Encodings


@pytest.mark.parametrize(
    ("codec", "expected", "text"),
    [
        ("utf-8", "utf-8", "naïve café 語 🙂"),
        ("utf-8-sig", "utf-8-sig", "naïve café 語"),
        ("utf-16", "utf-16", "naïve café 語 🙂"),
        ("utf-16-le", "utf-16-le", "mostly latin letters here"),
        ("utf-16-be", "utf-16-be", "mostly latin letters here"),
        ("utf-32", "utf-32", "naïve café 語"),
        ("cp1252", "cp1252", "un café très français, où êtes-vous à Noël, garçon ? L’été – déjà"),
        ("cp1252", "cp1252", "não há informação sobre a instalação, coração e mão; às vezes também você"),
        ("cp1252", "cp1252", "Die Größe der Straße ändert sich überall, äußerst schön und möglich"),
        ("cp1250", "cp1250", "zażółć gęślą jaźń, proszę o zwrot pieniędzy i więcej wiadomości później"),
        ("cp1250", "cp1250", "příliš žluťoučký kůň úpěl ďábelské ódy, děkuji za rychlou odpověď"),
        ("cp1251", "cp1251", "Здравствуйте, мой заказ до сих пор не пришёл, помогите пожалуйста"),
        ("shift_jis", "cp932", "注文した商品がまだ届いていません。いつ届きますか"),
    ],
)
def test_encodings(write, codec, expected, text):
    rows = [(f"{text} {n}", "ja" if n % 2 else "nein") for n in range(30)]
    table = read_table(*write(as_csv(rows).encode(codec)))
    assert rows_of(table) == rows
    assert table.options.encoding in (expected, codec)


def test_utf8_is_decided_by_the_whole_file(write):
    """A single accent at the very end is enough to know."""
    content = as_csv([("plain text", "a"), ("more text", "b")] * 3000) + "ein schöner Schluß,a\n"
    assert read_table(*write(content)).frame["text"].iloc[-1] == "ein schöner Schluß"
    assert read_table(*write(content.encode("cp1252"))).options.encoding == "cp1252"


def test_mixed_encodings_are_read_and_said(write):
    lines = [f"schöner Text über {n},a\n".encode("cp1252" if n % 4 == 0 else "utf-8") for n in range(40)]
    table = read_table(*write(b"text,label\n" + b"".join(lines)))
    assert [row[0] for row in rows_of(table)] == [f"schöner Text über {n}" for n in range(40)]
    assert mentions(table, "mixes encodings", "30 lines", "10 are not")


def test_nul_bytes_are_kept_and_said(write):
    table = read_table(*write(as_csv([("with\0nul", "a"), *ROWS])))
    assert table.frame["text"][0] == "with\0nul" and mentions(table, "1 NUL byte")


# Files that are no table


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty.*Check that the export"),
        (b"\n\n  \n", "only blank lines"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "a PNG image, not a table.*Expected CSV"),
        (b"%PDF-1.7 ...", "a PDF document"),
        (bytes(range(256)) * 20, "is not text"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "a web page.*download the file itself"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 100, "damaged Office document"),
        (b"PK\x03\x04broken", "damaged zip or Excel"),
        (b"PAR1 broken PAR1", "damaged Parquet"),
        (b"\x1f\x8b\x08\x00broken", "cannot be unpacked"),
        # Without the time of packing: it would give the test another name in each of pytest's processes.
        (gzip.compress(b"", mtime=0), "is empty"),
        (gzip.compress(b"PAR1 and more", mtime=0), "damaged Parquet"),
        (b"\x80\x04\x95" + b"\0" * 50, "a Python pickle"),
    ],
)
def test_what_is_no_table_is_refused(write, content, words):
    with pytest.raises(DataError, match=words):
        read_table(*write(content))


def test_a_file_beyond_the_limit(write):
    path, name = write(b"")
    with path.open("r+b") as file:
        file.truncate(2100 * 2**20)  # no bytes on the disk
    with pytest.raises(DataError, match="is 2,100 MB; at most 2,048 MB"):
        read_table(path, name)


def test_gzip_bomb_is_stopped_while_it_streams(write, monkeypatch):
    monkeypatch.setattr(limits, "MAX_DECOMPRESSED_BYTES", 3 * 2**20)
    path, name = write(gzip.compress(b"a,b\n" * 2_000_000), "bomb.csv.gz")
    with pytest.raises(DataError, match="unfolds to more than 3 MB"):
        read_table(path, name)


def workbook(rows, title="Sheet", **more):
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    for name, content in more.items():
        sheet = book.create_sheet(name)
        for row in content:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def with_part(content, name, part):
    """The workbook with one more part in its archive."""
    out = io.BytesIO(content)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, part)
    return out.getvalue()


def test_workbook_bomb_is_refused_by_its_directory(write, monkeypatch):
    monkeypatch.setattr(limits, "MAX_DECOMPRESSED_BYTES", 3 * 2**20)
    bomb = with_part(workbook(ROWS), "xl/media/zeros.bin", b"\0" * 5 * 2**20)
    with pytest.raises(DataError, match=r"would unfold to 5 MB.*Nothing was unpacked"):
        read_table(*write(bomb, "bomb.xlsx"))


def test_workbook_bomb_is_stopped_while_reading(write):
    bomb = with_part(workbook(ROWS), "xl/media/zeros.bin", b"\0" * 5 * 2**20)
    path, name = write(bomb, "bomb.xlsx")
    with path.open("rb") as file, pytest.raises(DataError, match="unfolds to more than 3 MB"):
        workbook_parts.verify_workbook(file, name, limit=3 * 2**20)


def test_a_lying_directory_does_not_unfold(write):
    """The directory claims ten bytes for a part that holds five megabytes."""
    bomb = bytearray(with_part(workbook(ROWS), "xl/media/zeros.bin", b"\0" * 5 * 2**20))
    real, claimed = (5 * 2**20).to_bytes(4, "little"), (10).to_bytes(4, "little")
    assert bomb.count(real) >= 1
    with pytest.raises(DataError, match="damaged"):
        read_table(*write(bytes(bomb).replace(real, claimed), "bomb.xlsx"))


def test_entities_in_a_workbook_are_refused(write):
    laughs = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">]><x>&a;</x>'
    with pytest.raises(DataError, match="declares XML entities"):
        read_table(*write(with_part(workbook(ROWS), "xl/extra.xml", laughs), "laughs.xlsx"))


# The other formats


def test_gzip_of_csv(write):
    table = read_table(*write(gzip.compress(as_csv().encode()), "data.csv.gz"))
    assert rows_of(table) == ROWS and not mentions(table, "name ends")


def test_content_decides_over_the_extension_and_says_so(write, tmp_path):
    frame = pandas.DataFrame(ROWS, columns=["text", "label"])
    frame.to_parquet(tmp_path / "source")
    table = read_table(*write((tmp_path / "source").read_bytes(), "data.csv"))
    assert rows_of(table) == ROWS and table.options.kind == "parquet"
    assert mentions(table, "ends in .csv", "content is Parquet", "content decides")
    assert mentions(read_table(*write(gzip.compress(as_csv().encode()), "data.csv")), "compressed with gzip")


def test_json_lines(write):
    lines = [json.dumps({"text": text, "label": label, "meta": {"n": 1}}, ensure_ascii=False) for text, label in ROWS]
    lines[3] = "not json"
    lines[5] = "[1, 2]"
    lines.insert(0, "")
    lines.append(json.dumps({"text": "new key", "label": 3, "extra": None, "flag": True, "share": 2.0}))
    table = read_table(*write("\n".join(lines), "data.jsonl"))
    assert list(table.frame.columns) == ["text", "label", "meta.n", "extra", "flag", "share"]
    assert table.findings[0].lines == (5, 7) and table.lines[0] == 2 and len(table.frame) == 59
    assert rows_of(table)[-1] == ("new key", "3", "", "", "true", "2")
    assert rows_of(table)[0] == (*ROWS[0], "1", "", "", "")


def test_json_array_half_surrogates_and_depth(write):
    deep = "[" * 100_000 + "]" * 100_000
    content = '{"text": "half \\ud83d pair", "label": "a"}\n{"text": ' + deep + '}\n{"text": ' + "9" * 6000 + "}\n"
    table = read_table(*write(content, "data.jsonl"))
    assert rows_of(table) == [("half ? pair", "a"), ("9" * 6000, "")] and table.findings[0].lines == (2,)
    array = json.dumps([{"text": text, "label": label} for text, label in ROWS])
    assert rows_of(read_table(*write(array, "data.json"))) == ROWS
    with pytest.raises(DataError, match="starts like JSON, but cannot be read at line 1"):
        read_table(*write("{broken\n{worse\n", "data.jsonl"))


def test_parquet_types_become_strings(write, tmp_path):
    frame = pandas.DataFrame(
        {"text": ["a", None, "c"], "label": [1, 2, 3], "share": [1.0, 2.5, None], "kind": pandas.Categorical(["x", "y", "x"])}
    )
    frame.to_parquet(tmp_path / "source")
    table = read_table(*write((tmp_path / "source").read_bytes(), "data.parquet"))
    assert rows_of(table) == [("a", "1", "1", "x"), ("", "2", "2.5", "y"), ("c", "3", "", "x")]
    assert len(read_table(*write((tmp_path / "source").read_bytes(), "data.parquet"), limit=2).frame) == 2


def test_parquet_bomb(write, tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_DECOMPRESSED_BYTES", 2**20)
    pandas.DataFrame({"text": ["x" * 1000] * 50_000, "label": ["a"] * 50_000}).to_parquet(tmp_path / "source")
    with pytest.raises(DataError, match="more than 1 MB"):
        read_table(*write((tmp_path / "source").read_bytes(), "data.parquet"))


def test_excel(write):
    rows = [("text", "label", "count"), *[(text, label, 3.0) for text, label in ROWS], (), ("=1+2", None, True)]
    path, name = write(workbook(rows, "First", Second=[("a", "b"), ("c", "d")]), "data.xlsx")
    table = read_table(path, name)
    assert rows_of(table)[0] == (*ROWS[0], "3") and rows_of(table)[-1] == ("", "", "true")
    assert [(finding.code, finding.count) for finding in table.findings] == [("formulas_without_value", 1)]
    assert table.options == ReadingOptions("excel", sheet="First", header=True, skip_rows=0) and table.lines[-1] == 63
    assert mentions(table, "2 sheets", "“First” was read")
    assert len(read_table(path, name, ReadingOptions(sheet="Second", header=True)).frame) == 1
    with pytest.raises(DataError, match=r"no sheet called “Third”.*First, Second"):
        read_table(path, name, ReadingOptions(sheet="Third"))
    with pytest.raises(DataError, match="no filled cell"):
        read_table(*write(workbook([]), "empty.xlsx"))


# Guessing columns


def test_columns_are_guessed_by_name(write):
    rows = [(str(n), text, f"Subject {n} of it", label, "mail") for n, (text, label) in enumerate(ROWS)]
    guess = guess_columns(read_table(*write(as_csv(rows, ("id", "body", "subject", "category", "channel")))))
    assert guess.text == ("body", "subject") and guess.label == "category" and guess.sure and "by its name" in guess.reason


def test_columns_are_guessed_by_numbers(write):
    rows = [(str(n), text, label) for n, (text, label) in enumerate(ROWS)]
    guess = guess_columns(read_table(*write(as_csv(rows, ("a", "b", "c")))))
    assert guess.text == ("b",) and guess.label == "c"


def test_an_unsure_guess_names_the_rivals(write):
    rows = [(text, label, ["red", "blue"][n % 2]) for n, (text, label) in enumerate(ROWS)]
    guess = guess_columns(read_table(*write(as_csv(rows, ("a", "b", "c")))))
    assert guess.text == ("a",) and not guess.sure and "Also possible" in guess.reason
