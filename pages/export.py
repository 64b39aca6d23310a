"""Export: a trained model as a file for somewhere else, loaded again by its own runtime and checked on the run's test texts."""

import streamlit as st

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.display.formatting import duration, plain
from engine.errors import ParityError
from engine.runs.planning.study_times import seconds_of_export
from engine.studies.export import words
from engine.studies.export.archive import zipped
from engine.studies.export.chart import export_chart
from engine.studies.export.request import FORMATS, ExportRequest, exported_folders, find_manifest, manifests, precisions
from engine.studies.export.write_and_check import forget_lost
from engine.studies.study import find_study
from pages.parts.studies import study_view
from pages.parts.studies.bundle_list import bundle_list
from pages.parts.widgets.drawing import plain_table, show
from pages.parts.widgets.entry import through_dashboard
from pages.parts.widgets.run_choice import choose_run, experiment_of, run_caption

through_dashboard()
study_view.take_over_choice()

run = choose_run("export its models")
experiment = experiment_of(run, "Export")

st.title("Export", anchor=False)
finished = manifests(run)
st.markdown(f"#### {plain(words.answer(finished)) if finished else 'Which file does the model leave in?'}")
st.caption(run_caption(run))

study_view.watch_active("export")

left, right = st.columns(2)
with left:
    framework = st.segmented_control(
        "Model", FRAMEWORKS, format_func=FRAMEWORK_NAMES.__getitem__, default=FRAMEWORKS[0], required=True, key="export_framework"
    )
framework = str(framework or FRAMEWORKS[0])
with right:
    titles = FORMATS[framework]
    chosen = st.segmented_control(
        "Format", list(titles), format_func=titles.__getitem__, default="onnx", required=True, key=f"export_format_{framework}"
    )
name = str(chosen or "onnx")
st.write(words.SENTENCES[name])
offered = precisions(name)
precision = offered[0]
if len(offered) > 1:
    precision = st.segmented_control(
        "Precision",
        offered,
        default=offered[0],
        required=True,
        key="export_precision",
        help="In int8 the weights take a quarter of the space. The answers change a little; how much accuracy that costs is measured.",
    )
precision = str(precision or offered[0])

try:
    request = ExportRequest(run.identifier, framework, name, precision)
    study, manifest = find_study("export", request.to_json()), find_manifest(request)
except ParityError as error:
    st.error(plain(error), icon=":material/error:")
    st.stop()

if manifest is None:
    if study is not None:
        study_view.ending(study)
    expected = duration(seconds_of_export(experiment.classifier, raced=name == "onnx"))
    race = " ONNX Runtime then answers single texts in turns with both frameworks." if name == "onnx" else ""
    st.caption(
        f"{expected.capitalize()}: one process writes the file, another loads it by its own runtime, answers all test texts and is timed."
        f"{race} The file is kept with the run."
    )
    busy = bool(study and study.read_status().active)
    if st.button("Export", type="primary", icon=":material/output:", key="start_export", disabled=busy):
        forget_lost(request)
        study_view.start("export", request.to_json())
else:
    # The zip is made when it is asked for: a file of 90 MB would be packed at every click otherwise.
    st.download_button(
        f"Download {words.format_title(name, precision)} of {FRAMEWORK_NAMES[framework]}",
        lambda: zipped(request),
        f"{run.identifier}-{request.folder.name}.zip",
        "application/zip",
        icon=":material/download:",
        key="download_export",
        help="The model, what turns texts into its input, and a manifest that names input, output, labels and this check.",
    )

if finished:
    show(export_chart(finished), "export_chart")
    if sentences := [sentence for manifest in finished for sentence in words.findings(manifest)]:
        st.markdown("\n".join(f"- {plain(sentence)}" for sentence in sentences))
    rows = words.export_rows(finished)
    plain_table(list(rows[0]), [list(row.values()) for row in rows], figures=range(2, len(rows[0])))
    st.caption(
        "Times run from a text to its logits, tokens included, on this machine; batches hold 64 texts. Every file is compared with the "
        "trained model in its own framework."
    )
    st.caption(study_view.facts(finished[0].machine))

st.header("Ready to serve", anchor=False)
st.write("A zip with the model, its tokenizer, the labels, an example and a README that names the commands.")
bundle_list(run, exported_folders(run, finished))
