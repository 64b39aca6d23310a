"""Lets few visitors' pages be drawn at a time where that takes long: one after the other each is there sooner than all at once.

All scripts of a server share one interpreter. Thirty that draw at the same moment all end with the last one; by turns half of them
have theirs in half the time, and the last waits no longer than before.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

LONG_TO_DRAW = ("guide", "compare", "code")
"""The addresses of the pages that are made of much, and wait for nothing while they are drawn."""
PATIENCE = 5.0
"""Seconds that a visitor waits at most: whatever holds up those before must not hold up everybody."""

_seats = BoundedSemaphore(2)


@contextmanager
def turn_to_draw(address: str) -> Iterator[None]:
    """Wait for one of the seats if ``address`` is that of a page that takes long, and give it back when the block ends."""
    seated = address in LONG_TO_DRAW and _seats.acquire(timeout=PATIENCE)
    try:
        yield
    finally:
        if seated:
            _seats.release()
