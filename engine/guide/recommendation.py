"""From answers to a recommendation with its reasons, what is not known yet, and what would change it.

Each side's weights are added up only to see whether one outweighs the other. The sum is never shown: what decides stands there as reasons.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.display.formatting import count, shorten
from engine.errors import ExperimentError
from engine.guide.claims import Conclusion
from engine.guide.questionnaire import DEFAULT, LARGEST_WEIGHT, MEASURED_BY, QUESTIONS, REASONS, Reason

LEAST_LEAD = 2
"""One side has to lead by this weight, that of an ordinary reason …"""

LEAST_SHARE = 1 / 4
"""… and by this share of all weights, or either will do."""

MARKS = {
    "measured": "measured here",
    "counted": "counted here",
    "tried": "tried here",
    "shown": "shown here",
    "stated": "stated by others",
}
"""Source of a conclusion → what is written beside a reason that rests on it."""


@dataclass(frozen=True)
class Weighed:
    """A reason that the answers bring up, with what is known about it."""

    name: str
    """Its key in ``REASONS``."""
    weight: int
    known: bool
    """Whether evidence is there, or none is needed."""
    favours: str | None
    """The framework that it speaks for; ``None`` for neither, and while nothing is known."""
    mark: str
    """What it rests on: ``measured here``, ``opinion``, …"""
    evidence: str
    """What was found, or why nothing counts yet; whose word it is, where no claim is behind the reason."""
    because: tuple[str, ...]
    """The given answers that bring it up, in words."""

    @property
    def reason(self) -> Reason:
        return REASONS[self.name]

    @property
    def counts(self) -> bool:
        """Whether it adds to one of the sides."""
        return self.favours is not None and self.weight > 0


@dataclass(frozen=True)
class Change:
    """One thing that, were it otherwise, would change what the recommendation leans to."""

    kind: str
    """``answer``, ``evidence`` or ``opinion``."""
    name: str
    """The question, or the reason in ``REASONS``."""
    values: tuple[str, ...]
    """The other answers, or the framework for which the evidence would speak; nothing for an opinion that is not shared."""
    leaning: str | None
    """What it would lean to."""
    words: str
    """Completes “… if”."""


@dataclass(frozen=True)
class Recommendation:
    """What the answers lean to, and why."""

    leaning: str | None
    """A framework; ``None`` when either will do."""
    sentence: str
    weighed: tuple[Weighed, ...]
    """Every reason in play, the heaviest first."""
    changes: tuple[Change, ...]

    def speaking_for(self, framework: str) -> tuple[Weighed, ...]:
        """Return the reasons that count for it, the heaviest first."""
        return tuple(weighed for weighed in self.weighed if weighed.counts and weighed.favours == framework)

    @property
    def for_neither(self) -> tuple[Weighed, ...]:
        """What is known to make no difference."""
        return tuple(weighed for weighed in self.weighed if weighed.known and weighed.favours is None)

    @property
    def unknown(self) -> tuple[Weighed, ...]:
        """What counts nothing until it is measured."""
        return tuple(weighed for weighed in self.weighed if not weighed.known)

    @property
    def set_aside(self) -> tuple[Weighed, ...]:
        """What speaks for one of them and was given no weight."""
        return tuple(weighed for weighed in self.weighed if weighed.favours is not None and not weighed.weight)


def recommend(answers: Mapping[str, str], weights: Mapping[str, int], conclusions: Mapping[str, Conclusion]) -> Recommendation:
    """Weigh the reasons that the answers bring up against each other.

    ``answers``: question → option; a question left out counts as ``DEFAULT``. ``weights``: reason → 0 to ``LARGEST_WEIGHT``, for those that
    differ from the usual. ``conclusions``: claim → what is known on this machine; a reason that rests on a claim speaks for whom its
    conclusion does, whatever is usually said, and counts nothing while there is none.

    Raises ``ExperimentError`` for a question, an option, a reason or a weight that does not exist.
    """
    answers = _checked_answers(answers)
    _check_weights(weights)
    weighed = _weigh(answers, weights, conclusions)
    leaning = _leaning(weighed)
    return Recommendation(leaning, _sentence(leaning, weighed, answers), weighed, _changes(leaning, weighed, answers, weights, conclusions))


def _checked_answers(answers: Mapping[str, str]) -> dict[str, str]:
    for name, value in answers.items():
        if name not in QUESTIONS:
            raise ExperimentError(f"There is no question “{shorten(name)}”. Expected one of {', '.join(QUESTIONS)}.")
        options = [option.key for option in QUESTIONS[name].options]
        if value not in options:
            raise ExperimentError(f"“{shorten(value)}” is no answer to {name}. Choose one of {', '.join(options)}.")
    return dict.fromkeys(QUESTIONS, DEFAULT) | dict(answers)


def _check_weights(weights: Mapping[str, int]) -> None:
    for name, weight in weights.items():
        if name not in REASONS:
            raise ExperimentError(f"There is no reason “{shorten(name)}” to weigh. Expected one of {', '.join(REASONS)}.")
        if weight not in range(LARGEST_WEIGHT + 1):
            raise ExperimentError(f"{name} was given the weight {weight}. Expected a whole number from 0 to {LARGEST_WEIGHT}.")


def _weigh(answers: Mapping[str, str], weights: Mapping[str, int], conclusions: Mapping[str, Conclusion]) -> tuple[Weighed, ...]:
    given = {f"{name}.{value}": QUESTIONS[name].option(value).words for name, value in answers.items()}
    weighed = []
    for name, reason in REASONS.items():
        because = tuple(given[answer] for answer in reason.answers if answer in given)
        if because:
            weighed.append(_judge(name, weights.get(name, reason.weight), because, conclusions))
    return tuple(sorted(weighed, key=lambda one: -one.weight))


def _judge(name: str, weight: int, because: tuple[str, ...], conclusions: Mapping[str, Conclusion]) -> Weighed:
    reason = REASONS[name]
    if reason.claim is None:
        mark = "opinion" if reason.opinion else "stated by others"
        return Weighed(name, weight, True, reason.side, mark, f"Source: {reason.source}.", because)
    conclusion = conclusions.get(reason.claim)
    usually = f"It is usually said to favour {FRAMEWORK_NAMES[reason.side]}" if reason.side else "It is usually said to make no difference"
    stated_only = conclusion is not None and conclusion.source == "stated" and not conclusion.favours
    if conclusion is None or not conclusion.verdict or stated_only:
        # Facts from outside that name neither framework are no evidence that it makes no difference.
        mark = MARKS["stated"] if stated_only else "not known yet"
        why = f" {_sentence_of(conclusion.figure)}" if conclusion and conclusion.figure else ""
        return Weighed(name, weight, False, None, mark, f"{usually}; it counts nothing until it is known here.{why}", because)
    words = " ".join(_sentence_of(part) for part in (conclusion.verdict, conclusion.figure) if part.strip())
    if conclusion.favours and conclusion.favours != reason.side:
        words += f" {usually}; the evidence says otherwise and is followed."
    return Weighed(name, weight, True, conclusion.favours, MARKS[conclusion.source], words, because)


def _sentence_of(words: str) -> str:
    words = words.strip()
    return f"{words[:1].upper()}{words[1:].rstrip('.')}."


def _leaning(weighed: tuple[Weighed, ...]) -> str | None:
    sums = {framework: sum(one.weight for one in weighed if one.favours == framework) for framework in FRAMEWORKS}
    first, second = sorted(FRAMEWORKS, key=lambda framework: -sums[framework])
    lead = sums[first] - sums[second]
    return first if lead >= LEAST_LEAD and lead >= LEAST_SHARE * sum(sums.values()) else None


def _sentence(leaning: str | None, weighed: tuple[Weighed, ...], answers: Mapping[str, str]) -> str:
    counting = {framework: [one for one in weighed if one.counts and one.favours == framework] for framework in FRAMEWORKS}
    if leaning:
        [other] = [framework for framework in FRAMEWORKS if framework != leaning]
        against = f" and {len(counting[other])} for {FRAMEWORK_NAMES[other]}" if counting[other] else ""
        heaviest = counting[leaning][0].reason.title
        named = f", the weightiest “{heaviest}”" if len(counting[leaning]) > 1 else f", “{heaviest}”"
        return f"Leans to {FRAMEWORK_NAMES[leaning]}: {_speak(counting[leaning])} for it{named}{',' if against else ''}{against}."
    if all(value == DEFAULT for value in answers.values()):
        return "Either will do, as long as nothing more is known: each answer brings reasons with it."
    one_sided = [framework for framework in FRAMEWORKS if counting[framework]]
    if not one_sided:
        return "Either will do: no reason that counts speaks for one of them."
    if len(one_sided) == 1:
        [side] = one_sided
        return f"Either will do: {_speak(counting[side])} for {FRAMEWORK_NAMES[side]}, and that weighs too little to decide."
    first, second = FRAMEWORKS
    spoken = f"{_speak(counting[first])} for {FRAMEWORK_NAMES[first]} and {len(counting[second])} for {FRAMEWORK_NAMES[second]}"
    return f"Either will do: {spoken}, and neither side outweighs the other."


def _speak(reasons: list[Weighed]) -> str:
    return f"{count(len(reasons), 'reason')} {'speaks' if len(reasons) == 1 else 'speak'}"


def _changes(
    leaning: str | None,
    weighed: tuple[Weighed, ...],
    answers: Mapping[str, str],
    weights: Mapping[str, int],
    conclusions: Mapping[str, Conclusion],
) -> tuple[Change, ...]:
    """Weigh everything anew with one thing changed at a time; keep what leads elsewhere, alike outcomes of one thing together."""
    outcomes: dict[tuple[str, str, str | None], list[str]] = {}
    for kind, name, value, changed in _alternatives(weighed, answers, weights, conclusions):
        if (result := _leaning(changed)) != leaning:
            outcomes.setdefault((kind, name, result), []).append(value)
    return tuple(
        Change(kind, name, tuple(filter(None, values)), result, _change_words(kind, name, values, weighed))
        for (kind, name, result), values in outcomes.items()
    )


def _alternatives(
    weighed: tuple[Weighed, ...], answers: Mapping[str, str], weights: Mapping[str, int], conclusions: Mapping[str, Conclusion]
) -> Iterator[tuple[str, str, str, tuple[Weighed, ...]]]:
    for name, question in QUESTIONS.items():
        for option in question.options:
            if option.key != answers[name]:
                yield "answer", name, option.key, _weigh({**answers, name: option.key}, weights, conclusions)
    for one in weighed:
        claim = one.reason.claim
        if claim is None:
            yield "opinion", one.name, "", _weigh(answers, {**weights, one.name: 0}, conclusions)
            continue
        for framework in FRAMEWORKS:
            if framework != one.favours:
                conclusion = conclusions.get(claim) or Conclusion(claim, "measured", "", "")
                supposed = replace(conclusion, favours=framework, verdict=conclusion.verdict or "supposed")
                yield "evidence", one.name, framework, _weigh(answers, weights, {**conclusions, claim: supposed})


def _change_words(kind: str, name: str, values: list[str], weighed: tuple[Weighed, ...]) -> str:
    if kind == "answer":
        options = " or ".join(f"“{QUESTIONS[name].option(value).words}”" for value in values)
        return f"“{QUESTIONS[name].words}” were answered with {options}"
    title = REASONS[name].title
    if kind == "opinion":
        return f"“{title}” counted nothing"
    [now] = [one for one in weighed if one.name == name]
    spoken = " or ".join(FRAMEWORK_NAMES[value] for value in values)
    if not now.known:
        return f"“{title}”, which is not known yet, spoke for {spoken}"
    return f"“{title}” spoke for {spoken} instead of {FRAMEWORK_NAMES[now.favours] if now.favours else 'neither'}"


def pages_to_ask(unknown: tuple[Weighed, ...]) -> dict[str, list[str]]:
    """Return by a page's file name the titles of the reasons that it makes known; under an empty name what no page measures."""
    pages: dict[str, list[str]] = {}
    for one in unknown:
        pages.setdefault(MEASURED_BY.get(one.reason.claim or "", ""), []).append(one.reason.title)
    return pages
