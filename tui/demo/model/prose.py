"""The words of the stand-in model: short, readable answers made from the prompt."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable

_WORD = re.compile(r"[^\W\d_][\w'’-]{3,30}", re.UNICODE)
_SUM = re.compile(r"(-?\d+(?:\.\d+)?)\s*([-+*×/÷])\s*(-?\d+(?:\.\d+)?)")
_MEGABYTES = re.compile(r"\bwrite (\d{1,2}) ?mb\b", re.IGNORECASE)
_ECHO = re.compile(r"^\s*(?:please )?(?:repeat|echo)(?: (?:this|back|exactly|after me|the following))*\s*:?\s*", re.I)
_CHOICES = re.compile(
    r"(?:one of|either|labels?|categories|options)\W{1,3}((?:[\w -]{2,24}[,/|]\s*)+(?:or |and )?[\w -]{2,24})", re.I
)
_LANGUAGES = {
    "japanese": "ja",
    "german": "de",
    "french": "fr",
    "spanish": "es",
    "korean": "ko",
    "chinese": "zh",
}
# What prompts are made of whatever they are about.
_STOP = frozenset(
    re.findall(
        r"\w+",
        "about after also answer because been before between briefly classify colleague common could describe does each"
        " every exactly explain findings following from give have here into json keeping known label like main matter"
        " mistakes more most must next numbers only open other over paragraph please practice question questions quiz"
        " reply return review sentence sentences short should single some steps such summarize summarise text than that"
        " their them then there these they this those three tone translate using very what when where which while will"
        " with word words would write your",
    )
)
_TRANSLATIONS = {
    "ja": [
        "配送がとても早く、梱包も丁寧でした。",
        "期待していたより音が小さいです。",
        "対応が親切で助かりました。",
        "値段の割に品質が良いと思います。",
        "説明書がわかりにくく、設定に時間がかかりました。",
    ],
    "de": [
        "Die Lieferung war schnell und alles war gut verpackt.",
        "Der Ton ist leiser, als ich erwartet hatte.",
        "Der Kundendienst hat mir freundlich weitergeholfen.",
        "Für den Preis ist die Qualität in Ordnung.",
    ],
    "fr": [
        "La livraison a été rapide et l'emballage soigné.",
        "Le son est plus faible que prévu.",
        "Le service client m'a répondu avec gentillesse.",
        "La notice est difficile à comprendre.",
    ],
    "es": [
        "El envío fue rápido y venía muy bien embalado.",
        "El sonido es más bajo de lo que esperaba.",
        "La atención al cliente fue amable y resolvió mi duda.",
        "La calidad está bien para el precio.",
    ],
    "ko": ["배송이 빠르고 포장이 꼼꼼했습니다.", "생각보다 소리가 작습니다.", "상담원이 친절하게 도와주었습니다."],
    "zh": ["发货很快，包装也很仔细。", "声音比预期的小。", "客服很耐心，问题解决了。"],
}
_OPENERS = [
    "In short: look at {a} first.",
    "It depends on {b}, and on what you mean by {a}.",
    "There are two sides to this: {a} on the one hand, {b} on the other.",
    "Start with {a}; the rest follows from there.",
    "Most of it comes down to {a}.",
]
_MIDDLES = [
    "A change in {a} usually shows in {b} as well, so look at both before you decide.",
    "A common mistake is to take {b} as given.",
    "If you can measure only one thing, measure {b}.",
    "It helps to keep the part with {a} small at first, and to widen it later.",
    "For {b}, a plain list of cases is often enough.",
    "There is good evidence on {a}, and rather less on {b}.",
    "Compare the figures for {a} with last month's before you draw a conclusion about {b}.",
]
_CLOSERS = [
    "If {a} is not what you meant, say which part you would like in more detail.",
    "That should cover {a}.",
    "I would check {b} once more next week.",
    "Anything beyond {a} needs data that the question does not give.",
]
_SENTIMENTS = ["positive", "negative", "neutral"]
_PLEASED = re.compile(
    r"again|described|early|easy|excellent|fine|friendly|good|great|love|new after|quiet|solid|worth", re.I
)
_CROSS = re.compile(
    r"back|bad|broke|crash|louder|lost|poor|plastic|refund|slow|smaller|stopped|terrible|torn|clearer", re.I
)


_SLIPS = 0.05
"""How often a label is chance, as with a real model."""


def tokens(text: str) -> int:
    """About how many tokens a text has: one for every four bytes of UTF-8, at least one unless it is empty."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // 4)


def reply(prompt: str, rng: random.Random, *, as_json: bool = False) -> str:
    """An answer to a prompt. The same prompt and random state give the same answer."""
    if found := _MEGABYTES.search(prompt[:2_000]):
        return long_text(int(found[1]) * 1_000_000)
    if found := _ECHO.match(prompt):
        return prompt[found.end() :]
    head = prompt[:1_500]
    lowered = head.lower()
    if as_json:
        return json.dumps(_fields(head, lowered, rng), ensure_ascii=False)
    for words, make in _TASKS:
        if any(word in lowered for word in words):
            return make(head, lowered, rng)
    if found := _SUM.search(head):
        return _arithmetic(found)
    return _essay(head, rng)


def long_text(size: int) -> str:
    """Exactly ``size`` characters of ASCII text in numbered lines, for answers of many megabytes."""
    line = "Line {:>9,}: the quick brown fox jumps over the lazy dog while the batch runs through the night.\n"
    width = len(line.format(0))
    return "".join(line.format(number) for number in range(1, size // width + 2))[:size]


def topics(text: str, rng: random.Random, count: int = 4) -> list[str]:
    """What the text is about, in its own words and order: runs of up to three words that carry meaning."""
    found: list[str] = []
    end = -2
    for match in _WORD.finditer(text):
        if match[0].lower() in _STOP:
            continue
        if match.start() == end + 1 and text[end] == " " and found[-1].count(" ") < 2:
            found[-1] += f" {match[0]}"
        else:
            found.append(match[0])
        end = match.end()
    found = list(dict.fromkeys(found))
    if len(found) > count:
        found = [found[i] for i in sorted(rng.sample(range(len(found)), count))]
    return found or ["the question", "its context"]


def label(head: str, lowered: str, rng: random.Random) -> str:
    """One of the labels that the prompt offers; a sentiment by the words that tell it, if it asks for one."""
    if found := _CHOICES.search(head):
        choices = [re.sub(r"^(?:or|and)\s+", "", part.strip()) for part in re.split(r"[,/|]| or ", found[1])]
        choices = [choice.strip() for choice in choices if choice.strip()]
        if choices and not set(_SENTIMENTS) & {choice.lower() for choice in choices}:
            return rng.choice(choices)
    if rng.random() < _SLIPS:
        return rng.choice(_SENTIMENTS)
    mood = len(_PLEASED.findall(head)) - len(_CROSS.findall(head))
    return "positive" if mood > 0 else "negative" if mood < 0 else "neutral"


def _fields(head: str, lowered: str, rng: random.Random) -> dict[str, object]:
    return {
        "label": label(head, lowered, rng),
        "confidence": round(rng.uniform(0.55, 0.99), 2),
        "topics": topics(head.split(":", 1)[-1], rng, 3),
    }


def _translation(head: str, lowered: str, rng: random.Random) -> str:
    code = next((code for name, code in _LANGUAGES.items() if name in lowered), "de")
    return " ".join(rng.sample(_TRANSLATIONS[code], rng.randint(1, 2)))


def _summary(head: str, lowered: str, rng: random.Random) -> str:
    found = topics(head, rng, 4)
    listed = ", ".join(found[:-1]) + f" and {found[-1]}" if len(found) > 1 else found[0]
    return f"The text is about {listed}. Its main point is {rng.choice(found)}, and it ends without a firm conclusion."


def _extraction(head: str, lowered: str, rng: random.Random) -> str:
    return "\n".join(f"- {topic}" for topic in topics(head.split(":", 1)[-1], rng, 5))


def _arithmetic(found: re.Match[str]) -> str:
    left, sign, right = float(found[1]), found[2], float(found[3])
    if sign in "/÷" and right == 0:
        return "That has no answer: a division by zero."
    results = {"+": left + right, "-": left - right, "*": left * right, "×": left * right}
    value = results[sign] if sign in results else left / right
    return f"{found[1]} {sign} {found[3]} = {value:.10g}"


def _essay(head: str, rng: random.Random) -> str:
    found = topics(head, rng, 6)
    if len(found) == 1:
        found.append("its context")

    def fill(pattern: str) -> str:
        first, second = rng.sample(found, 2)
        sentence = pattern.format(a=first, b=second)
        return sentence[0].upper() + sentence[1:]

    body = [fill(pattern) for pattern in rng.sample(_MIDDLES, rng.randint(1, 4))]
    return " ".join([fill(rng.choice(_OPENERS)), *body, fill(rng.choice(_CLOSERS))])


_TASKS: list[tuple[tuple[str, ...], Callable[[str, str, random.Random], str]]] = [
    (("translate",), _translation),
    (("classify", "sentiment", "label", "categor"), label),
    (("summar",), _summary),
    (("extract", "list the"), _extraction),
]
