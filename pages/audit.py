"""Audit: how equal the two frameworks can be made, level by level, and which default makes the difference."""

import streamlit as st

from engine.display.formatting import count, duration, plain
from engine.errors import ParityError
from engine.runs.planning.study_times import seconds_of_ablation, seconds_of_audit
from engine.shared.classifiers import CLASSIFIERS
from engine.studies.ablation import MOST_SEEDS, SEEDS, AblationRequest
from engine.studies.ablation_results import AblationResults
from engine.studies.audit import LEVELS, MOST_STEPS, REMAINS, STEPS, AuditRequest
from engine.studies.audit_results import AuditResults
from engine.studies.results import read_results
from engine.studies.study import Study
from pages.parts.studies import ablation_view, audit_view, study_view
from pages.parts.widgets.drawing import show
from pages.parts.widgets.entry import through_dashboard

through_dashboard()
study_view.take_over_choice()


def audit_label(study: Study) -> str:
    """Return which classifiers it is about."""
    names = audit_view.audited_classifiers(read_results(study, AuditResults))
    return "Every classifier" if len(names) == len(CLASSIFIERS) else ", ".join(CLASSIFIERS[name].title for name in names) or "Nothing yet"


def ablation_label(study: Study) -> str:
    """Return which classifier, on what, how often."""
    results = read_results(study, AblationResults)
    member = CLASSIFIERS.get(results.classifier)
    return f"{member.title if member else 'Unknown'} on {results.data}, {results.seeds} seeds"


st.title("Audit", anchor=False)
answer = st.container()
under_way = study_view.watch_active("audit", "ablation")

# --- How equal the two can be made ---

audit = study_view.shown_study("audit", audit_label)
results = read_results(audit, AuditResults)
with answer:
    if results.rows:
        st.markdown(f"#### {plain(audit_view.audit_answer(results))}")
        st.write(audit_view.rounding_sentence(results))
    else:
        st.markdown("#### Are these the same model, down to the last bit?")
        st.write(
            "Both frameworks train every classifier from the same weights on the same batches, in float64, where rounding is 500 million "
            "times finer than in float32. One more thing is made equal at each level, until only the order of arithmetic is left."
        )
if audit:
    study_view.ending(audit)

names = audit_view.audited_classifiers(results)
if names:
    shown = st.segmented_control(
        "Classifier", names, format_func=lambda name: CLASSIFIERS[name].title, default=names[0], required=True, key="audited_classifier"
    )
    rows = audit_view.rows_of(results, str(shown or names[0]))
    picture = audit_view.peel_chart(rows)
    st.markdown(f"**Difference of the two losses at each step, as a part of the loss.** {plain(picture.alt)}")
    show(picture, f"peel_{shown}")
    audit_view.peel_table(rows)
    if remains := REMAINS.get(str(shown)):
        st.markdown(f"**What remains.** {plain(remains)}")
    st.subheader("Every classifier", anchor=False)
    st.write("The largest relative difference of the loss, with everything made equal.")
    audit_view.family_table(results)
    if results.transfers:
        st.subheader("Carried across", anchor=False)
        st.write(audit_view.transfer_sentence(results))
        audit_view.transfer_table(results)
    st.caption(study_view.facts(results.machine, count(results.steps, "step"), results.data))

with st.expander("Audit again, or something else", icon=":material/tune:") if results.rows else st.container():
    left, middle, right = st.columns([4, 2, 1])
    with left:
        chosen = st.multiselect(
            "Classifiers", list(CLASSIFIERS), default=list(CLASSIFIERS), format_func=lambda name: CLASSIFIERS[name].title, key="audit_of"
        )
    with middle:
        data = study_view.choose_data("audit_data")
    with right:
        steps = st.number_input("Steps", 1, MOST_STEPS, STEPS, key="audit_steps")
    try:
        audit_request = AuditRequest(tuple(chosen), steps, data)
    except ParityError as error:
        st.caption(plain(error))
    else:
        time = duration(seconds_of_audit(audit_request.classifiers, len(LEVELS), steps))
        st.caption(f"{time.capitalize()}, once: the result is kept, and shown at once the next time. It goes on when you leave this page.")
        busy = any(study.kind == "audit" for study in under_way)
        if st.button(
            "Run the audit", type="secondary" if results.rows else "primary", icon=":material/play_arrow:", key="start_audit", disabled=busy
        ):
            study_view.start("audit", audit_request.to_json())

# --- Which default makes the difference ---

st.header("Which default makes the difference", anchor="defaults")
ablation = study_view.shown_study("ablation", ablation_label)
ablated = read_results(ablation, AblationResults)
if ablated.rows:
    st.markdown(f"#### {plain(ablation_view.ablation_answer(ablated))}")
    titles = {name: shown.title for name, shown in ablation_view.MEASURES.items()}
    measure = st.segmented_control(
        "Measure", list(titles), format_func=titles.__getitem__, default="final_loss", required=True, key="ablation_measure",
        label_visibility="collapsed",
    )  # fmt: skip
    picture = ablation_view.ablation_chart(ablated, str(measure or "final_loss"))
    if measure != "final_loss":
        st.write(picture.alt)
    ablation_view.marker_legend()
    show(picture, f"ablation_{measure}")
    with st.expander("All figures"):
        ablation_view.ablation_table(ablated)
        for aspect, words in ablated.flips.items():
            st.caption(f"{plain(ablation_view.title_of(aspect))}: {plain(words)}.")
        for note in ablated.notes:
            st.caption(plain(note))
    trained = f"{CLASSIFIERS[ablated.classifier].title}, {count(ablated.seeds, 'seed')}, {count(ablated.epochs, 'epoch')}"
    st.caption(study_view.facts(ablated.machine, trained, ablated.data))
else:
    st.write(
        "From matched mode, where everything is equal, one choice at a time is left to the frameworks’ defaults and trained with several "
        "seeds. What changes more than another seed does is what makes the difference."
    )
if ablation:
    study_view.ending(ablation)

box = st.expander("Flip the defaults of something else", icon=":material/tune:") if ablated.rows else st.container()
left, middle, right = box.columns([2, 2, 1])
with left:
    classifier = st.selectbox(
        "Classifier", list(CLASSIFIERS), format_func=lambda name: CLASSIFIERS[name].title, key="ablation_of", persist_state="session"
    )
with middle:
    data = study_view.choose_data("ablation_data")
with right:
    seeds = st.number_input("Seeds", 2, MOST_SEEDS, SEEDS, key="ablation_seeds", help="Trainings of each default, each with another seed.")
try:
    ablation_request = AblationRequest(classifier, seeds, data=data)
    time = duration(seconds_of_ablation(ablation_request.experiment(), (1 + len(ablation_request.defaults)) * seeds))
    box.caption(
        f"{count(len(ablation_request.defaults), 'default')} and matched mode, {count(seeds, 'seed')} each, in both frameworks: {time}. "
        "It goes on when you leave this page."
    )
    busy = any(study.kind == "ablation" for study in under_way)
    if box.button(
        "Flip one default at a time", type="secondary" if ablated.rows else "primary", icon=":material/play_arrow:", key="start_ablation",
        disabled=busy,
    ):  # fmt: skip
        study_view.start("ablation", ablation_request.to_json())
except ParityError as error:
    box.error(plain(error), icon=":material/error:")
