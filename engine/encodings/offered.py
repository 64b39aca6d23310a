"""The text codecs of Python, with names that people know them by, and any spelling of them."""

from __future__ import annotations

import codecs
import encodings
import encodings.aliases
import io
import pkgutil
import re
from functools import cache

FOR_PROGRAMS = ("idna", "punycode", "undefined", "mbcs", "oem", "aliases", "palmos", "charmap", "iso8859_1")
"""Modules in Python's folder of codecs that are not what a file of texts is in, or there under another name."""

NAMES = """
utf-8 UTF-8|utf-8-sig UTF-8 with a mark|utf-16 UTF-16|utf-16-le UTF-16, little-endian|utf-16-be UTF-16, big-endian|utf-32 UTF-32
utf-32-le UTF-32, little-endian|utf-32-be UTF-32, big-endian|utf-7 UTF-7|ascii ASCII|cp1252 Windows-1252, Western Europe
latin_1 ISO 8859-1, Western Europe|iso8859_15 ISO 8859-15, Western Europe|mac_roman Mac Roman, Western Europe
cp850 DOS 850, Western Europe|cp858 DOS 858, Western Europe|cp437 DOS 437, United States|cp1250 Windows-1250, Central Europe
iso8859_2 ISO 8859-2, Central Europe|cp852 DOS 852, Central Europe|mac_latin2 Mac Central Europe|iso8859_16 ISO 8859-16, Romanian
mac_croatian Mac Croatian|mac_romanian Mac Romanian|cp1251 Windows-1251, Cyrillic|koi8_r KOI8-R, Russian|koi8_u KOI8-U, Ukrainian
koi8_t KOI8-T, Tajik|iso8859_5 ISO 8859-5, Cyrillic|cp866 DOS 866, Cyrillic|cp855 DOS 855, Cyrillic|mac_cyrillic Mac Cyrillic
cp1125 DOS 1125, Ukrainian|kz1048 KZ-1048, Kazakh|ptcp154 PT154, Kazakh|cp1253 Windows-1253, Greek|iso8859_7 ISO 8859-7, Greek
cp737 DOS 737, Greek|cp869 DOS 869, Greek|mac_greek Mac Greek|cp1254 Windows-1254, Turkish|iso8859_9 ISO 8859-9, Turkish
cp857 DOS 857, Turkish|mac_turkish Mac Turkish|iso8859_3 ISO 8859-3, Maltese and Esperanto|cp1255 Windows-1255, Hebrew
iso8859_8 ISO 8859-8, Hebrew|cp862 DOS 862, Hebrew|cp856 DOS 856, Hebrew|cp1256 Windows-1256, Arabic|iso8859_6 ISO 8859-6, Arabic
cp720 DOS 720, Arabic|cp864 DOS 864, Arabic|mac_arabic Mac Arabic|mac_farsi Mac Farsi|cp1257 Windows-1257, Baltic
iso8859_13 ISO 8859-13, Baltic|iso8859_4 ISO 8859-4, Baltic|cp775 DOS 775, Baltic|iso8859_10 ISO 8859-10, Nordic|cp865 DOS 865, Nordic
cp861 DOS 861, Icelandic|mac_iceland Mac Icelandic|cp860 DOS 860, Portuguese|cp863 DOS 863, Canadian French
iso8859_14 ISO 8859-14, Celtic|cp1258 Windows-1258, Vietnamese|cp874 Windows-874, Thai|tis_620 TIS-620, Thai
iso8859_11 ISO 8859-11, Thai|cp932 Windows-932, Japanese (Shift JIS)|shift_jis Shift JIS, Japanese|euc_jp EUC-JP, Japanese
iso2022_jp ISO-2022-JP, Japanese|gb18030 GB 18030, Chinese|gbk GBK, Chinese|gb2312 GB 2312, Chinese|hz HZ, Chinese
big5 Big5, Traditional Chinese|cp950 Windows-950, Traditional Chinese (Big5)|big5hkscs Big5-HKSCS, Hong Kong|cp949 Windows-949, Korean
euc_kr EUC-KR, Korean|johab Johab, Korean|iso2022_kr ISO-2022-KR, Korean
"""


@cache
def text_codecs() -> dict[str, str]:
    """Return every text codec of Python and a name to choose it by, the usual ones first."""
    named = dict(entry.split(" ", 1) for line in NAMES.strip().splitlines() for entry in line.split("|"))
    modules = [module.name for module in pkgutil.iter_modules(encodings.__path__) if module.name not in FOR_PROGRAMS]
    found = sorted(name.replace("_", "-") if name.startswith("utf_") else name for name in modules)
    return {codec: name for codec, name in named.items() if is_text_codec(codec)} | {
        codec: codec.replace("_", "-").upper() for codec in found if codec not in named and is_text_codec(codec)
    }


def codec_name(codec: str) -> str:
    """Return a name that people know a codec by: ``Windows-1252, Western Europe``."""
    return text_codecs().get(codec_of(codec) or codec, codec.upper())


@cache
def codec_of(spelling: str) -> str | None:
    """Return Python's name for a codec in any spelling (``ISO-8859-2``, ``Windows 1250``, ``Latin 2``); ``None`` where there is none."""
    spellings = _spellings()
    for attempt in (spelling, spelling.strip().replace(" ", "_"), spelling.strip().lower().removeprefix("x-")):
        key = _plain(attempt)
        if key in spellings:
            return spellings[key]
        if is_text_codec(attempt):
            return spellings.get(_plain(codecs.lookup(attempt).name), attempt)
    number = re.fullmatch(r"x?(?:windows|win|ibm|dos|oem|cp|codepage|mscp)(\d{3,4})", _plain(spelling))
    return spellings.get(f"cp{number[1]}") if number else None


@cache
def _spellings() -> dict[str, str]:
    known = {_plain(name.split(",")[0]): codec for codec, name in reversed(text_codecs().items())}
    for alias, module in encodings.aliases.aliases.items():
        known.setdefault(_plain(alias), module.replace("_", "-") if module.startswith("utf_") else module)
    known |= {"latin1": "latin_1", "iso88591": "latin_1"}
    known = {spelling: codec for spelling, codec in known.items() if codec in text_codecs()}
    return known | {_plain(codec): codec for codec in text_codecs()}


def _plain(spelling: str) -> str:
    return re.sub(r"[^a-z0-9]", "", spelling.lower())


def is_text_codec(codec: str) -> bool:
    """Return whether Python has a text codec of that name."""
    try:
        io.TextIOWrapper(io.BytesIO(), encoding=codec)
    except (LookupError, ValueError):
        return False
    return True
