"""The parts that pages share and that only a page can show."""

from streamlit.testing.v1 import AppTest


def test_a_twin_row_keeps_pytorch_left_and_escapes_everything():
    def page():
        from pages.parts.widgets.drawing import twin_heading, twin_row

        twin_heading()
        twin_row("<img src=x>", 0.9, None, sentence="a <script>", help="<i>why</i>", format=lambda value: f"{value:.0%}")

    shown = AppTest.from_function(page, default_timeout=20).run()
    assert not shown.exception
    heading, row = (element.proto.body for element in shown.get("html"))
    assert heading.index("PyTorch") < heading.index("TensorFlow")
    assert "<img" not in row and "<script" not in row and "<i>" not in row
    assert row.index("90%") < row.index("&lt;img") < row.index("–")
