"""The sections of a run's report, each one function from what the run tells to blocks of HTML, or to why there is nothing to show."""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.display import html_tables, twin_rows
from engine.display.charts import confusion_matrix, difference_sentence, difference_strip, loss_curves, per_class_bars
from engine.display.formatting import count
from engine.errors import ParityError
from engine.reports.page import NARROW, WIDE, Section, code_folded, code_stage, command, figure, heading, paragraph, side_by_side, table
from engine.results.checklist import checklist
from engine.results.command import repeating_command, without_option
from engine.results.fairness import machine_facts, parity_facts, side_facts
from engine.results.sentences import (
    FORMATS,
    GROUPS,
    baseline_sentence,
    interval_sentence,
    kept_weights_sentences,
    measure_sentence,
    times_sentence,
)
from engine.results.settings import chosen_data, chosen_settings
from engine.results.snapshot import Snapshot
from engine.results.tables import disagreements, epochs_table, headline, number_of_test_texts, per_class_table
from engine.source.snippets import load_snippets

MOST_DISAGREEMENTS = 20
LONGEST_TEXT = 400
"""Characters of a text that are shown."""

MATRIX_WIDTH = 440
MOST_CLASSES_BESIDE = 12
"""The most classes with which the two confusion matrices stand side by side, not one below the other."""


def curves(snapshot: Snapshot) -> Section | str:
    """Show both losses, the strip of their difference, and what each epoch reached."""
    if snapshot.points.empty:
        return "loss curves, for no events were kept" if snapshot.finished else "loss curves, for nothing was measured yet"
    blocks = [figure(loss_curves(snapshot.points))]
    if len(snapshot.frameworks) == 2:
        matched = snapshot.experiment is not None and snapshot.experiment.mode == "matched"
        start = " They start from the same weights and see the same batches." if matched else ""
        blocks += [paragraph(difference_sentence(snapshot.points) + start), figure(difference_strip(snapshot.points))]
    epochs = epochs_table(snapshot.results)
    if len(epochs):
        blocks += [heading("After each epoch"), table(epochs, figures=".4f")]
    return Section("Loss curves", [*blocks, *map(paragraph, kept_weights_sentences(snapshot.results))])


def measures(snapshot: Snapshot) -> Section | str:
    """Show every figure of both as a twin row, with one sentence."""
    figures = headline(snapshot.results)
    if not figures:
        return "times and scores, for nothing was measured yet"

    def rows_of(group: str) -> list[Markup]:
        rows = [
            twin_rows.twin_row(
                item.name,
                item.pytorch,
                item.tensorflow,
                sentence=measure_sentence(item, snapshot.results),
                help=item.help,
                format=FORMATS[item.unit],
            )
            for item in figures
            if item.group == group
        ]
        return [Markup('<div class="unbroken">{}</div>').format(Markup(row)) for row in rows]

    blocks = [Markup(twin_rows.twin_heading()), *rows_of("quality")]
    for sentence in (interval_sentence(snapshot.results), baseline_sentence(snapshot.results), times_sentence(snapshot.results)):
        blocks.append(Markup('<p class="quiet centred">{}</p>').format(sentence) if sentence else Markup(""))
    columns: list[list[Markup]] = []
    for groups in (("speed", "size"), ("latency", "memory")):
        columns.append([])
        for group in groups:
            if rows := rows_of(group):
                columns[-1] += [heading(GROUPS[group]), *rows]
    return Section("Side by side", [*blocks, side_by_side(*columns)], new_page=True)


def confusion(snapshot: Snapshot) -> Section | str:
    """Show both confusion matrices."""
    classes = snapshot.results.data.classes
    sides = {framework: snapshot.results.frameworks[framework].confusion for framework in snapshot.frameworks}
    if not any(sides.values()):
        return "confusion matrices, for no test text was answered yet"
    beside = len(classes) <= MOST_CLASSES_BESIDE
    columns = []
    for framework in FRAMEWORKS:
        column = [heading(FRAMEWORK_NAMES[framework])]
        if matrix := sides.get(framework):
            picture = confusion_matrix(matrix, classes, framework)
            column.append(figure(picture, picture.alt, (MATRIX_WIDTH, MATRIX_WIDTH) if beside else (WIDE, NARROW)))
        else:
            column.append(paragraph("No result in this run."))
        columns.append(column)
    blocks = [side_by_side(*columns)] if beside else [block for column in columns for block in column]
    return Section("Confusion matrices", blocks, new_page=True)


def classes(snapshot: Snapshot) -> Section | str:
    """Show precision, recall and F1 of each class."""
    if not any(snapshot.results.frameworks[framework].per_class for framework in snapshot.frameworks):
        return "scores of each class, for no test text was answered yet"
    return Section("Per class", [figure(per_class_bars(snapshot.results)), table(per_class_table(snapshot.results))], new_page=True)


def texts(snapshot: Snapshot) -> Section | str:
    """Show some of the texts on which the two models disagree."""
    if len(snapshot.frameworks) < 2:
        return "disagreements, for only one framework has results"
    if not snapshot.finished or any(frame is None for frame in snapshot.predictions.values()):
        return "disagreements, for the predictions are not in the run's folder"
    different = disagreements(snapshot.results.data.classes, snapshot.predictions, snapshot.rows)
    tested = count(number_of_test_texts(snapshot.results) or 0, "test text")
    if different.empty:
        return Section("Disagreements", [paragraph(f"None: both models give the same answer to each of the {tested}.")])
    sentence = f"The two models differ on {len(different):,} of {tested}. Those on which both are surest come first."
    if len(different) > MOST_DISAGREEMENTS:
        sentence += f" Here are {MOST_DISAGREEMENTS} of them; predictions.csv on the Compare page has all."
    shown = [html_tables.disagreement(row, LONGEST_TEXT) for row in different.head(MOST_DISAGREEMENTS).to_dict("records")]
    return Section("Disagreements", [paragraph(sentence), *(Markup('<div class="unbroken">{}</div>').format(Markup(row)) for row in shown)])


def fairness(snapshot: Snapshot) -> Section | str:
    """Show the checklist, then how far the two are the same model."""
    if len(snapshot.frameworks) < 2:
        return "the fairness checklist, for only one framework has anything to compare"
    blocks = [html_tables.plain_table(("Is it equal?", "", "How that is known"), checklist(snapshot.results))]
    if snapshot.finished:
        blocks += [heading("Are these the same model?"), html_tables.fact_list(parity_facts(snapshot.results))]
    return Section("Fairness checklist", list(map(Markup, blocks)), new_page=True)


def settings(snapshot: Snapshot) -> Section | str:
    """Show every setting, and which of them are as recommended."""
    if snapshot.experiment is None:
        return "settings, for the run's description is damaged"
    rows = [(item.name, f"{item.value}\n{item.advice}", item.help) for item in chosen_settings(snapshot.experiment)]
    blocks = [html_tables.plain_table(("Setting", "Value", "Meaning"), rows), heading("The data")]
    return Section(
        "Settings", list(map(Markup, [*blocks, html_tables.plain_table(("Choice", "Value"), chosen_data(snapshot.experiment.data))]))
    )


def versions(snapshot: Snapshot) -> Section | str:
    """Show what ran on each side, and on which machine."""
    blocks = [twin_rows.twin_heading(), twin_rows.twin_facts(side_facts(snapshot.results))]
    if snapshot.results.environment:
        blocks += [heading("The machine"), html_tables.fact_list(machine_facts(snapshot.results.environment))]
    else:
        blocks.append(
            paragraph("Versions and hardware are written down at the end of a run, and this one has not come that far.", quiet=True)
        )
    return Section("Versions and hardware", list(map(Markup, blocks)), new_page=True)


def code(snapshot: Snapshot) -> Section | str:
    """Show the functions that ran, as on the Code page."""
    try:
        exhibit = load_snippets(snapshot.run)
    except ParityError:
        return "the code, for the run's description is damaged"
    mended = {framework: sum(stage.mended(framework) for stage in exhibit.stages) for framework in FRAMEWORKS}
    own = {framework: exhibit.lines(framework) - mended[framework] for framework in FRAMEWORKS}
    blocks = [paragraph(f"The same classifier in {own['pytorch']:,} lines of PyTorch and {own['tensorflow']:,} lines of TensorFlow.")]
    blocks.append(paragraph(exhibit.note, quiet=True))
    for stage in exhibit.stages:
        blocks.append(code_stage(stage, {framework: stage.lines(framework) - stage.mended(framework) for framework in FRAMEWORKS}))
        for framework, pieces in stage.repairs.items():
            amount = count(stage.mended(framework), "line")
            blocks.append(code_folded(f"Also needed, in {FRAMEWORK_NAMES[framework]} only: {amount}", pieces))
    blocks += [
        heading("Made once, for both"),
        code_folded(f"{count(sum(piece.lines for piece in exhibit.shared), 'line')} that both use", exhibit.shared),
    ]
    return Section("The code that ran" if not exhibit.note else "The code", blocks, new_page=True)


def repeating(snapshot: Snapshot) -> Section | str:
    """Show the command that repeats the run."""
    if snapshot.experiment is None:
        return "how to repeat the run, for its description is damaged"
    data = snapshot.experiment.data
    blocks = [paragraph("In a checkout of Parity, with its requirements installed:"), command(repeating_command(snapshot.experiment))]
    files = [(data.name, data.dataset, "was trained on")] if data.dataset != "sample" else []
    files += [(file.name, file.dataset, f"is the {part} part") for part, file in data.part_files.items()]
    for name, content, use in files:
        blocks.append(paragraph(f"{name} {use}: the SHA-256 of its content begins with {content}.", quiet=True))
    if missing := without_option(data):
        choices = f"The command line has no option for these choices: {', '.join(missing)}."
        blocks.append(paragraph(f"{choices} Make them on the Data page, and start there."))
    scripts = "The Code page also gives the run as a script for each framework, which needs neither Parity nor the other one."
    blocks.append(paragraph(f"Settings that are not named are as the classifier recommends. {scripts}", quiet=True))
    return Section("How to repeat it", blocks)


SECTIONS: tuple[Callable[[Snapshot], Section | str], ...] = (
    curves,
    measures,
    confusion,
    classes,
    texts,
    fairness,
    settings,
    versions,
    code,
    repeating,
)
"""The sections in reading order."""
