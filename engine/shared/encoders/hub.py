"""Downloads an encoder from the Hugging Face hub: only the files that are needed, at most once, with its progress told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.errors import EncoderError

EXAMPLE = "BAAI/bge-large-en-v1.5"
"""The model that messages name to show what an id looks like."""

NEEDED_FILES = ["config.json", "modules.json", "sentence_*_config.json", "*_Pooling/config.json", "*_Normalize/config.json",
                "tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json", "added_tokens.json",
                "model.safetensors", "model.safetensors.index.json", "model-*-of-*.safetensors",
                "0_*/*.json", "0_*/vocab.txt", "0_*/*.safetensors"]  # fmt: skip
"""What is downloaded: descriptions, tokenizer and safetensors. Never code, never pickles."""


def download(identifier: str, progress: Callable[[float, float], None] | None) -> Path:
    """Return the folder of a hub model, downloaded at most once; files, sizes and partial downloads are the hub client's business."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, RepositoryNotFoundError

    try:
        if _is_complete(identifier):
            return Path(snapshot_download(identifier, allow_patterns=NEEDED_FILES, local_files_only=True))
        expected = _bytes_to_come(identifier) if progress else 0
        return Path(snapshot_download(identifier, allow_patterns=NEEDED_FILES, tqdm_class=_reporting_bar(progress, expected)))
    except HFValidationError as error:
        raise EncoderError(f"“{identifier}” is neither a folder nor a model id. Expected an id like {EXAMPLE} ({error}).") from error
    except LocalEntryNotFoundError as error:
        raise EncoderError(
            f"{identifier} is not on this machine and the hub cannot be reached. Connect to the network once, choose a local folder, "
            "or use the bundled encoder, which needs none."
        ) from error
    except GatedRepoError as error:
        raise EncoderError(
            f"{identifier} asks for an agreement before it can be downloaded. Accept it on its page, log in with `hf auth login`, and "
            "try again."
        ) from error
    except RepositoryNotFoundError as error:
        raise EncoderError(
            f"There is no public model {identifier} on the hub. Check the spelling; expected an id like {EXAMPLE}."
        ) from error
    except (HfHubHTTPError, OSError) as error:
        reason = (str(error) or "no details").splitlines()[0]
        raise EncoderError(
            f"{identifier} could not be downloaded ({type(error).__name__}: {reason}). Check the network and the free space, then try "
            "again."
        ) from error


def _is_complete(identifier: str) -> bool:
    """Whether all needed files are here, by the list of files that an earlier download kept.

    Then nothing is asked of the network, so that every process of a run sees the same model. Without the list a file may be lacking
    that another program had no use for, such as the one that names the pooling.
    """
    from huggingface_hub import get_cached_repo_tree, snapshot_download
    from huggingface_hub.errors import CachedRepoTreeNotFoundError, LocalEntryNotFoundError

    try:
        get_cached_repo_tree(identifier)
        snapshot_download(identifier, allow_patterns=NEEDED_FILES, local_files_only=True)
    except (CachedRepoTreeNotFoundError, LocalEntryNotFoundError):
        return False
    return True


def _bytes_to_come(identifier: str) -> int:
    """What a download would bring, or 0 where the hub does not answer; the download itself then says why."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import DryRunError

    try:
        plan = snapshot_download(identifier, allow_patterns=NEEDED_FILES, dry_run=True, tqdm_class=_reporting_bar(None, 0))
    except DryRunError:
        return 0
    return sum(file.file_size or 0 for file in plan if file.will_download)


def _reporting_bar(progress: Callable[[float, float], None] | None, expected: float) -> type:
    """A silent progress bar for the hub client. The client counts bytes twice, as received and as written; the one ahead is told."""
    from tqdm import tqdm

    told = 0.0

    class ReportingBar(tqdm):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **(options | {"disable": False, "file": _Silence()}))

        def update(self, n: float | None = 1) -> bool | None:
            nonlocal told
            drawn = super().update(n)
            # Files that were here already count as written, so the sum may pass what was expected.
            if progress and self.unit == "B" and min(self.n, expected) > told:
                told = min(float(self.n), expected)
                progress(told, expected)
            return drawn

    return ReportingBar


class _Silence:
    """A stream that swallows the progress bars' text; their numbers are reported instead."""

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None: ...
