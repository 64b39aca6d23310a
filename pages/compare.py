"""Compare: what one run found, the answer first, then the figures side by side, then every detail and the files to take away."""

from typing import get_args

import streamlit as st

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.display.curve_charts import Axis
from engine.display.formatting import count, plain, unbroken, when
from engine.results.checklist import checklist
from engine.results.fairness import machine_facts, parity_facts, setting_facts, side_facts
from engine.results.sentences import (
    FORMATS,
    GROUPS,
    answer,
    baseline_sentence,
    interval_sentence,
    kept_weights_sentences,
    measure_sentence,
    reading_sentences,
    state_sentence,
    times_sentence,
    what_trained,
)
from engine.results.tables import finished_frameworks, headline, number_of_test_texts
from engine.runs.records.results import MEASURING
from pages.parts.compare.disagreement_list import disagreement_list
from pages.parts.compare.downloads import comparison_downloads, report_downloads
from pages.parts.compare.findings import findings_of
from pages.parts.widgets.curves import follow, pictures_of
from pages.parts.widgets.drawing import fact_list, show, twin_facts, twin_heading, twin_row
from pages.parts.widgets.entry import through_dashboard
from pages.parts.widgets.run_choice import choose_run

through_dashboard()

run = choose_run("compare the two models", meanwhile=report_downloads)
findings = findings_of(run)
results = findings.results
status = run.read_status()
frameworks = finished_frameworks(results)
classes = results.data.classes
matched = results.run.mode == "matched"
# Everything but the speed of the answers is there; the page starts anew when that has come.
measuring = status.active and results.run.state == MEASURING

st.title("Compare")
# The answer is a sentence of figures; nothing of it comes from the user, but a percent sign or a minus is no markup either.
st.markdown(f"#### {unbroken(plain(answer(results)))}")
trained = what_trained(results)
st.caption(f"{plain(results.data.name)} · {len(classes):,} classes · {plain(trained)} · {when(status.created)} · {run.identifier}")
for sentence in reading_sentences(results):
    st.caption(plain(sentence))

if state := state_sentence(status):
    (st.warning if status.state == "failed" else st.info)(plain(state), icon=":material/info:")
    st.page_link(
        "pages/train.py", label="See this run on the Train page", icon=":material/monitoring:", query_params={"run": run.identifier}
    )
if measuring:
    st.fragment(lambda: None if run.read_status().active else st.rerun(), run_every=1.0)()
if not frameworks:
    st.stop()

curves = follow(run)
if not curves.empty:
    losses, strip = pictures_of(run)
    show(losses, key="compare_curves")
    if len(frameworks) == 2:
        st.caption(f"{plain(strip.alt)} {'They start from the same weights and see the same batches.' if matched else ''}")
        show(strip, key="compare_strip")
else:
    st.caption("This run kept no curves: its events are missing.")

# Quality first; the other groups follow in two columns, which stack on a narrow screen.
measures = headline(results)


def rows_of(group: str) -> None:
    for measure in measures:
        if measure.group == group:
            twin_row(
                measure.name,
                measure.pytorch,
                measure.tensorflow,
                sentence=measure_sentence(measure, results),
                help=measure.help,
                format=FORMATS[measure.unit],
            )


st.subheader("Side by side")
twin_heading()
rows_of("quality")
for sentence in (interval_sentence(results), baseline_sentence(results)):
    if sentence:
        st.caption(unbroken(plain(sentence)), text_alignment="center")

st.caption(times_sentence(results), text_alignment="center")
for column, groups in zip(st.columns(2, gap="large"), (("speed", "size"), ("latency", "memory")), strict=True):
    with column:
        for group in groups:
            if any(measure.group == group for measure in measures):
                st.markdown(f"##### {GROUPS[group]}")
                rows_of(group)
            elif group == "latency" and measuring:
                st.markdown(f"##### {GROUPS[group]}")
                st.caption("Being measured", text_alignment="center")

different = findings.different
tested = number_of_test_texts(results) or 0
amount = f" ({len(different):,})" if len(frameworks) == 2 else ""
curves_tab, confusion_tab, classes_tab, disagreements_tab, fairness_tab, downloads_tab = st.tabs(
    ["Curves", "Confusion matrices", "Per class", f"Disagreements{amount}", "Fairness", "Downloads"], key="compare_tabs"
)

with curves_tab:
    if not curves.empty:
        axis = st.segmented_control("Horizontal axis", get_args(Axis), default="seconds", required=True, key="compare_axis")
        show(pictures_of(run, axis)[0], key="compare_curves_by_axis")
    else:
        st.write("There are no curves to show.")
    formats = {
        column: st.column_config.NumberColumn(format="percent" if "accuracy" in column else "%.4f")
        for column in findings.losses.columns[1:]
    }
    formats["epoch"] = st.column_config.NumberColumn(pinned=True)
    st.dataframe(
        findings.losses, hide_index=True, column_config=formats, alt="Loss and validation accuracy of both frameworks after each epoch."
    )
    for sentence in kept_weights_sentences(results):
        st.caption(sentence)

with confusion_tab:
    for column, framework in zip(st.columns(2, gap="large"), FRAMEWORKS, strict=True):
        with column:
            st.markdown(f"##### {FRAMEWORK_NAMES[framework]}")
            if picture := findings.matrices.get(framework):
                show(picture, key=f"confusion_{framework}")
                st.caption(plain(picture.alt))
            else:
                st.write("No result in this run.")

with classes_tab:
    show(findings.per_class, key="compare_classes")
    formats = {column: st.column_config.NumberColumn(format="%.3f") for column in findings.scores.columns[2:]}
    formats |= {"class": st.column_config.TextColumn("class", pinned=True), "test texts": st.column_config.NumberColumn(format="localized")}
    st.dataframe(findings.scores, hide_index=True, column_config=formats, alt="Precision, recall and F1 of each class in both frameworks.")

with disagreements_tab:
    if len(frameworks) < 2:
        st.write("Only one framework has results in this run, so nobody can disagree with it.")
    elif not findings.complete:
        st.write("The predictions of this run are missing from its folder, so the texts cannot be shown.")
    elif different.empty:
        st.write(f"None: both models give the same answer to each of the {count(tested, 'test text')}.")
    else:
        st.write(f"The two models differ on {len(different):,} of {count(tested, 'test text')}. Those on which both are surest come first.")
        disagreement_list(different, key=f"disagreements_{run.identifier}")

with fairness_tab:
    st.markdown("##### Is it a fair comparison?")
    fact_list(checklist(results))
    st.markdown("##### Are these the same model?")
    fact_list(parity_facts(results))
    st.markdown("##### What was equal")
    fact_list(setting_facts(results))
    st.markdown("##### What ran")
    twin_heading()
    twin_facts(side_facts(results))
    st.markdown("##### The machine")
    fact_list(machine_facts(results.environment))
    if notes := status.notes or results.run.notes:
        st.markdown("##### Notes of this run")
        for note in notes:
            st.markdown(f"- {plain(note)}")

with downloads_tab:
    report_downloads(run)
    comparison_downloads(run, results)
