"""How long the stages of a run are expected to take, and what the clock says while it goes through them."""

from __future__ import annotations

from typing import Any

import pytest

from engine.data.store import sample_choice
from engine.runs.experiment import Experiment
from engine.runs.planning.stage_clock import StageClock
from engine.runs.planning.stages import ENCODER_SECONDS, STAGES, EarlierRun, expected_stages, typical_stages
from engine.runs.planning.workload import Workload
from engine.runs.records.stages import StageEstimate, StageTimes
from engine.runs.status import Status, WorkProgress
from engine.shared.classifiers import CLASSIFIERS

TYPICAL = {"reading": 1.0, "encoding": 10.0, "loading": 8.0, "training": 4.0, "testing": 1.0, "timing": 4.0}


def asked(classifier: str = "embedding-mlp", **settings: Any) -> Experiment:
    return Experiment.recommended(sample_choice(), classifier, **settings)


def earlier(slower: float, classifier: str = "embedding-mlp", epochs: int = 0, warm: bool = False, **settings: Any) -> EarlierRun:
    seconds = {stage: slower * time for stage, time in TYPICAL.items()}
    return EarlierRun(asked(classifier, **settings), StageTimes(warm, seconds, TYPICAL), epochs)


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_typical_figures_know_every_classifier_and_a_standby_saves_the_imports(classifier: str) -> None:
    work = Workload.of(asked(classifier, max_tokens=128))  # another limit than that of the vectors that come with the product
    cold, warm = typical_stages(work, False), typical_stages(work, True)
    assert list(cold) == [stage for stage in STAGES if stage in cold] and all(seconds > 0 for seconds in cold.values())
    saved = 7.0 + sum(ENCODER_SECONDS.values()) * (classifier == "embedding-mlp")
    assert sum(cold.values()) - sum(warm.values()) == pytest.approx(saved), "the imports, side by side, and the bundled encoder"
    assert ("encoding" in cold) == (classifier == "embedding-mlp")


def test_without_earlier_runs_the_typical_time_is_expected() -> None:
    assert {stage: each.seconds for stage, each in expected_stages(asked(), TYPICAL, False, []).items()} == TYPICAL


def test_the_earlier_runs_that_are_most_alike_count() -> None:
    runs = [earlier(5.0, "tfidf-mlp"), earlier(2.0), earlier(3.0), earlier(2.0), earlier(9.0, device="gpu")]
    expected = expected_stages(asked(), TYPICAL, False, runs)
    assert expected["training"].seconds == 2.0 * TYPICAL["training"] and expected["training"].typical == TYPICAL["training"]


def test_another_kind_of_work_says_little() -> None:
    expected = expected_stages(asked(), TYPICAL, False, [earlier(4.0, "text-cnn")])
    assert expected["training"].seconds == pytest.approx(2.0 * TYPICAL["training"])


def test_a_training_that_stopped_early_before_is_expected_to_do_so_again() -> None:
    expected = expected_stages(asked(epochs=20), TYPICAL, False, [earlier(1.0, epochs=5)])
    assert expected["training"].seconds == pytest.approx(TYPICAL["training"] / 4) and expected["training"].part == 0.25
    other = expected_stages(asked(epochs=10), TYPICAL, False, [earlier(1.0, epochs=5)])
    assert other["training"].seconds == pytest.approx(TYPICAL["training"]), "another number of epochs is another training"


class Watch:
    """A clock whose time a test moves."""

    def __init__(self, **seconds: float) -> None:
        self.time = 0.0
        estimates = {stage: StageEstimate(each, each) for stage, each in (TYPICAL | seconds).items()}
        self.clock, self.status = StageClock(estimates, now=lambda: self.time), Status()

    def at(self, time: float, stage: str = "", **shares: float) -> tuple[float, float]:
        """Go on to a moment; what is done and what is left then."""
        self.time = time
        if stage:
            self.clock.begin(stage)
        self.status.progress = {name: WorkProgress(share) for name, share in shares.items()}
        self.clock.tell(self.status)
        assert self.status.seconds_left is not None
        return self.status.share, self.status.seconds_left


def test_a_run_that_goes_as_expected_counts_down_to_nothing() -> None:
    watch, begins = Watch(), 0.0
    for stage, seconds in TYPICAL.items():
        for part in (0.0, 0.5):
            share, left = watch.at(begins + part * seconds, stage)
            assert left == pytest.approx(28.0 - watch.time) and share == pytest.approx(watch.time / 28.0)
        begins += seconds
    watch.time = begins
    assert watch.clock.times() == StageTimes(False, TYPICAL, TYPICAL)


def test_what_lasts_longer_than_expected_never_goes_back_and_still_lasts_a_while() -> None:
    watch = Watch()
    told = [watch.at(float(moment), "reading") for moment in range(20)]
    shares = [share for share, _ in told]
    assert shares == sorted(shares) and all(left > 27 - 1 for _, left in told)


def test_the_workers_own_words_count_more_the_further_they_are() -> None:
    watch = Watch()
    watch.at(0.0, "encoding")
    _, early = watch.at(4.0, encode=0.1)
    _, late = watch.at(20.0, encode=0.5)
    rest = sum(TYPICAL[stage] for stage in ("loading", "training", "testing", "timing"))
    assert early < 40 and 20.0 + rest <= late < 20.0 + 2 * rest
    watch.at(40.0, "training")
    _, left = watch.at(44.0, encode=1.0, pytorch=0.5, tensorflow=0.3)
    assert 4.0 < left < 30.0


def test_a_training_that_ended_early_before_is_further_than_its_epochs_say() -> None:
    watch = Watch()
    watch.clock.expected = {"training": StageEstimate(1.0, 4.0, part=0.25)}
    watch.at(0.0, "training")
    _, before = watch.at(0.5, pytorch=0.125)
    _, beyond = watch.at(2.0, pytorch=0.5)
    assert before == pytest.approx(0.5) and 0.0 < beyond < 1.0, "half of all epochs are left at the most"


def test_what_a_worker_has_behind_it_counts() -> None:
    watch = Watch()
    _, before = watch.at(0.0, "loading")
    watch.status.phases = {"pytorch": "build", "tensorflow": "import"}
    _, one = watch.at(2.0)
    watch.status.phases = {"pytorch": "build", "tensorflow": "build"}
    _, both = watch.at(7.0)
    assert before > one > both and both < sum(TYPICAL[stage] for stage in ("training", "testing", "timing")) + 1.0


def test_a_stage_may_be_left_out() -> None:
    _, left = Watch().at(0.0, "loading")
    assert left == pytest.approx(17.0)


def test_the_typical_time_of_a_training_that_stopped_early_is_that_of_its_part() -> None:
    watch = Watch()
    watch.at(0.0, "training")
    watch.time = 3.0
    times = watch.clock.times(0.25)
    assert times.seconds == {"training": 3.0} and times.typical == {"training": 1.0}


def test_a_moment_later_less_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    status = Status(share=0.5, seconds_left=10.0, started=100.0, updated=110.0)
    for moment, share, left in ((110.0, 0.5, 10.0), (115.0, 0.75, 5.0), (190.0, 90 / 91, 1.0)):
        monkeypatch.setattr("engine.runs.status.time.time", lambda moment=moment: moment)
        assert status.now() == (pytest.approx(share), pytest.approx(left))
    assert Status(share=0.2).now() == (0.2, None)
