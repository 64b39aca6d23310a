"""The learning rate of each step: up on a straight line, then down to zero at the last one."""

from __future__ import annotations

import pytest

from engine.shared.recipe import Recipe


def test_a_constant_rate() -> None:
    assert {Recipe(0.1, 32).rate_share(step) for step in (0, 1, 999)} == {1.0}


def test_warm_up_and_decay() -> None:
    recipe = Recipe(0.1, 32, warmup_steps=10, decay_steps=110)
    assert [recipe.rate_share(step) for step in (0, 4, 9)] == pytest.approx([0.1, 0.5, 1.0])
    assert recipe.rate_share(10) == 1.0 and recipe.rate_share(60) == pytest.approx(0.5)
    assert recipe.rate_share(110) == recipe.rate_share(200) == 0.0
    shares = [recipe.rate_share(step) for step in range(110)]
    assert all(share > 0 for share in shares) and shares.index(max(shares)) in (9, 10)


def test_warm_up_alone_and_a_warm_up_that_never_ends() -> None:
    assert Recipe(0.1, 32, warmup_steps=2).rate_share(50) == 1.0
    assert Recipe(0.1, 32, warmup_steps=10, decay_steps=10).rate_share(10) == 0.0
