"""A page that is the first visit after a start of the server is handed over to ``dashboard.py``."""

from types import SimpleNamespace

import pytest

from pages.parts.widgets import entry


@pytest.mark.parametrize("older_kind", [True, False, None])
def test_a_page_is_handed_over_once(monkeypatch: pytest.MonkeyPatch, older_kind: bool | None) -> None:
    flag, reruns = SimpleNamespace(uses_pages_directory=older_kind), []
    monkeypatch.setattr(entry, "PagesManager", flag)
    monkeypatch.setattr(entry.st, "rerun", lambda: reruns.append(True))
    entry.through_dashboard()
    entry.through_dashboard()
    assert len(reruns) == (1 if older_kind else 0)
    assert not flag.uses_pages_directory
