"""Migrate: a trained model carried into the other framework, with the proof that it is the same, and the code that carried it."""

import streamlit as st

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.display.formatting import count, duration, percent, plain, unbroken
from engine.errors import ParityError
from engine.runs.planning.study_times import seconds_of_migration
from engine.studies.migration import words
from engine.studies.migration.request import FURTHER_STEPS, ROUTES, MigrationRequest, not_possible
from engine.studies.migration.results import MigrationResults
from engine.studies.results import read_results
from engine.studies.study import Study, find_study
from pages.parts.studies import migration_view, study_view
from pages.parts.widgets.drawing import twin_heading, twin_row
from pages.parts.widgets.entry import through_dashboard
from pages.parts.widgets.run_choice import choose_run, experiment_of, run_caption

through_dashboard()
study_view.take_over_choice()

run = choose_run("carry its models across")
experiment = experiment_of(run, "Migrate")

st.title("Migrate", anchor=False)
answer = st.container()
st.caption(run_caption(run))

study_view.watch_active("migration")

left, right = st.columns(2)
with left:
    directions = {f"{source}-{target}": (source, target) for source in FRAMEWORKS for target in FRAMEWORKS if source != target}
    way = st.segmented_control(
        "From, into",
        list(directions),
        format_func=lambda name: " → ".join(FRAMEWORK_NAMES[side] for side in directions[name]),
        default=next(iter(directions)),
        required=True,
        key="migration_way",
    )
with right:
    possible = [name for name in ROUTES if not not_possible(run, name)]
    route = st.segmented_control(
        "Route", possible, format_func=lambda name: ROUTES[name], default=possible[0], required=True, key="migration_route"
    )
source, target = directions[str(way or next(iter(directions)))]
route = str(route or possible[0])
st.write(f"{words.ROUTE_SENTENCES[route]} {words.what_is_carried(run, route)}")


def migration_of(request: MigrationRequest) -> Study | None:
    """Return what is there already of it."""
    return find_study("migration", request.to_json())


try:
    request = MigrationRequest(run.identifier, source, target, route)
    migration = migration_of(request)
except ParityError as error:
    st.error(plain(error), icon=":material/error:")
    st.stop()

results = read_results(migration, MigrationResults)
with answer:
    if results.run:
        st.markdown(f"#### {unbroken(plain(words.answer(results)))}")
    else:
        st.markdown(f"#### Is it still the same model in {FRAMEWORK_NAMES[target]}?")
if migration:
    study_view.ending(migration)

if not results.run:
    st.write(
        f"{FRAMEWORK_NAMES[source]}’s trained model is carried into {FRAMEWORK_NAMES[target]} and answers all test texts there. Then both "
        f"are trained on for {FURTHER_STEPS} steps, and ONNX Runtime, which is neither, computes the same model as well."
    )
    st.caption(
        f"{duration(seconds_of_migration(experiment.classifier, route)).capitalize()}, once: the result is kept. It goes on when you leave "
        "this page."
    )
    busy = bool(migration and migration.read_status().active)
    if st.button("Carry it across", type="primary", icon=":material/swap_horiz:", key="start_migration", disabled=busy):
        study_view.start("migration", request.to_json())

if results.run:
    twin_heading()
    accuracy = results.by_framework(results.accuracy_before, results.accuracy_after)
    twin_row(
        "Test accuracy",
        accuracy["pytorch"],
        accuracy["tensorflow"],
        sentence=f"The same answer on {percent(results.label_agreement)} of {count(results.rows, 'text')}.",
        format=percent,
    )
    trained_on = results.by_framework(*(results.trained_on.accuracy[side] for side in ("source", "target")))
    twin_row(
        f"After {FURTHER_STEPS} more steps",
        trained_on["pytorch"],
        trained_on["tensorflow"],
        sentence="Of the same batches.",
        format=percent,
    )
    migration_view.proof(results)
    migration_view.further_training(results)
    migration_view.what_travelled(results)

st.header("The code of this route", anchor="code")
migration_view.code(route, experiment.classifier, migration)

st.header("Another ONNX file", anchor="another-file")
st.write("A file that was not made here can be rebuilt too, as long as it keeps to the operators of the table. What is refused is named.")
migration_view.foreign_file(target)

st.header("What became of the usual snippet", anchor="snippet")
migration_view.old_snippets(results.old_snippets)
if results.run:
    st.caption(study_view.facts(results.machine, words.direction(results), ROUTES[route], results.data))
    st.caption(plain(" ".join(words.stage_sentences(results))))
