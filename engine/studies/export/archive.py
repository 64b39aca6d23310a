"""A finished export as one zip file to take away."""

from __future__ import annotations

import io
import zipfile

from engine.errors import MigrationError
from engine.studies.export.request import ExportRequest, find_manifest


def zipped(request: ExportRequest) -> bytes:
    """Return all files of an export under their paths in its folder. Raises ``MigrationError`` when they have gone."""
    folder = request.folder
    if find_manifest(request) is None:
        raise MigrationError(f"The export {folder.name} of run {request.run} was removed. Export it again.")
    file = io.BytesIO()
    try:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.rglob("*")):
                if path.is_file() and not path.is_symlink():  # a link could lead out of the folder
                    archive.write(path, f"{folder.name}/{path.relative_to(folder).as_posix()}")
    except OSError as error:
        raise MigrationError(f"The export {folder.name} cannot be read ({error.strerror}). Export it again.") from error
    return file.getvalue()
