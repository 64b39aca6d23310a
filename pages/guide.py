"""Guide: the table of every “PyTorch vs TensorFlow” article, with a measurement behind each cell that can be measured."""

import streamlit as st

from engine.display.formatting import plain
from engine.guide.cited_facts import OUT_OF_DATE
from engine.guide.claims import CLAIMS, GROUPS
from engine.guide.conclusions import conclusions, gather, guide_answer
from pages.parts.guide import chooser_view
from pages.parts.guide.claim_evidence import TITLES, kinds_under_way, show_claim
from pages.parts.guide.claim_table import claim_table
from pages.parts.guide.strength_cards import strength_cards
from pages.parts.widgets.entry import through_dashboard

through_dashboard()

evidence = gather()
known_claims = conclusions(evidence)

st.title("Guide: from opinion to evidence", anchor=False)
st.markdown(f"#### {plain(guide_answer(known_claims))}")
st.write(
    "Articles compare the two frameworks with a table of adjectives. Here is that table, in our own words, with what this machine says "
    "below each row. Press a name to see how it was tested, on what, and with which code; what has not been run yet is started from there."
)
if under_way := kinds_under_way():
    st.caption(
        f":material/hourglass_top: Under way: {', '.join(TITLES[kind] for kind in under_way)}. Open this page again when it is done."
    )

claim_table(known_claims)

st.header("Which one for you", anchor="choose", divider="gray")
chooser_view.show(known_claims)

for group, claims in GROUPS.items():
    st.header(group, anchor=group.split(",")[0].lower().replace(" ", "-"), divider="gray")
    st.markdown(" · ".join(f"[{CLAIMS[claim].title}](#{claim})" for claim in claims))
    for claim in claims:
        show_claim(known_claims[claim], evidence)

st.header("Strengths and weaknesses", anchor="strengths", divider="gray")
st.write("What articles list for each, and what speaks for or against it here.")
strength_cards(known_claims, evidence)

st.header("No longer true", anchor="out-of-date", divider="gray")
st.write("Lines that such articles still carry, and what holds today.")
for line, statement in OUT_OF_DATE.items():
    st.markdown(f"`{line}`  \n{plain(statement.says)} [{plain(statement.source)}]({statement.address}), {plain(statement.dated)}.")
