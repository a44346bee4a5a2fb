"""
Articles in many languages for tests: real ones where the corpus is at hand, and sentences written for this.

The corpus is not part of the project: without it `real_articles` is empty, and tests say so.
"""
# ruff: noqa: RUF001 - many scripts are the point

from __future__ import annotations

import html
import json
import random
import re
from functools import cache
from pathlib import Path

from monitor.model import Document

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
_ITEM = re.compile(r"<(?:item|entry)[\s>].*?</(?:item|entry)>", re.DOTALL)
_PART = re.compile(r"<(title|description|summary|content:encoded|content)(?:\s[^>]*)?>(.*?)</\1>", re.DOTALL)
_LANGUAGE = re.compile(r"<language>\s*([a-z]{2})|xml:lang=\"([a-z]{2})")
_TAG = re.compile(r"<[^>]*>")
_MOST_OF_ONE_FEED = 12

SENTENCES = {
    "en": (
        "The WHO said on Monday that the Taliban delegation had left Doha without an agreement.",
        "Talks about the state's water reserves resume in New York; US envoys may come, officials say.",
        "Who told us that it would be over by May? Nobody in the ministry of health knows.",
        "The C++ programme of the co-operative bank failed 24/7, AT&T's engineers wrote.",
    ),
    "fr": (
        "Les talibans reviennent à Kaboul, et l'Afghanistan s'inquiète d'un retrait des États-Unis.",
        "L’OMS et l'OTAN n’ont pas commenté : « c’est une affaire d’État », dit le ministère.",
        "À Paris, le cœur de la négociation bat encore ; les ministres européens attendent.",
    ),
    "de": (
        "Die Gasfernleitung nach Österreich bleibt über die Feiertage geschlossen, heißt es in Straßburg.",
        "Außenministerin und Bundeskanzler streiten über die Groß-Übung der NATO im Grenzgebiet.",
    ),
    "es": (
        "El niño y la niña del año pasado: ¿quién paga la energía en Perú?, pregunta la oposición.",
        "La OMS pidió más vacunas; el Gobierno español respondió que mañana habrá una reunión.",
    ),
    "pt": ("As negociações em São Paulo não avançam; o avião do presidente já voltou a Brasília.",),
    "pl": ("Łódź i Gdańsk żądają więcej pieniędzy, a źródła rządowe milczą o śledztwie.",),
    "tr": ("İstanbul'da ışıklar söndü; İzmir ve Diyarbakır için uyarı yapıldı, Iğdır'da kış.",),
    "vi": ("Đoàn đại biểu đến Hà Nội hôm thứ Hai để bàn về biên giới và đường sắt.",),
    "ru": (
        "Ёлкин приехал в Москву: переговоры с талибами в Дохе отложены, сообщил Толстой.",
        "Министр обороны России заявил, что учения НАТО угрожают границам Елкинского края.",
    ),
    "uk": ("Її сини з Києва чекають на переговори, але Москва мовчить про кордон і газ.",),
    "el": ("Η Αθήνα και ο Οδυσσεύς περιμένουν τις συνομιλίες στη Ντόχα, λέει το υπουργείο.",),
    "ar": (
        "قالت حركة طالبان إن المحادثات في الدوحة أُجّلت حتى يوم الإثنين ٢٤ مايو.",
        "وصل الوفد إلى الدوحه مساءً، وأعلنت منظمة الصحة العالمية أن الوضع صعب في غزة.",
    ),
    "fa": ("گفت‌وگوهای طالبان در دوحه به پایان رسید و هیئت به کابل بازگشت، ۲۴ نفر.",),
    "he": ("שָׁלוֹם: המשלחת חזרה מדוחא לתל־אביב, והשיחות נדחו ליום שני.",),
    "hi": ("तालिबान का प्रतिनिधिमंडल दोहा से लौटा, और हिन्दी में बयान जारी किया गया।",),
    "th": ("คณะผู้แทนตาลีบันเดินทางถึงกรุงโดฮาเพื่อเจรจาสันติภาพ",),
    "zh": (
        "阿富汗塔利班代表团在多哈举行会谈，世卫组织警告说局势严重。",
        "美国代表星期一抵达北京，讨论边境问题。",
    ),
    "ja": ("タリバンの代表団がドーハに到着し、ガザについて協議した。ｶﾞｻﾞの状況は深刻だ。",),
    "ko": ("탈레반 대표단이 도하에 도착해 회담을 시작했다고 외교부가 밝혔다.",),
}


@cache
def real_articles() -> tuple[Document, ...]:
    """The articles of the corpus, in a fixed order; empty without it."""
    if not CORPUS.is_dir():
        return ()
    found = [*_stories(), *_pages(), *_feeds()]
    random.Random(5).shuffle(found)
    return tuple(found)


def _stories() -> list[Document]:
    found = []
    for line in (CORPUS / "stories" / "ecbplus.jsonl").read_text("utf-8").splitlines():
        first, *rest = json.loads(line)["sentences"]
        found.append(Document(title=first[:150], body="\n".join(rest)[:1500], language="en"))
    return found


def _pages() -> list[Document]:
    found = []
    for line in (CORPUS / "pages" / "gold.jsonl").read_text("utf-8").splitlines():
        page = json.loads(line)
        kept: list[str] = page["keep"]
        found.append(
            Document(
                title="".join(kept[:1])[:150],
                summary=" ".join(page["drop"])[:300],
                body="\n".join(kept[1:]),
            )
        )
    return found


def _feeds() -> list[Document]:
    found = []
    for path in sorted((CORPUS / "feeds" / "real").rglob("*.xml")):
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        language = _LANGUAGE.search(text)
        for item in _ITEM.findall(text)[:_MOST_OF_ONE_FEED]:
            parts = dict(_PART.findall(item))
            body = _plain(parts.get("content:encoded") or parts.get("content") or "")
            summary = _plain(parts.get("description") or parts.get("summary") or "")
            found.append(
                Document(
                    title=_plain(parts.get("title", ""))[:200],
                    summary=summary[:500],
                    body=body[:1500],
                    language=(language.group(1) or language.group(2)) if language else None,
                )
            )
    return found


def _plain(markup: str) -> str:
    inner = markup.replace("<![CDATA[", "").replace("]]>", "")
    return html.unescape(_TAG.sub(" ", html.unescape(inner))).strip()


def written_article(rng: random.Random) -> Document:
    """An article of the sentences above, mostly in one language."""
    language = rng.choice(sorted(SENTENCES))
    own = list(SENTENCES[language])
    others = [s for sentences in SENTENCES.values() for s in sentences]
    body = [rng.choice(own if rng.random() < 0.7 else others) for _ in range(rng.randint(1, 8))]
    return Document(
        title=rng.choice(own),
        summary=rng.choice(["", body[0], body[0][:30] + " …", rng.choice(others)]),
        body=rng.choice(["\n", " ", "\n\n"]).join(body),
        language=rng.choice([language, None, f"{language}-XX", "en"]),
    )
