"""What a cell of the label column says: one label, several, or another spelling of one that is there already."""

import random
import unicodedata

import pytest

from engine.reading.columns.labels import LIST, cleaned_label, label_groups, separator_of, split_labels

DECOMPOSED = unicodedata.normalize("NFD", "café")


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
        ('{"choices": ["billing"]}', "billing"),
        (" billing\r\n", "billing"),
        ("\u00a0billing\u2003", "billing"),
        ("ship\x02ping", "ship ping"),
        ("\0billing\x1b", "billing"),
        ("ship\ufffeping\x85", "ship ping"),
        ("ship\x85ping", "ship ping"),
        ("\u200b\u00ad ", ""),
        ('"billing"', "billing"),
        # Names, and no lists of one
        ("(3)", "(3)"),
        ("[URGENT]", "[URGENT]"),
        ('"a" and "b"', '"a" and "b"'),
        ("'billing'", "'billing'"),
        ('""', '""'),
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
        (["billing/login", "login/billing", "billing", "login"], "/"),
        (["billing & login", "login", "billing"], "&"),
        (["billing + login", "login", "billing", "delivery + login", "delivery + billing"], "+"),
        (["billing::login", "login", "billing"], "::"),
        (["billing\tlogin", "login", "billing"], "\t"),
        (["دعم،دفع", "دعم", "دفع"], "،"),
        (["<billing><login>", "<login>", "", "<billing>"], "<>"),
        (["#billing #login", "#login", "#billing"], "#"),
        (["{billing,login}", "{login}", '{"New York",login}', "{}"], "{}"),
        (['{"choices": ["billing", "login"]}', "login"], LIST),
        # One label in each cell
        (["spam", "ham", ""], ""),
        (['["a"]', '["b"]'], ""),
        (["Toys, Games", "Books, Media", "Arts, Crafts"], ""),
        (["New York, NY", "Boston, MA", "Albany, NY"], ""),
        (["Sales, Europe", "Sales, Asia", "Support, Europe", "Support, Asia"], ""),
        (["Payday loan, title loan, or personal loan", "Payday loan", "Student loan", "Credit card, or prepaid card", "Credit card"], ""),
        (["Home|Garden|Tools", "Home|Garden|Plants"], ""),
        (["n/a", "a/b", "a"], ""),
        (["R&D", "HR", "Sales"], ""),
        (["AC/DC", "Queen", "Abba"], ""),
        (["C++", "C", "C#", "Java"], ""),
        (["A+", "A", "B+", "B"], ""),
        (["New York", "York", "New"], ""),
        (["sports", "sports/football", "news", "news/football"], ""),
        (["billing::other", "billing::refund", "delivery::other", "delivery::late", "billing", "delivery", "other"], ""),
        (["<billing>", "<login>"], ""),
        (["#1 seller", "#2"], ""),
        (["{billing}", "{login}"], ""),
        (["{a: 1, b: 2}", "{a: 2, b: 1}"], ""),
    ],
)
def test_several_labels_are_told_by_parts_that_come_back(cells, separator):
    assert separator_of(cells) == separator


def test_a_cell_is_split_into_its_labels():
    assert split_labels('["b", "a", "b", ""]', LIST) == split_labels(" b| a |b||", "|") == ("b", "a")
    assert split_labels('["b", "a"]', "|") == ("b", "a") and split_labels("a, b", "") == ("a, b",)
    assert split_labels("", "|") == split_labels(" ; ", ";") == split_labels("{}", "{}") == ()
    assert split_labels("<b><a>", "<>") == split_labels("#b #a", "#") == split_labels('{"b",a}', "{}") == ("b", "a")
    assert split_labels("{New York, b}", "{}") == split_labels('{"choices": ["New York", "b"]}', LIST) == ("New York", "b")


@pytest.mark.parametrize(
    ("spellings", "name"),
    [
        (["Spam", "spam", "spam", "SPAM"], "spam"),
        (["a b", "a  b", "a\u00a0b", "a\tb"], "a b"),
        (["café", DECOMPOSED, DECOMPOSED], "café"),
        (["café", "café", "cafe"], "café"),
        (["café", "cafe", "cafe"], "cafe"),
        (["cafe", "café"], "café"),
        (["BILLING", "billing"], "billing"),
        (["billing", "ｂｉｌｌｉｎｇ"], "billing"),
        (["bill\u00ading", "bill\u00ading", "billing", "bil\u200bling", "\ufeffbilling", "\u202dbilling\u202c"], "billing"),
        (["1", "1.0", "1.0"], "1"),
        (["1", "1.0", "1.000000", "1,0"], "1"),
        (["-1", "−1", "-1.0"], "-1"),
        (["+1", "+1", "1"], "1"),
        (["0.0", "-0.0", "0"], "0"),
        (["Straße", "Straße", "STRASSE"], "Straße"),
        (["Sipariş", "Sipariş", "SİPARİŞ", "sipariş", "SIPARIS"], "Sipariş"),
        (["Łódź", "Łódź", "Lodz"], "Łódź"),
        (["naïve", "naïve", "NAIVE", "naive"], "naïve"),
        (["ёлка", "ёлка", "елка"], "ёлка"),
        (["billing", '"billing"', "“billing”", "'billing'"], "billing"),
        (["it’s", "it's", "it's"], "it's"),
        (["card_arrival", "card_arrival", "card arrival"], "card_arrival"),
        (["billing", "billing", "billing.", "billing :"], "billing"),
        (["❤", "❤\ufe0f", "❤"], "❤"),
        (["café", "caf\ufffd", "caf\ufffd", "caf?"], "café"),
        (["m?nchen", "m?nchen", "München"], "München"),
        (["café", "cafÃ©", "cafÃ©"], "café"),
    ],
)
def test_spellings_that_a_person_would_call_the_same_are_one_group(spellings, name):
    counts = {spelling: spellings.count(spelling) for spelling in spellings}
    [group] = label_groups({**counts, "another": 5, "": 3})
    assert group.name == name and dict(group.spellings) == counts
    assert [count for _, count in group.spellings] == sorted(counts.values(), reverse=True)


@pytest.mark.parametrize(
    "spellings",
    [
        ["1", "10", "-1", "1.5", "15", "1.10", "100"],
        ["C", "C++", "C#", "c/c++"],
        ["1", "1.000", "1,000"],  # thousands
        ["1", "01", "001"],  # codes
        ["café", "cafe", "cafè"],  # either may be meant
        ["ma", "má", "mà"],
        ["мой", "мои"],
        ["कि", "की", "कु", "क"],
        ["👍", "👎", "👍🏽"],
        ["yes", "yes!", "yes?"],
        ["caf?", "café", "cafè"],
        ["caf?", "cafe", "caff"],
        ["why?", "whyé?", "what?"],
        ["ÃÂ", "é"],
        ["non-spam", "nonspam", "non spam"],
        ["", " ", "None"],
        ["...", ".", ":"],
        ["'", "''"],
        ["1.", "1"],
        ["1:2", "12", "1 2"],
        ["a/b", "a|b", "ab"],
        ["class 1", "class 10", "class 1.0"],
    ],
)
def test_labels_that_differ_to_a_person_stay_apart(spellings):
    assert label_groups(dict.fromkeys(spellings, 1)) == ()


def test_leading_zeros_are_lost_only_among_numbers_that_were_read_as_decimals():
    [group] = label_groups({"1": 2, "01": 1, "1.0": 1, "10": 4})
    assert group.name == "1" and [spelling for spelling, _ in group.spellings] == ["1", "01", "1.0"]


def test_so_many_values_are_no_labels_that_spellings_are_not_looked_for():
    assert label_groups({f"{letter}{number}": 1 for letter in "aA" for number in range(6000)}) == ()


@pytest.mark.parametrize("seed", range(20))
def test_merging_is_settled_at_once(seed):
    """Each spelling is in one group at most, names are clean, and what was merged offers nothing more to merge."""
    source = random.Random(seed)
    pieces = ["cafe", "café", DECOMPOSED, "CAFÉ", "caf?", "1", "1.0", "01", "-", "+", " ", "\u00a0", "\u200b", "\u00ad", "_", '"', ".",
              "ｃ", "ß", "ss", "İ", "i", "ı", "C", "#", "語"]  # fmt: skip
    for _ in range(40):
        labels = {"".join(source.choices(pieces, k=source.randint(1, 3))).strip(): source.randint(1, 9) for _ in range(12)}
        groups = label_groups(labels)
        spellings = [spelling for group in groups for spelling, _ in group.spellings]
        assert len(spellings) == len(set(spellings)) and set(spellings) <= set(labels)
        merged = {spelling: group.name for group in groups for spelling, _ in group.spellings}
        assert all(name and name == unicodedata.normalize("NFC", name).strip() and "\u200b" not in name for name in merged.values())
        again = label_groups(dict.fromkeys((merged.get(label, label) for label in labels), 1))
        assert not {group.name for group in again} & set(merged.values()), (labels, groups, again)
