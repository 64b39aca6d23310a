"""What all requests have in common: the job whose worker answers, and the type of its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

Answer = TypeVar("Answer")


@dataclass(frozen=True, kw_only=True)
class Request(Generic[Answer]):
    """Base class of everything that a study may ask; requests and answers cross the channel as JSON."""

    job: ClassVar[str]
    """The job of the worker that answers."""
    answer: ClassVar[type[Any]]
    """The type of the answer."""

    @property
    def leaves_files(self) -> bool:
        """Whether the answer is only part of it: an answer that was kept from another time leaves no files behind."""
        return False
