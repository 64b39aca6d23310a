"""The usual names of columns in many languages, and the role that a name gives: header detection and the guess of the columns know them."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Literal

from engine.reading.characters import without_accents

Role = Literal["label", "labelled", "maybe label", "text", "title", "output", "aside", "other", ""]
"""``label`` says it outright, ``labelled`` names what is usually predicted, ``maybe label`` what could be; ``output`` is what a model
said, ``aside`` the part of the data or the language."""


def _words(listed: str) -> tuple[str, ...]:
    return tuple(word.replace("_", " ") for word in listed.split())


CLEAR_TEXTS = _words("""text texts texte texto testo tekst metin teksti szoveg teks текст κειμενο نص النص טקסט متن पाठ 文本 正文 テキスト
    本文 텍스트 van_ban""")
TEXT_NAMES = CLEAR_TEXTS + _words("""message body content review sentence comment tweet utterance question query description document
    article post abstract summary complaint narrative messages prompt passage premise hypothesis transcription transcript feedback sms
    nachricht inhalt bewertungstext kommentar frage satz beschreibung avis commentaire phrase contenu mensaje comentario resena opinion
    frase contenido mensagem avaliacao conteudo messaggio recensione commento bericht wiadomosc tresc opinia zprava mesaj yorum сообщение
    отзыв комментарий повідомлення відгук μηνυμα رسالة تعليق הודעה پیام 内容 评论 句子 內容 評論 文章 感想 문장 내용 리뷰 댓글 noi_dung
    isi meddelande besked melding viesti uzenet संदेश""")
TITLE_NAMES = _words("""title headline subject titel betreff uberschrift titre objet titulo asunto titolo oggetto tytul temat baslik konu
    заголовок 标题 標題 タイトル 件名 제목""")
CLEAR_LABELS = _words("""label labels class target klasse etikett etiquette classe etiqueta clase rotulo etichetta klasa etykieta stitek
    trida etiket sinif метка класс мітка клас ετικετα κλαση تصنيف تسمية תווית برچسب लेबल 标签 標籤 类别 類別 ラベル クラス 라벨 레이블
    nhan luokka cimke eticheta clasa""")
LABEL_NAMES = CLEAR_LABELS + _words("""category intent topic sentiment department categories tag polarity emotion genre queue type rating
    stars kategorie thema stimmung abteilung categorie sujet categoria tema sentimiento sentimento argomento kategoria kategori категория
    тема тональность категорія κατηγορια فئة קטגוריה دسته श्रेणी 分类 分類 カテゴリ カテゴリー 感情 카테고리 분류 감정 chu_de intencion
    absicht""")
MAYBE_LABELS = _words("""score grade level priority severity status outcome result rating stars type queue answer decision spam ham note
    bewertung prioritat priorite prioridad оценка 评分 評価 평점""")
OUTPUTS = _words("""predicted prediction predictions predict pred preds yhat probability probabilities prob probs proba confidence logit
    logits softmax model output generation gpt chatgpt llm response responses reply vorhersage prediccion previsao предсказание 预测 予測
    예측""")
SPEAKERS = _words("user customer human client")
"""Who writes to a machine or a service: where the cells are sentences, they are what was written."""
ASSISTANTS = _words("assistant bot chatbot agent")
"""Who answers: where the cells read like texts, they are answers."""
_ASIDE = _words("split splits fold partition subset usage lang language locale sprache idioma langue lingua язык")
OTHER_NAMES = _words("""id ids uuid index idx date datetime time timestamp author user username url link email split source lang language
    datum sprache benutzer fecha idioma usuario langue utilisateur lingua utente дата язык автор 日期 日付 作者 날짜""")
_METADATA = OTHER_NAMES + _words("""uid guid qid pid docid key hash created updated published received year month day authors profile
    sender recipient reviewer annotator annotators rater assignee owner speaker agent customer firstname lastname surname fullname from
    to href uri file filename path mail phone ip locale country city location timezone version zeit data count counts length likes views
    votes shares retweets upvotes downvotes age price amount numerator denominator size duration salary latitude longitude zip""")
"""Beside the usual names also words that stand in texts and classes as well, so that a first row with one is no header."""
COUNTERPARTS = (("premise", "hypothesis"), ("question", "passage"), ("question", "sentence"), ("question", "context"),
                ("query", "document"), ("query", "passage"), ("claim", "evidence"), ("headline", "body"))  # fmt: skip
"""Two texts that are judged together."""
_QUALIFIERS = frozenset({"name", "names", "text", "str", "string", "id", "idx", "index", "code", "num", "number", "title"})
_PLACES = {"1": 0, "2": 1, "3": 2, "4": 3, "a": 0, "b": 1, "c": 2, "one": 0, "two": 1, "first": 0, "second": 1, "left": 0, "right": 1}


@cache
def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a column's name in lower case, without accents and digits."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", unicodedata.normalize("NFKC", name)[:80])
    plain = without_accents(parted.casefold())
    return tuple(re.findall(r"(?:(?!_|\d)[\w\u0900-\u097f])+", plain))


def name_rank(name: str, usual: tuple[str, ...]) -> int | None:
    """Return the place of a column's name (or of its last word) in a list of usual names."""
    words = words_of(name)
    found = next((word for word in (" ".join(words), *words[-1:]) if word in usual), None)
    return usual.index(found) if found is not None and len(words) <= 3 else None


@cache
def role_of(name: str) -> Role:
    """Return what a column's name says of it; the empty string where it says nothing."""
    words = words_of(name)
    if not words or len(words) > 5:
        return ""
    if set(words) & set(OUTPUTS) or (words[0] == "generated" and len(words) > 1):
        return "output"
    if words[-1] in _ASIDE:
        return "aside"
    if len(words) > 1 and words[-1] in _QUALIFIERS and words[-2] in LABEL_NAMES:
        return "maybe label"  # “label_text”, “Class Name”, “category_id”
    if name_rank(name, TEXT_NAMES) is not None:
        return "text"
    if name_rank(name, TITLE_NAMES) is not None:
        return "title"
    labelled = name_rank(name, LABEL_NAMES) is not None
    if name_rank(name, MAYBE_LABELS) is not None or (labelled and (words[0] in _METADATA or re.search(r"\d", name))):
        return "maybe label"  # “label1” is one of several
    if labelled or (words[-1] in ("y", "gold") and not re.search(r"\d", name)):
        return "labelled" if labelled and name_rank(name, CLEAR_LABELS) is None else "label"
    return "other" if set(words) & set(_METADATA) else ""


def is_usual_name(name: str) -> bool:
    """Return whether a cell is a usual name of a column, such as “Text” or “product_category”."""
    words = words_of(name) if len(name) <= 40 else ()
    usual = (*TEXT_NAMES, *TITLE_NAMES, *LABEL_NAMES, *OTHER_NAMES, "name", "score", "channel", "answer", "reply")
    return 0 < len(words) <= 3 and (words[-1] in usual or " ".join(words) in usual)


def is_clear_text(name: str) -> bool:
    """Return whether a column is called the text outright."""
    return " ".join(words_of(name)) in CLEAR_TEXTS and not re.search(r"\d", name)


def is_kind_of_label(name: str) -> bool:
    """Return whether a label's name says which kind of it this is, such as “fine label”, and not that it is the true one."""
    words = words_of(name)
    return len(words) > 1 and not {"gold", "true", "real", "final", "human", "manual", "ground", "expert"} & set(words)


def series_of(name: str) -> tuple[str, int] | None:
    """Return the stem of a name in a series and its place in it: “question2” → (“question”, 1); ``None`` for a name in none."""
    plain = " ".join(re.sub(r"(?<=[a-z])(?=[A-Z0-9])", " ", name).replace("_", " ").replace("-", " ").casefold().split())
    words = plain.split(" ")
    for place, rest in ((words[-1], words[:-1]), (words[0], words[1:])):
        if rest and place in _PLACES:
            return " ".join(rest), _PLACES[place]
    return None
