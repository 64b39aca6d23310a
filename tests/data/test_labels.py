"""What a cell of the label column says: one label, several, or another spelling of one that is there already."""

import pytest

from engine.data.labels import LIST, cleaned_label, separator_of, split_labels


@pytest.mark.parametrize(
    ("cell", "label"),
    [
        ('["billing"]', "billing"),
        ("['billing']", "billing"),
        ("('billing',)", "billing"),
        ("{'billing'}", "billing"),
        ('[ "billing" ]', "billing"),
        ('["caf\\u00e9"]', "café"),
        ("['it\\'s']", "it's"),
        ('["a, b"]', "a, b"),
        ("[3]", "3"),
        ("[]", ""),
        ("[null]", ""),
        (" billing\r\n", "billing"),
        ("\u00a0billing\u2003", "billing"),
        ("ship\x02ping", "ship ping"),
        ("\0billing\x1b", "billing"),
        ("ship\ufffeping\x85", "ship ping"),
        # Names, and no lists of one
        ("(3)", "(3)"),
        ("[URGENT]", "[URGENT]"),
        ('"billing"', '"billing"'),
        ('["billing", "login"]', '["billing", "login"]'),
        ('[["billing"]]', '[["billing"]]'),
        ('{"label": "billing"}', '{"label": "billing"}'),
        ("None", "None"),
        ("#N/A", "#N/A"),
        ("[" * 10_000, "[" * 10_000),
    ],
)
def test_a_label_is_freed_of_what_is_no_part_of_it(cell, label):
    assert cleaned_label(cell) == label


@pytest.mark.parametrize(
    ("cells", "separator"),
    [
        (['["a", "b"]', '["b"]'], LIST),
        (["['a' 'b']", "a"], LIST),
        (["a|b", "a", "b"], "|"),
        (["Action|Adventure", "Action", "Drama|Action", "Comedy|Drama"], "|"),
        (["joy||anger", "joy", "anger"], "|"),
        (["a;b", "b", "a", "c; a"], ";"),
        (["billing\nlogin", "login", "billing"], "\n"),
        (["billing, login", "billing", "login", "delivery, login", "delivery"], ","),
        # One label in each cell
        (["spam", "ham", ""], ""),
        (['["a"]', '["b"]'], ""),
        (["Toys, Games", "Books, Media", "Arts, Crafts"], ""),
        (["New York, NY", "Boston, MA", "Albany, NY"], ""),
        (["Sales, Europe", "Sales, Asia", "Support, Europe", "Support, Asia"], ""),
        (["Payday loan, title loan, or personal loan", "Payday loan", "Student loan", "Credit card, or prepaid card", "Credit card"], ""),
        (["Home|Garden|Tools", "Home|Garden|Plants"], ""),
        (["n/a", "a/b", "a"], ""),
    ],
)
def test_several_labels_are_told_by_parts_that_come_back(cells, separator):
    assert separator_of(cells) == separator


def test_a_cell_is_split_into_its_labels():
    assert split_labels('["b", "a", "b", ""]', LIST) == split_labels(" b| a |b||", "|") == ("b", "a")
    assert split_labels('["b", "a"]', "|") == ("b", "a") and split_labels("a, b", "") == ("a, b",)
    assert split_labels("", "|") == split_labels(" ; ", ";") == ()
