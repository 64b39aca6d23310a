"""Legacy encodings: told by the language of the text; what cannot be told is never called sure."""

import pytest

from benchmarks.reading.encodings import CUTS, samples, writable
from benchmarks.reading.language_texts import TEXTS
from engine.encodings.offered import codec_name, codec_of, text_codecs
from engine.encodings.survey import survey
from engine.errors import DataError
from engine.reading import encoding
from engine.reading.encoding import detect_encoding, likely_encodings
from engine.reading.options import ReadingOptions
from engine.reading.read_table import read_table

UNSURE = "encoding_unsure"
THAI = "สวัสดีครับ ผมยังไม่ได้รับสินค้าที่สั่งไว้\nช่วยตรวจสอบให้หน่อยได้ไหมครับ\nขอบคุณมากครับสำหรับความช่วยเหลือ"
TRADITIONAL = "你好，我上個星期買的東西到現在還沒有收到。\n請幫我看一下包裹是不是在倉庫裡丟了。\n謝謝你們的幫助，我會等你們的電話。"
ENGLISH = (
    "It’s the second time that I’ve been charged for this order.\nThe page says “delivered” – but it wasn’t.\n"
    "I can’t reach anybody, and they don’t answer to what you wrote.\nWe’re not happy with the service; please don’t wait any longer.\n"
    "You’ll find the number on the invoice, and that’s all I have."
)
KAZAKH = (
    "Сәлеметсіз бе, менің тапсырысым әлі келген жоқ.\nСайтта ол жолда деп жазылған, бірақ маған ешкім қоңырау шалмады.\n"
    "Өтінемін, сәлемдеме қоймада жоғалмағанын тексеріңіз.\nЕгер жоғалса, ақшамды қайтарып алғым келеді."
)
BRETON = (
    "Demat, n'eo ket erruet ar pakad a oan o c'hortoz abaoe ar sizhun tremenet.\nSkrivet em eus deoc'h dija met n'em eus resevet "
    "respont ebet.\nTrugarez evit ho sikour, ha kenavo gant ar gwellañ gourc'hemennoù."
)


@pytest.fixture
def write(tmp_path):
    def write_file(content: bytes, name: str = "data.csv"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write_file


def detected(path):
    return detect_encoding(path, path.name)


def codes(result):
    return {finding.code for finding in result.findings}


def check(write, language, codec, text):
    path = write(text.encode(codec))
    found = detected(path)
    assert path.read_bytes().decode(found.name, "replace") == text, f"{language} in {codec} was read as {found.name}"
    return found


@pytest.mark.parametrize("language", TEXTS)
def test_each_language_in_each_of_its_codecs(write, language):
    for name, codec, text in samples(0):
        if name == language and text.startswith(TEXTS[language][0]):
            check(write, language, codec, text)


@pytest.mark.thorough
@pytest.mark.parametrize("lines", CUTS)
def test_nothing_that_is_read_wrong_is_called_sure(write, lines):
    for language, codec, text in samples(lines, seed=1):
        found = detected(path := write(text.encode(codec)))
        right = path.read_bytes().decode(found.name, "replace") == text
        assert right or (lines == 1 and UNSURE in codes(found)), f"{language} in {codec}, {text!r}, was read as {found.name}"


@pytest.mark.parametrize(
    ("codec", "text"),
    [
        ("cp874", THAI),
        ("big5", TRADITIONAL),
        ("cp1252", ENGLISH),
        ("mac_roman", ENGLISH),
        ("iso2022_jp", "\n".join(TEXTS["Japanese"])),
        ("iso2022_kr", "\n".join(TEXTS["Korean"])),
        ("hz", "\n".join(TEXTS["Chinese"])),
        ("utf-7", "\n".join(TEXTS["German"])),
        ("iso8859_8", "\n".join(TEXTS["Hebrew"])),
    ],
)
def test_other_encodings_that_are_sure(write, codec, text):
    assert not check(write, "this", codec, text + "\n").findings


@pytest.mark.parametrize(("codec", "text"), [("kz1048", KAZAKH), ("ptcp154", KAZAKH), ("mac_roman", BRETON), ("cp850", BRETON)])
def test_a_language_that_is_not_known_is_never_sure(write, codec, text):
    for repeats in (1, 50):
        assert UNSURE in codes(detected(write((text + "\n").encode(codec) * repeats)))


@pytest.mark.parametrize("line", ["a café", "prix: 20 €", "naïve\tyes", "sister\xf0city", "Größe XL", "año"])
def test_one_word_is_not_enough(write, line):
    """However often it is repeated."""
    for repeats in (1, 200):
        found = detected(write((line + ",label\n").encode("cp1252") * repeats))
        assert found.name == "cp1252" and UNSURE in codes(found)


def test_letters_with_comma_or_cedilla_cannot_be_told(write):
    """Romanian in ISO 8859-2 and 8859-16 are the same bytes."""
    found = detected(write("\n".join(TEXTS["Romanian"]).encode("cp1250")))
    assert found.name == "cp1250" and codes(found) == {UNSURE}
    assert "--encoding iso8859_16" in found.findings[0].action


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("data.csv", "text,label\nune élève,a\nun garçon,b\n"),
        ("data.jsonl", '{"text": "une élève", "label": "a"}\n{"text": "un garçon", "label": "b"}\n'),
    ],
)
def test_an_unsure_encoding_is_a_finding_of_the_table(write, name, content):
    path = write(content.encode("mac_roman"), name)
    table = read_table(path, path.name)
    finding = next(finding for finding in table.findings if finding.code == UNSURE)
    guesses = likely_encodings(path)
    assert len(guesses) == 3 and guesses[0].codec == table.options.encoding and guesses[0].sureness != "sure"
    assert all(guess.preview in finding.sentence for guess in guesses) and len({guess.preview for guess in guesses}) == 3
    assert all(f"--encoding {guess.codec}" in finding.action for guess in guesses[1:])


def test_a_sure_one_is_a_note_and_reading_again_finds_nothing_anew(write):
    text = "text,label\n" + "\n".join(f"{line.replace(',', '')},label" for line in "\n".join(TEXTS["Polish"]).split("\n"))
    path = write(text.encode("iso8859_2"))
    table = read_table(path, path.name)
    assert not table.findings and any("ISO 8859-2" in note and "Polish" in note for note in table.notes)
    assert likely_encodings(path)[0].sureness == "sure" and "ę" in table.frame["text"].str.cat()
    again = read_table(path, path.name, table.options)
    assert again.frame.equals(table.frame) and again.options == table.options and not any("UTF-8" in note for note in again.notes)


def test_utf8_and_marks_are_sure(write):
    for codec in ("utf-8", "utf-8-sig", "utf-16", "utf-16-be"):
        guess, *others = likely_encodings(write("text,label\nschöner Text,a\n".encode(codec)))
        assert (guess.codec, guess.sureness, guess.preview) == (codec, "sure", "schöner Text,a") and not others


def test_mixed_encodings_are_counted(write):
    lines = [f"schöner Text über {n},a\n".encode("cp1252" if n % 4 == 0 else "utf-8") for n in range(40)]
    found = detected(write(b"".join(lines)))
    assert found.name == "utf-8" and [(finding.code, finding.count) for finding in found.findings] == [("encodings_mixed", 10)]


def test_every_byte_of_a_large_file_is_looked_at(write, monkeypatch):
    """The only letter on which two codecs differ stands in one line of many thousands."""
    monkeypatch.setattr("engine.encodings.survey.CHUNK", 2**14)
    plain = "le colis est arrivé abîmé et la boîte était déjà ouverte,a\n" * 3000
    path = write((plain + "un très grand cœur et une sœur,b\n" + plain).encode("iso8859_15"))
    assert any(b"\xbd" in line for line in survey(path).lines)
    assert b"\xbd".decode(detected(path).name) == "œ"


def test_text_with_zero_bytes_is_not_utf16(write):
    damaged = "\n".join(f"some{chr(0) * (n % 5 == 0)} plain text, number {n},label" for n in range(100)).encode()
    found = detected(write(damaged))
    assert found.name == "utf-8"


def test_escape_sequences_of_a_terminal_are_no_encoding(write):
    assert detected(write(b"text,label\n\x1b[31mred text\x1b[0m is here,a\n" * 20)).name == "utf-8"
    assert detected(write(b"text,label\nsome+more- and ~{so~} on,a\n" * 20)).name == "utf-8"


def test_japanese_that_begins_late_in_the_file(write, monkeypatch):
    monkeypatch.setattr("engine.reading.delimited.reading.FAST_BYTES", 1000)
    content = b"text,label\n" + b"plain text,a\n" * 10_000 + "注文した商品がまだ届いていません,b\n".encode("iso2022_jp")
    table = read_table(path := write(content), path.name)
    assert table.options.encoding == "iso2022_jp" and table.frame["text"].iloc[-1] == "注文した商品がまだ届いていません"


@pytest.mark.parametrize(
    ("spelling", "codec"),
    [
        ("ISO-8859-2", "iso8859_2"),
        ("Latin 2", "iso8859_2"),
        ("windows-1250", "cp1250"),
        ("Windows 1250", "cp1250"),
        ("win1250", "cp1250"),
        ("CP-852", "cp852"),
        ("DOS 850", "cp850"),
        ("ibm 437", "cp437"),
        ("Mac Roman", "mac_roman"),
        ("x-sjis", "shift_jis"),
        ("Shift JIS", "shift_jis"),
        ("UTF 8", "utf-8"),
        ("utf16le", "utf-16-le"),
        ("ISO 8859-15", "iso8859_15"),
        ("klingon", None),
        ("zip", None),
        ("rot13", None),
        ("", None),
        ("a\0b", None),
    ],
)
def test_codecs_in_any_spelling(spelling, codec):
    assert codec_of(spelling) == codec


def test_every_codec_of_python_is_offered_and_can_be_chosen(write):
    offered = text_codecs()
    assert len(offered) > 95 and {"cp1250", "mac_roman", "iso2022_jp", "utf-16-be", "cp037"} <= set(offered)
    assert (
        len(set(offered.values())) == len(offered) and codec_name("cp1252") == codec_name("windows-1252") == "Windows-1252, Western Europe"
    )
    path = write(b"text,label\nplain,a\nmore,b\n")
    for codec in offered:
        assert codec_of(codec) == codec_of(codec.upper()) == codec
        assert detect_encoding(path, path.name, codec).findings == ()
    with pytest.raises(DataError, match="not a text encoding"):
        read_table(path, path.name, ReadingOptions(encoding="klingon"))


def test_utf16_is_chosen_in_the_byte_order_of_the_file(write):
    for codec in ("utf-16-le", "utf-16-be"):
        path = write("text,label\nschöner Text,a\nmehr Text,b\n".encode(codec))
        assert read_table(path, path.name, ReadingOptions(encoding="UTF 16")).frame["text"][0] == "schöner Text"


def test_a_hundred_thousand_lines_are_looked_through_at_once(write):
    """A guard against loops that look at every line, not a measurement."""
    text = ("\n".join(line + ",label" for line in TEXTS["French"][0].split("\n")) + "\n") * 20_000
    assert writable(text[:1000], "cp1252") and detected(write(text.encode("cp1252"))).name == "cp1252"
    assert len(survey(write(text.encode("cp1252"))).lines) < 5_000 and encoding.MIXED < 1


@pytest.mark.parametrize("content", [b"\xff" * 2**16, b"\xe9a" * 2**20, b"\xff\n" * 10**5, b"\x80", "мой заказ ".encode("koi8_r") * 10**5])
def test_bytes_without_lines_or_spaces_are_bounded(write, content):
    """A word of a megabyte must not take minutes; whatever it is, it is not sure."""
    path = write(content)
    assert UNSURE in codes(detected(path)) and sum(map(len, survey(path).lines)) < 10**6
    assert all(len(guess.preview) < 100 for guess in likely_encodings(path))


@pytest.mark.parametrize("codec", ["cp1251", "koi8_r", "iso8859_5", "cp866"])
def test_capitals_alone_are_read(write, codec):
    check(write, "Russian in capitals", codec, "\n".join(TEXTS["Russian"]).upper())


@pytest.mark.parametrize("codec", ["cp1250", "iso8859_2", "cp852"])
def test_several_languages_in_one_file_are_read(write, codec):
    check(write, "three languages", codec, "\n".join((*TEXTS["Polish"], *TEXTS["Czech"], *TEXTS["Hungarian"])))
