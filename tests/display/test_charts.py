"""The charts: their hues, the points of the curves, what is thinned, and the sentence that each one says."""

import altair
import numpy
import pandas
import pyarrow
import pytest

from engine.display import charts
from engine.display.curve_charts import POINTS_PER_LINE, curve_pair
from engine.display.palette import BACKGROUNDS, HUES, NEUTRAL, contrast
from engine.display.svg import chart_svg
from engine.results.curves import COLUMNS, Curves
from engine.runs.folder import Run
from tests.pages.conftest import CLASSES, EPOCHS, write_events


def test_every_hue_reaches_the_contrast_of_graphics_on_both_backgrounds():
    for hue in [*HUES.values(), NEUTRAL]:
        for background in BACKGROUNDS.values():
            assert contrast(hue, background) >= 3.0, f"{hue} on {background}"


def test_curves_read_only_new_bytes_and_leave_a_torn_line(active_run: Run):
    curves = Curves(active_run.identifier)
    curves.read(active_run)
    first = curves.offsets["pytorch"]
    assert len(curves.sides["pytorch"].epochs) == 3 and len(curves.sides["tensorflow"].epochs) == 2
    with open(active_run.framework_folder("pytorch") / "events.jsonl", "a", encoding="utf-8") as file:
        file.write('{"event": "evaluated", "test_accuracy": 0.9}\n{"event": "sav')
    curves.read(active_run)
    evaluated = curves.sides["pytorch"].evaluated
    assert evaluated is not None and evaluated.test_accuracy == 0.9
    assert curves.offsets["pytorch"] - first == len('{"event": "evaluated", "test_accuracy": 0.9}\n')


def test_only_means_over_the_same_steps_are_subtracted():
    rows = [
        ("pytorch", "training", 0.5, 4, 1.0, 4, 2.0),
        ("tensorflow", "training", 0.5, 4, 2.0, 3, 1.0),
        ("pytorch", "validation", 1, 8, 2.0, 0, 1.0),
    ]
    rows += [("tensorflow", "validation", 1, 8, 4.0, 0, 1.001)]
    points = pandas.DataFrame(rows, columns=["framework", "curve", "epoch", "step", "seconds", "span", "loss"])
    table = charts.differences(points)
    assert table["curve"].tolist() == ["validation"] and table["seconds"].tolist() == [4.0]
    assert table["difference"].tolist() == pytest.approx([0.001 / 1.0005])
    assert "1 part in" in charts.difference_sentence(points)


def test_without_points_the_sentences_say_what_will_come():
    empty = Curves("x").points()
    assert "once both have reached" in charts.difference_sentence(empty)
    for picture in curve_pair(empty):
        assert altair.Chart.from_dict(picture.complete()), "it is what Vega-Lite's schema allows"


def test_a_resumed_run_draws_the_points_that_were_trained_again(home_folder, tmp_path):
    """Reports of a long run are kept as numbers to which new ones are added; a resume takes some of them back."""
    curves = Curves("x")
    for side in curves.sides.values():
        side.add([{"event": "built", "steps_per_epoch": 4, "parameters": 1}])
        side.add(report(step, 1.0) for step in (1, 2, 3))
        assert list(curves.points()["loss"])[-3:] == [1.0, 1.0, 1.0]
        side.add([{"event": "resumed", "epoch": 0, "step": 1}, report(2, 0.5), report(3, None), report(3, 0.25)])
    points = curves.points()
    assert [list(points[points["framework"] == name]["loss"]) for name in HUES] == [[1.0, 0.5, 0.25]] * 2
    assert curves.points().equals(points)


def report(step: int, loss: float | None) -> dict:
    return {"event": "steps", "epoch": 0, "step": step, "steps": 1, "loss": loss, "seconds": float(step), "documents": 8}


def test_data_go_to_a_page_as_small_streams_that_are_drawn_up_once():
    steps = numpy.arange(1, 5_001)
    one = pandas.DataFrame({"curve": "training", "epoch": steps / 1e3, "step": steps, "seconds": steps / 1e3, "span": 1, "loss": 1 / steps})
    for picture in curve_pair(pandas.concat([one.assign(framework=framework) for framework in HUES])):
        (sent,) = picture.for_page["datasets"].values()
        assert len(sent) < 40_000 and picture.for_page is picture.for_page
        table = pyarrow.ipc.open_stream(sent).read_all().to_pandas()
        assert table.equals(next(iter(picture.tables.values())))


def test_long_curves_are_thinned_and_keep_their_extremes(home_folder):
    steps = numpy.arange(1, 200_001)
    loss = 1.0 + 0.1 * numpy.sin(steps)
    loss[123_456] = 9.0
    one = pandas.DataFrame({"curve": "training", "epoch": steps / 1e5, "step": steps, "seconds": steps / 1e3, "span": 1, "loss": loss})
    points = pandas.concat([one.assign(framework=framework) for framework in HUES])
    spec = charts.loss_curves(points, "step").complete()
    values = next(iter(spec["datasets"].values()))
    assert len(values) <= 2 * (POINTS_PER_LINE + 2)
    assert max(value["loss"] for value in values) == 9.0


@pytest.mark.parametrize("x", ["epoch", "step", "seconds"])
def test_a_growing_curve_changes_its_data_but_not_its_specification(finished_run: Run, x):
    def specification(epochs: int) -> list[str]:
        for framework in HUES:
            write_events(finished_run, framework, epochs)
        curves = Curves(finished_run.identifier)
        curves.read(finished_run)
        return [picture.specification for picture in curve_pair(curves.points(), x, {"epoch": 6.0, "step": 48.0}.get(x, 1.0))]

    assert specification(3) == specification(EPOCHS)


def test_every_chart_states_its_takeaway(finished_run: Run):
    results = finished_run.read_results()
    assert results is not None
    matrix = charts.confusion_matrix(results.frameworks["pytorch"].confusion, CLASSES, "pytorch")
    assert "36 of 40 test texts" in matrix.alt
    assert "weakest" in charts.per_class_bars(results).alt
    balance = charts.class_balance({f"class {index}": 100 - index for index in range(77)})
    assert "77 classes" in balance.alt and balance.caption == "The 30 largest of 77 classes."
    assert "25.0 % are longer" in charts.length_histogram([10, 20, 30, 400], "tokens", 256).alt
    for picture in (matrix, charts.per_class_bars(results), balance, charts.length_histogram([]), charts.class_balance({})):
        assert picture.alt and altair.Chart.from_dict(picture.complete()), "it is what Vega-Lite's schema allows"


def test_classes_that_look_the_same_when_shortened_stay_apart():
    labels = ["the same long beginning of a name A", "the same long beginning of a name B"]
    picture = charts.class_balance(dict.fromkeys(labels, 3))
    values = next(iter(picture.complete()["datasets"].values()))
    assert len({value["label"] for value in values}) == 2


@pytest.mark.parametrize("epochs", [9, 10, 11, 100])
def test_epochs_are_counted_in_plain_numbers(epochs: int):
    rows = [("pytorch", "validation", number, number * 4, number * 1.0, number * 4, 1 / number) for number in range(1, epochs + 1)]
    points = pandas.DataFrame(rows, columns=COLUMNS)
    svg = chart_svg(charts.loss_curves(points), 900)
    assert f">{epochs}</text>" in svg and "e+" not in svg
