"""Workbooks in formats that no package here writes: ``.xls`` (BIFF8 in its container), ``.xlsb`` and ``.ods``, as small as can be."""

import io
import struct
import zipfile

SECTOR = 512
NAMESPACES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in (("office", "office"), ("table", "table"), ("text", "text"))
)
ERRORS = {"#N/A": 42, "#REF!": 23}


def ole(streams):
    """The container of Office's old formats with these streams, name → bytes."""
    contents = [(name, content.ljust(4096, b"\0")) for name, content in streams.items()]  # shorter ones lie in a container of their own
    entries = [_entry("Root Entry", 5, child=1)]
    sectors, table = [], [0xFFFFFFFD, 0xFFFFFFFE]  # the table itself, then the directory
    for number, (name, content) in enumerate(contents, start=1):
        count = -(-len(content) // SECTOR)
        start = len(table)
        table += [*range(start + 1, start + count), 0xFFFFFFFE]
        sectors.append(content.ljust(count * SECTOR, b"\0"))
        entries.append(_entry(name, 2, right=number + 1 if number < len(contents) else None, start=start, size=len(content)))
    assert len(table) <= SECTOR // 4 and len(entries) <= 4
    directory = b"".join(entries).ljust(SECTOR, b"\0")
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<III4xIIIII", 0, 1, 1, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<109I", 0, *[0xFFFFFFFF] * 108)
    packed_table = struct.pack(f"<{SECTOR // 4}I", *table, *[0xFFFFFFFF] * (SECTOR // 4 - len(table)))
    return header + packed_table + directory + b"".join(sectors)


def _entry(name, kind, child=None, right=None, start=0xFFFFFFFE, size=0):
    encoded = name.encode("utf-16-le")
    none = 0xFFFFFFFF
    links = struct.pack("<III", none, none if right is None else right, none if child is None else child)
    return struct.pack("<64sHBB", encoded, len(encoded) + 2, kind, 1) + links + bytes(36) + struct.pack("<III", start, size, 0)


def xls(sheets, locked=False):
    """An old workbook with these sheets, title → rows of strings, numbers, booleans and names of errors.

    Merged cells of a sheet stand under ``(title, "merged")``, each as first row, last row, first column, last column.
    """
    pieces = {title: _sheet(rows, sheets.get((title, "merged"), ())) for title, rows in sheets.items() if isinstance(title, str)}
    head = _record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0)) + (_record(0x2F, bytes(6)) if locked else b"")
    place = len(head) + sum(len(_bound(title, 0)) for title in pieces) + 4
    book = head
    for title, piece in pieces.items():
        book += _bound(title, place)
        place += len(piece)
    return ole({"Workbook": book + _record(0x0A, b"") + b"".join(pieces.values())})


def _record(kind, content):
    return struct.pack("<HH", kind, len(content)) + content


def _bound(title, place):
    return _record(0x85, struct.pack("<IBBBB", place, title.startswith("hidden"), 0, len(title), 0) + title.encode("latin-1"))


def _sheet(rows, merged):
    content = _record(0x809, struct.pack("<HHHHII", 0x600, 16, 0, 0, 0, 0))
    for row, cells in enumerate(rows):
        for column, value in enumerate(cells):
            place = struct.pack("<HHH", row, column, 0)
            if value in ERRORS:
                content += _record(0x205, place + struct.pack("<BB", ERRORS[value], 1))
            elif isinstance(value, bool):
                content += _record(0x205, place + struct.pack("<BB", value, 0))
            elif isinstance(value, str) and value:
                content += _record(0x204, place + struct.pack("<HB", len(value), 1) + value.encode("utf-16-le"))
            elif isinstance(value, (int, float)):
                content += _record(0x203, place + struct.pack("<d", value))
    if merged:
        content += _record(0xE5, struct.pack("<H", len(merged)) + b"".join(struct.pack("<HHHH", *item) for item in merged))
    return content + _record(0x0A, b"")


def ods(rows, title="Data", spans=None, errors=(), manifest=""):
    """An OpenDocument spreadsheet; ``spans`` has row → rows that the first cell spans, ``errors`` the rows whose last cell is an error."""
    spans, covered, lines = spans or {}, set(), []
    for number, row in enumerate(rows):
        cells = []
        for place, value in enumerate(row):
            if place == 0 and number in covered:
                cells.append("<table:covered-table-cell/>")
                continue
            more = ""
            if place == 0 and number in spans:
                more = f' table:number-rows-spanned="{spans[number]}"'
                covered |= set(range(number + 1, number + spans[number]))
            if place == len(row) - 1 and number in errors:
                more, value = ' office:string-value="" calcext:value-type="error"', "#N/A"
            cells.append(f'<table:table-cell office:value-type="string"{more}><text:p>{value}</text:p></table:table-cell>')
        lines.append(f"<table:table-row>{''.join(cells)}</table:table-row>")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", manifest or '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>')
        archive.writestr(
            "content.xml",
            f'<office:document-content {NAMESPACES} xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0">'
            f'<office:body><office:spreadsheet><table:table table:name="{title}">{"".join(lines)}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return out.getvalue()


def xlsb(rows, title="Data"):
    """A binary workbook of today with one sheet of strings."""

    def record(kind, content=b""):
        number = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
        size, length = b"", len(content)
        while True:
            size += bytes([length & 0x7F | (0x80 if length > 0x7F else 0)])
            length >>= 7
            if not length:
                return number + size + content

    def wide(text):
        return struct.pack("<I", len(text)) + text.encode("utf-16-le")

    book = record(131) + record(143) + record(156, struct.pack("<II", 0, 1) + wide("rId1") + wide(title)) + record(144) + record(132)
    sheet = record(129) + record(148, struct.pack("<IIII", 0, len(rows) - 1, 0, len(rows[0]) - 1)) + record(145)
    for number, row in enumerate(rows):
        sheet += record(0, struct.pack("<IIHHBI", number, 0, 300, 0, 0, 0))
        sheet += b"".join(record(6, struct.pack("<II", place, 0) + wide(value)) for place, value in enumerate(row))
    relations = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    link = f'<Relationship Id="rId1" Type="{office}/worksheet" Target="worksheets/sheet1.bin"/>'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>')
        archive.writestr("xl/workbook.bin", book)
        archive.writestr("xl/_rels/workbook.bin.rels", relations.format(link))
        archive.writestr("xl/worksheets/sheet1.bin", sheet + record(146) + record(130))
    return out.getvalue()
