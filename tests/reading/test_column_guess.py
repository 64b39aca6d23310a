"""Which columns are guessed to hold the text and the label, and when that is sure: one small table a line."""

import pandas
import pytest

from engine.reading.columns.guess import guess_columns
from engine.reading.options import ReadingOptions
from engine.reading.table import Table, unique_names

ROWS = 60


def text(number: int, topic: str = "parcel") -> str:
    return f"the {topic} is {number} days late and nobody says why"


def title(number: int) -> str:
    return f"Parcel {number} is late"


COLUMNS = {
    "text": text,
    "other text": lambda n: text(n, "card") + " whatever I do about it",
    "title": title,
    "class": lambda n: ["billing", "delivery", "login"][n % 3],
    "number": lambda n: str(n % 3 + 7),
    "colour": lambda n: ["red", "blue"][n // 5 % 2],
    "stars": lambda n: str(n % 5 + 1),
    "binary": lambda n: str(n % 2),
    "count": lambda n: str(n * n % 7),
    "id": lambda n: str(n),
    "code": lambda n: f"B{n * 7919 % 1000:04d}",
    "uuid": lambda n: f"{n:08x}-0000-4000-8000-{n:012x}",
    "date": lambda n: f"2024-0{n % 9 + 1}-1{n % 10}",
    "moment": lambda n: f"Mon Apr {n % 28 + 1:02d} 22:19:{n % 60:02d} PDT 2009",
    "long date": lambda n: f"{n % 28 + 1} March 2020",
    "few dates": lambda n: f"2024-01-0{n % 3 + 1}",
    "email": lambda n: f"user{n % 20}@example.org",
    "link": lambda n: f"https://example.org/articles/{n % 20}",
    "language": lambda n: ["en", "de", "fr", "es"][n % 4],
    "locale": lambda n: ["en-US", "de-DE"][n % 2],
    "person": lambda n: f"{['Ada', 'Alan M.', 'Grace', 'José'][n % 4]} {['Lovelace', 'Turing', 'Hopper', 'van Dyck', 'Núñez'][n % 5]}",
    "share": lambda n: f"0.{n * 7919 % 997:03d}",
    "decimal": lambda n: f"{n % 30 / 7:.2f}",
    "price": lambda n: str(n * 37 % 400 + 100),
    "split": lambda n: ["train", "test"][n % 5 == 0],
    "spellings": lambda n: [" billing", "Billing", "BILLING", "bil\u200bling", "delivery", "Delivery", "DELIVERY ", "ｄelivery", "login",
                            "Login", "LOGIN", "logi\u00adn"][n % 12],
    "several": lambda n: ["billing|login", "login", "delivery|login|billing", "billing", "delivery", "login|delivery"][n * 7 % 6],
    "constant": lambda n: "NO_QUERY",
    "empty": lambda n: "",
    "nearly empty": lambda n: ["good", "bad"][n % 2] if n % 10 == 0 else "",
    "record": lambda n: f'{{"source": "web page {n}", "tags": ["a", "b"], "score": 0.{n}}}',
    "vector": lambda n: f"[0.{n}, 0.{n + 1}, 0.{n + 2}]",
    "object": lambda n: f'{{"name": "{["billing", "login"][n % 2]}", "score": 0.5}}',
    "spilled": lambda n: text(n, "rest") if n % 5 == 0 else "",
    "emails": lambda n: f"Ada <ada{n}@example.org>; bob{n}@example.org",
    "chinese": lambda n: f"包裹已经迟到{n}天了没有人告诉我",
    "short chinese": lambda n: ["好评", "差评"][n % 2],
    "intent numbers": lambda n: str(n % 25),
}  # fmt: skip

CASES = [
    # (header and kind of each column, text, label, sure); a kind alone is its own header
    ({"text": "text", "label": "class"}, ["text"], "label", True),
    ({"v1": "class", "v2": "text"}, ["v2"], "v1", True),
    ({"a": "id", "b": "text", "c": "class"}, ["b"], "c", True),
    ({"column 1": "class", "column 2": "text"}, ["column 2"], "column 1", True),
    ({"column 1": "class", "column 2": "title", "column 3": "text"}, ["column 2", "column 3"], "column 1", True),
    ({"column 1": "class", "column 2": "other text", "column 3": "text"}, ["column 2", "column 3"], "column 1", True),
    ({"column 1": "class", "column 2": "colour", "column 3": "text"}, ["column 3"], None, False),
    ({"id": "id", "title": "title", "body": "text", "category": "class", "channel": "colour"}, ["title", "body"], "category", True),
    ({"id": "id", "title": "title", "author": "person", "text": "text", "label": "binary"}, ["title", "text"], "label", True),
    ({"text": "text", "sentiment": "class"}, ["text"], "sentiment", True),
    ({"text": "text", "sentiment": "class", "category": "colour"}, ["text"], None, False),
    ({"text": "text", "label": "class", "category": "colour"}, ["text"], "label", True),
    ({"text": "text", "category": "class", "priority": "colour"}, ["text"], "category", False),
    ({"text": "text", "type": "class", "queue": "colour", "priority": "stars"}, ["text"], None, False),
    ({"text": "text", "coarse_label": "class", "fine_label": "stars"}, ["text"], None, False),
    ({"text": "text", "label": "class", "fine label": "stars"}, ["text"], "label", True),
    ({"text": "text", "label": "class", "gold_label": "stars"}, ["text"], None, False),
    ({"text": "text", "label": "class", "true class": "stars"}, ["text"], None, False),
    ({"text": "text", "label": "number", "label_text": "class"}, ["text"], "label", True),
    ({"Review": "text", "category_id": "number", "category": "class"}, ["Review"], "category", True),
    ({"text": "text", "toxic": "binary", "obscene": "colour", "threat": "class"}, ["text"], None, False),
    ({"comment": "text", "gold_label": "class", "label1": "colour", "label2": "binary"}, ["comment"], "gold_label", True),
    ({"Text": "text", "Y": "binary", "Tags": "several"}, ["Text"], "Y", True),
    # Numbers that are measured or counted
    ({"Id": "id", "HelpfulnessNumerator": "count", "HelpfulnessDenominator": "number", "Score": "stars", "Time": "price",
      "Summary": "title", "Text": "text"}, ["Text"], "Score", False),
    ({"text": "text", "score": "share"}, ["text"], None, False),
    ({"text": "text", "label": "share"}, ["text"], "label", False),
    ({"text": "text", "label": "decimal"}, ["text"], "label", False),
    ({"text": "text", "price": "price"}, ["text"], None, False),
    ({"review": "text", "stars": "stars"}, ["review"], "stars", True),
    ({"review": "text", "stars": "stars", "useful": "count"}, ["review"], "stars", False),
    ({"text": "text", "intent": "intent numbers"}, ["text"], "intent", True),
    # Neither text nor label
    ({"text": "text", "date": "few dates", "kind": "class"}, ["text"], "kind", True),
    ({"when": "moment", "what": "text", "kind": "class"}, ["what"], "kind", True),
    ({"x": "long date", "y2": "title", "kind": "class"}, ["y2"], "kind", True),
    ({"contact": "email", "what": "text", "kind": "class"}, ["what"], "kind", True),
    ({"kind": "class", "page": "link", "what": "text"}, ["what"], "kind", True),
    ({"kind": "class", "key": "uuid", "what": "text"}, ["what"], "kind", True),
    ({"product": "code", "what": "text", "kind": "class"}, ["what"], "kind", True),
    ({"lang": "language", "what": "text", "kind": "class"}, ["what"], "kind", True),
    ({"region": "locale", "what": "text", "kind": "class"}, ["what"], "kind", None),
    ({"who": "person", "what": "title", "kind": "class"}, ["what"], "kind", True),
    ({"ProfileName": "person", "what": "text", "kind": "class"}, ["what"], "kind", True),
    ({"what": "text", "split": "split", "kind": "class"}, ["what"], "kind", True),
    ({"text": "text", "language": "language"}, ["text"], "language", False),
    ({"query": "constant", "what": "text", "kind": "class"}, ["what"], "kind", True),
    ({"what": "text", "label": "empty", "kind": "class"}, ["what"], "kind", False),
    # What a model said
    ({"text": "text", "predicted_label": "class", "label": "class"}, ["text"], "label", True),
    ({"text": "text", "prediction": "class", "topic": "class"}, ["text"], "topic", True),
    ({"text": "text", "predicted_label": "class"}, ["text"], "predicted_label", False),
    ({"text": "text", "label": "class", "probability": "share", "score": "share"}, ["text"], "label", True),
    ({"prompt": "text", "response": "other text", "label": "class"}, ["prompt"], "label", False),
    ({"text": "text", "model_output": "other text", "label": "class"}, ["text"], "label", True),
    ({"prompt": "text", "completion": "class"}, ["prompt"], "completion", True),
    # Two texts of one kind
    ({"id": "id", "qid1": "id", "qid2": "price", "question1": "text", "question2": "other text", "is_duplicate": "binary"},
     ["question1", "question2"], "is_duplicate", True),
    ({"premise": "text", "hypothesis": "other text", "label": "class"}, ["premise", "hypothesis"], "label", True),
    ({"sentence1": "text", "sentence2": "other text", "gold_label": "class"}, ["sentence1", "sentence2"], "gold_label", True),
    ({"label": "binary", "text_a": "text", "text_b": "other text"}, ["text_a", "text_b"], "label", True),
    ({"TextA": "text", "TextB": "other text", "Label": "binary"}, ["TextA", "TextB"], "Label", True),
    ({"text1": "text", "text2": "other text", "label": "binary"}, ["text1", "text2"], "label", True),
    ({"first sentence": "text", "second sentence": "other text", "label": "binary"}, ["first sentence", "second sentence"], "label", True),
    ({"premise": "text", "choice1": "other text", "choice2": "title", "label": "binary"}, None, "label", False),
    ({"question": "text", "passage": "other text", "answer": "binary"}, ["question", "passage"], "answer", False),
    # Several texts of which only one may be meant
    ({"review": "text", "summary": "other text", "label": "class"}, None, "label", False),
    ({"notes": "text", "remarks": "other text", "label": "class"}, None, "label", False),
    ({"text": "text", "clean_text": "other text", "label": "class"}, ["text"], "label", True),
    # Classes after normalising, several in a cell
    ({"text": "text", "kind": "spellings"}, ["text"], "kind", True),
    ({"text": "text", "tags": "several"}, ["text"], "tags", True),
    # What public files look like
    ({"tweet_id": "id", "airline_sentiment": "class", "airline_sentiment_confidence": "share", "airline": "colour",
      "airline_sentiment_gold": "nearly empty", "name": "person", "retweet_count": "count", "text": "text", "tweet_created": "moment"},
     ["text"], "airline_sentiment", True),
    ({"Class Index": "number", "Title": "title", "Description": "text"}, ["Title", "Description"], "Class Index", True),
    ({"id": "id", "label": "class", "text": "text", "label_num": "number"}, ["text"], "label", True),
    ({"label": "binary", "comment": "text", "subreddit": "colour", "parent_comment": "other text"}, ["comment"], "label", False),
    ({"statement": "text", "status": "class"}, ["statement"], "status", True),
    ({"article_link": "link", "headline": "title", "is_sarcastic": "binary"}, ["headline"], "is_sarcastic", True),
    ({"CONTENT": "text", "COMMENT_ID": "uuid", "AUTHOR": "person", "DATE": "date", "CLASS": "binary"}, ["CONTENT"], "CLASS", True),
    ({"anchor": "title", "target": "other text", "score": "stars"}, None, "score", False),
    ({"text": "text", "author": "colour"}, ["text"], None, False),
    ({"text": "text", "retweet_count": "count"}, ["text"], None, False),
    ({"metadata": "record", "what": "text", "kind": "class"}, ["what"], "kind", True),
    ({"embedding": "vector", "what": "title", "kind": "class"}, ["what"], "kind", True),
    ({"to": "emails", "what": "title", "kind": "class"}, ["what"], "kind", True),
    # What a person and a machine said to each other
    ({"user": "text", "assistant": "other text", "intent": "class"}, ["user"], "intent", False),
    ({"user": "text", "bot": "other text", "intent": "class"}, ["user"], "intent", False),
    ({"customer": "text", "intent": "class"}, ["customer"], "intent", True),
    ({"prompt": "text", "assistant": "other text", "label": "class"}, ["prompt"], "label", False),
    ({"user": "person", "message": "text", "intent": "class"}, ["message"], "intent", True),
    ({"customer": "text", "message": "other text", "intent": "class"}, ["message"], "intent", True),
    ({"text": "text", "bot": "binary"}, ["text"], "bot", True),
    # Objects, and what has run over
    ({"text": "text", "label": "object"}, ["text"], "label", False),
    ({"label": "class", "text": "text", "column 3": "spilled"}, ["text"], "label", False),
    ({"label": "class", "text": "text", "column 3": "empty"}, ["text"], "label", True),
    ({"column 1": "spilled", "text": "text", "label": "class"}, ["text"], "label", True),
    # Other languages
    ({"Text": "text", "Kategorie": "class", "Farbe": "colour"}, ["Text"], "Kategorie", True),
    ({"commentaire": "text", "étiquette": "class", "couleur": "colour"}, ["commentaire"], "étiquette", True),
    ({"reseña": "text", "categoría": "class", "color": "colour"}, ["reseña"], "categoría", True),
    ({"отзыв": "text", "Тональность": "class", "цвет": "colour"}, ["отзыв"], "Тональность", True),
    ({"评论": "chinese", "标签": "short chinese", "颜色": "colour"}, ["评论"], "标签", True),
    ({"a": "chinese", "b": "short chinese"}, ["a"], "b", True),
    ({"κείμενο": "text", "κατηγορία": "class", "χρώμα": "colour"}, ["κείμενο"], "κατηγορία", True),
    ({"النص": "text", "تصنيف": "class", "لون": "colour"}, ["النص"], "تصنيف", True),
    ({"văn bản": "text", "nhãn": "class", "màu": "colour"}, ["văn bản"], "nhãn", True),
    ({"पाठ": "text", "श्रेणी": "class", "रंग": "colour"}, ["पाठ"], "श्रेणी", True),
    # Nothing to find
    ({"text": "text", "id": "id"}, ["text"], None, False),
    ({"id": "id", "kind": "class"}, None, "kind", False),
    ({"date": "date", "email": "email", "kind": "class"}, None, "kind", False),
]  # fmt: skip


def table_of(columns, rows=ROWS):
    frame = pandas.DataFrame({name: [COLUMNS[kind](number) for number in range(rows)] for name, kind in columns.items()}, dtype="str")
    return Table(frame, ReadingOptions(kind="csv", header=True))


@pytest.mark.parametrize(("columns", "expected_text", "expected_label", "sure"), CASES, ids=[" ".join(case[0]) for case in CASES])
def test_columns_are_guessed_and_sure_only_where_nothing_else_could_be(columns, expected_text, expected_label, sure):
    guess = guess_columns(table_of(columns))
    if expected_text is not None:
        assert list(guess.text) == expected_text
    if expected_label is not None:
        assert guess.label == expected_label
    if sure is not None:
        assert guess.sure == sure, guess.reason
    assert guess.reason.endswith(".") and guess.label not in guess.text
    assert guess.text_candidates[: len(guess.text)] == guess.text and (guess.label is None or guess.label_candidates[0] == guess.label)
    assert set(guess.text_candidates + guess.label_candidates) <= set(columns)


def test_what_is_given_is_kept_and_the_other_guessed_for_it():
    table = table_of({"title": "title", "notes": "text", "remarks": "other text", "kind": "class", "colour": "colour"})
    guess = guess_columns(table, label="colour")
    assert (guess.label, guess.sure) == ("colour", False) and "as chosen" in guess.reason and "remarks" in guess.text
    guess = guess_columns(table, text=("notes",))
    assert (guess.text, guess.sure) == (("notes",), False) and set(guess.label_candidates) == {"kind", "colour"}
    guess = guess_columns(table, label="kind", text=("notes", "title"))
    assert (guess.text, guess.label, guess.sure) == (("notes", "title"), "kind", True)
    assert guess_columns(table_of({"text": "text", "kind": "class"}), text=("text", "kind")).label is None
    assert guess_columns(table_of({"text": "text"}), label="text").text == ()
    # A text column chosen as the label is no text any more
    guess = guess_columns(table_of({"text": "text", "notes": "other text", "kind": "class"}), label="text")
    assert guess.text == ("notes",) and guess.sure


def test_an_unsure_guess_names_the_candidates_best_first():
    guess = guess_columns(table_of({"text": "text", "type": "class", "queue": "colour", "count": "count", "id": "id", "page": "link"}))
    assert set(guess.label_candidates) == {"type", "queue", "count"} and guess.label_candidates[2] == "count"
    assert "Also possible as a label" in guess.reason and guess.text_candidates == ("text",)
    guess = guess_columns(table_of({"review": "text", "summary": "other text", "label": "class"}))
    assert set(guess.text_candidates) == {"review", "summary"} and "Also possible as a text" in guess.reason


def test_numbers_without_end_are_said_to_be_a_measure():
    assert "rather a measure" in guess_columns(table_of({"text": "text", "label": "share"})).reason


def test_a_wide_table_and_a_short_one_are_guessed_too():
    wide = table_of({**{f"share {number}": "share" for number in range(400)}, "text": "text", "label": "class"})
    assert guess_columns(wide).text == ("text",) and guess_columns(wide).label == "label"
    for rows in (0, 1, 2):
        assert guess_columns(table_of({"text": "text", "label": "class"}, rows)).label in (None, "label")


def test_names_of_columns_can_be_shown_and_typed():
    header = ["te\ud800xt", "\ufefflabel", "\u200bid\u200b ", "a\0", "cafe\u0301", "\u200b", "a", "\x1b", " b\u00a0", "نیم\u200cفاصله"]
    names, notes = unique_names(header)
    assert names == ["te xt", "label", "id", "a", "café", "column 6", "a (2)", "column 8", "b", "نیم\u200cفاصله"]
    assert len(notes) == 2 and all(name.encode() for name in names)


@pytest.mark.parametrize(
    "date",
    [
        "2024-01-05", "2024/1/5", "05.01.2024", "1/5/24", "2024-01-05T10:11:12Z", "2024-01-05 10:11:12.123+00:00", "5 Jan 2024",
        "January 5, 2024", "Jan 5, 2024 at 3:45 PM", "Tuesday, January 5, 2024 3:45 PM", "Tue, 05 Jan 2024 10:11:12 +0000",
        "5. Januar 2024", "5 de enero de 2024", "5 января 2024", "2024年1月5日", "Mon Apr 06 22:19:45 PDT 2009",
    ],
)  # fmt: skip
def test_dates_of_any_writing_are_no_text_and_no_label(date):
    frame = pandas.DataFrame({"when": [date] * 30 + [date.replace("5", "6")] * 30, "label": ["a", "b", "c"] * 20}, dtype="str")
    frame["notes"] = [text(number) for number in range(60)]
    guess = guess_columns(Table(frame.rename(columns={"label": "kind"}), ReadingOptions(kind="csv")))
    assert (guess.text, guess.label, guess.sure, guess.label_candidates) == (("notes",), "kind", True, ("kind",))


def test_a_first_row_of_years_above_words_is_rather_a_header():
    rows = [("2023", "2024"), *((text(number), COLUMNS["class"](number)) for number in range(ROWS))]
    table = Table(pandas.DataFrame(rows, columns=["column 1", "column 2"], dtype="str"), ReadingOptions(kind="csv", header=False))
    assert not guess_columns(table).sure
    assert guess_columns(Table(table.frame.iloc[1:], table.options)).sure
