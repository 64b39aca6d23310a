"""The model card: the hub's sections, the run's own figures, no word that a run cannot know, and no markup from strangers."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest
import yaml
from markdown_it import MarkdownIt

from engine import FRAMEWORKS, __version__
from engine.errors import RunError
from engine.reports.model_card import CARD_MARK, SECTIONS, UNKNOWN_HERE, model_card
from engine.results.sentences import answer
from engine.runs.folder import Run
from engine.runs.records.split_facts import SplitFacts
from engine.runs.status import Status
from tests.pages.conftest import as_classifier


def split(card: str) -> tuple[dict[str, object], str]:
    """The metadata and the text."""
    _, metadata, text = card.split("---\n", 2)
    return yaml.safe_load(metadata), text


def tables(text: str) -> list[list[list[str]]]:
    """The rows of each table, split at the bars that are not escaped."""
    found: list[list[list[str]]] = [[]]
    for line in text.splitlines():
        if line.startswith("|"):
            found[-1].append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
        elif found[-1]:
            found.append([])
    return [rows for rows in found if rows]


def test_a_card_has_the_sections_of_the_hub_and_the_figures_of_the_run(sample_run: Run) -> None:
    metadata, text = split(model_card(sample_run))
    assert metadata == {
        "pipeline_tag": "text-classification",
        "tags": ["text-classification", "pytorch", "tensorflow"],
        "metrics": ["accuracy", "f1"],
    }
    assert re.findall(r"^## (.+)$", text, flags=re.MULTILINE) == list(SECTIONS)
    results = sample_run.read_results()
    assert results is not None
    assert answer(results) in text and "# Embedding MLP trained on `support_messages.csv`" in text
    rows = {row[0]: row[1:] for table in tables(text) for row in table}
    accuracies = [f"{100 * results.frameworks[name].test_accuracy:.1f} %" for name in FRAMEWORKS]
    assert rows["Accuracy"] == accuracies
    assert rows["`epochs`"][:2] == ["`12`", "recommended: 20"]
    assert f"python -m engine predict {sample_run.identifier}" in text and "--epochs 12" in text
    assert f"this card was written by Parity {__version__}" in text


def test_every_table_of_a_card_is_whole(sample_run: Run) -> None:
    _, text = split(model_card(sample_run))
    for table in tables(text):
        assert len({len(row) for row in table}) == 1, table
        assert set(table[1]) == {"---"}
    assert MarkdownIt("commonmark").enable("table").render(text).count("<table>") == len(tables(text))


def test_what_a_run_cannot_know_is_left_to_people(sample_run: Run) -> None:
    metadata, text = split(model_card(sample_run))
    assert not {"license", "language", "datasets", "model-index"} & set(metadata)
    assert all(f"- {unknown}" in text for unknown in UNKNOWN_HERE)


@pytest.mark.parametrize(
    ("classifier", "encoder", "base"),
    [
        ("tfidf-mlp", None, None),
        ("embedding-mlp", None, "sentence-transformers/all-MiniLM-L6-v2"),
        ("transformer", "BAAI/bge-large-en-v1.5", "BAAI/bge-large-en-v1.5"),
        ("embedding-mlp", "/home/somebody/my encoder", None),
    ],
)
def test_the_base_model_is_named_where_the_hub_knows_it(finished_run: Run, classifier: str, encoder: str | None, base: str | None) -> None:
    as_classifier(finished_run, classifier, **({"encoder": encoder} if encoder else {}))
    metadata, text = split(model_card(finished_run))
    assert metadata.get("base_model") == base
    assert ("**Pre-trained encoder.**" in text) == (classifier != "tfidf-mlp")


def test_words_of_strangers_are_no_markup(finished_run: Run) -> None:
    results, stranger = finished_run.read_results(), "| ``` <img src=x>"
    assert results is not None
    classes = (results.data.classes[0], stranger, *results.data.classes[2:])
    data = replace(results.data, name="a`b|c <script>x</script> [l](http://e.vil)", classes=classes, majority_class=stranger)
    finished_run.write_results(replace(results, data=data))
    rendered = MarkdownIt("commonmark").enable("table").render(split(model_card(finished_run))[1])
    assert not re.search(r"<(script|img|a|b)\b", rendered)
    assert "&lt;script&gt;x&lt;/script&gt;" in rendered and "&lt;img src=x&gt;" in rendered


MARKUP = [
    "<script>alert(1)</script>", "<!-- hidden", "</code></pre><b>bold</b>", "<img src=x onerror=alert(1)>", "&lt;b&gt; &amp;",
    "**bold** _a_", "[link](javascript:alert(1))",
    "![picture](http://e.vil/x.png)", "http://e.vil", "`code`", "``", "` | `", "a|b", "a\\|b", "a\\\\|b",
    "\\", "| --- |", "# heading", "- item", "> quote", "$x^2$", "~~gone~~", ":smile: @name", "\x1b[31mred", "two\nlines", "---",
]  # fmt: skip


def test_a_class_with_markup_is_shown_as_its_characters(finished_run: Run) -> None:
    results = finished_run.read_results()
    assert results is not None
    plain_card = MarkdownIt("commonmark").enable("table").render(split(model_card(finished_run))[1])
    tags = sorted(set(re.findall(r"<(\w+)", plain_card)))
    scores = next(iter(results.frameworks["pytorch"].per_class.values()))
    sides = {name: replace(side, confusion=(), per_class=dict.fromkeys(MARKUP, scores)) for name, side in results.frameworks.items()}
    for stranger in MARKUP:
        data = replace(results.data, classes=tuple(MARKUP), majority_class=stranger, name=stranger, label=stranger, text=(stranger,))
        finished_run.write_results(replace(results, data=data, frameworks=sides))
        card = split(model_card(finished_run))[1]
        rendered = MarkdownIt("commonmark").enable("table").render(card)
        assert sorted(set(re.findall(r"<(\w+)", rendered))) == tags, stranger
        shown = {html.unescape(words) for words in re.findall(r"<code>(.*?)</code>", rendered)}
        assert {" ".join(name.split()) for name in MARKUP} <= {words.strip() for words in shown}
        assert len({len(row) for row in tables(card)[-1]}) == 1


def test_a_half_finished_run_gets_a_card_that_says_so(active_run: Run) -> None:
    metadata, text = split(model_card(active_run))
    assert "metrics" not in metadata
    assert "> This run is still going on and has no results" in text.replace("\\", "")
    assert "This run has no results, so nothing was evaluated." in text and "Accuracy" not in text


def test_a_stopped_run_says_so_and_keeps_its_figures(finished_run: Run) -> None:
    finished_run.write_status(Status(state="stopped", message="Stopped on request", phase="end"))
    _, text = split(model_card(finished_run))
    assert "> This run was stopped early" in text and "| Accuracy |" in text


def test_a_run_without_a_step_has_no_card(active_run: Run) -> None:
    for framework in FRAMEWORKS:
        active_run.events_file(framework).unlink()
    with pytest.raises(RunError, match="has nothing to report yet"):
        model_card(active_run)


def test_a_card_says_that_it_may_be_replaced(finished_run: Run) -> None:
    assert model_card(finished_run).splitlines()[1].startswith(CARD_MARK)


def test_a_card_says_of_the_split_what_is_true(finished_run: Run) -> None:
    assert "No text stands in two parts." in model_card(finished_run) and "which neither model saw in training" in model_card(finished_run)
    results = finished_run.read_results()
    assert results is not None
    source = SplitFacts("files", files={"test": "official.csv"}, drawn=("validation",), overlaps={"train and test": 7})
    finished_run.write_results(replace(results, data=replace(results.data, split_source=source)))
    text = model_card(finished_run).replace("\\", "")
    assert "“official.csv” is the test part; validation was drawn from training. Texts that stand in two of the given parts: 7 in" in text
    assert "of which 7 (equal ones counted once) training has too" in text and "neither model saw" not in text and "No text" not in text
