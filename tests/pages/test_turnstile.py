"""Few pages are drawn at a time, none waits for ever, and a page that fails gives its seat back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BrokenBarrierError, Event

import pytest

from pages.parts import turnstile
from pages.parts.turnstile import turn_to_draw


def test_pages_that_take_long_are_drawn_two_at_a_time() -> None:
    at_once, most, turns = [0], [0], Event()

    def draw() -> None:
        with turn_to_draw("guide"):
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
            turns.wait(0.02)
            at_once[0] -= 1

    with ThreadPoolExecutor(8) as visitors:
        for visit in [visitors.submit(draw) for _ in range(8)]:
            visit.result()
    assert most[0] == 2


def test_other_pages_wait_for_nobody() -> None:
    meeting = Barrier(4)

    def draw() -> None:
        with turn_to_draw("classify"):
            meeting.wait(5)  # they are all there at the same time, or this fails

    with ThreadPoolExecutor(4) as visitors:
        for visit in [visitors.submit(draw) for _ in range(4)]:
            visit.result()


def test_a_page_that_fails_gives_its_seat_back_and_one_that_hangs_does_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        with pytest.raises(BrokenBarrierError), turn_to_draw("code"):
            raise BrokenBarrierError
    monkeypatch.setattr(turnstile, "PATIENCE", 0.01)
    with turn_to_draw("code"), turn_to_draw("code"), turn_to_draw("code"):
        pass
    with turn_to_draw("code"):
        pass
