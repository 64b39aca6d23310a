"""Archives are whole or absent, and what is unpacked stays in its folder."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from engine.errors import RunError
from engine.serving import archive
from engine.serving.archive import Contents, files_below, safe_member, write_tar, write_zip

WRITERS = {"zip": write_zip, "tar": write_tar}


@pytest.mark.parametrize(
    "name",
    ["../a", "a/../b", "/etc/passwd", "C:\\a", "C:/a", "a\\b", "", ".hidden", "a/.hidden", "a//b", "a/", "ä", "a b", "a\nb", "-rf", "~/a"],
)
def test_names_that_could_leave_their_folder_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot be the name of a file in an archive"):
        safe_member(name)
    for kind, write in WRITERS.items():
        with pytest.raises(RunError, match="Nothing was written"):
            write(tmp_path / f"bundle.{kind}", {"good.txt": b"good", name: b"bad"})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_what_goes_in_comes_out_and_the_same_gives_the_same(write: Callable[[Path, Contents], Path], tmp_path: Path) -> None:
    large = tmp_path / "large.bin"
    large.write_bytes(bytes(range(256)) * 5000)
    contents: Contents = {"a/model.bin": large, "README.md": b"# read me\n"}
    first, second = (write(tmp_path / name, contents).read_bytes() for name in ("first", "second"))
    assert first == second
    if write is write_zip:
        with zipfile.ZipFile(tmp_path / "first") as file:
            found = {name: file.read(name) for name in file.namelist()}
    else:
        with tarfile.open(tmp_path / "first") as packed:
            found = {member.name: packed.extractfile(member).read() for member in packed}  # type: ignore[union-attr]
    assert found == {"a/model.bin": large.read_bytes(), "README.md": b"# read me\n"}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_a_full_disk_leaves_no_half_archive_and_the_old_one_whole(
    write: Callable[[Path, Contents], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = write(tmp_path / "bundle", {"a.txt": b"old"})
    before = target.read_bytes()

    def full(content: bytes | Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive, "_opened", full)
    with pytest.raises(OSError, match="No space left"):
        write(target, {"a.txt": b"new"})
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"] and target.read_bytes() == before


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_two_that_write_the_same_archive_at_once_do_not_disturb_each_other(
    write: Callable[[Path, Contents], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, inner = archive._opened, []

    def meanwhile(content: bytes | Path) -> BinaryIO:
        if not inner:
            inner.append(True)
            write(tmp_path / "bundle", {"a.txt": b"of another"})
        return opened(content)

    monkeypatch.setattr(archive, "_opened", meanwhile)
    alone = write(tmp_path / "alone", {"a.txt": b"of this one"}).read_bytes()
    inner.clear()
    assert write(tmp_path / "bundle", {"a.txt": b"of this one"}).read_bytes() == alone
    assert {path.name for path in tmp_path.iterdir()} == {"alone", "bundle"}


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "own.txt").write_text("own")
    (folder / "link.txt").symlink_to(tmp_path / "secret")
    assert set(files_below(folder, "in/")) == {"in/own.txt"}
