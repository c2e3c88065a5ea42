"""The language of a text: by its script at once, by its words when py3langid is asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

LOOKED_AT = 300  # characters

_SCRIPTS = (
    ("kana", re.compile("[\u3041-\u3096\u30a1-\u30fa]")),
    ("hangul", re.compile("[\uac00-\ud7a3\u1100-\u11ff\u3130-\u318f]")),
    ("han", re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")),
    ("cyrillic", re.compile("[\u0400-\u052f]")),
    ("arabic", re.compile("[\u0600-\u06ff\u0750-\u077f]")),
    ("greek", re.compile("[\u0370-\u03ff\u1f00-\u1fff]")),
    ("hebrew", re.compile("[\u0590-\u05ff]")),
    ("thai", re.compile("[\u0e00-\u0e7f]")),
    ("devanagari", re.compile("[\u0900-\u097f]")),
    ("bengali", re.compile("[\u0980-\u09ff]")),
    ("tamil", re.compile("[\u0b80-\u0bff]")),
    ("telugu", re.compile("[\u0c00-\u0c7f]")),
    ("kannada", re.compile("[\u0c80-\u0cff]")),
    ("malayalam", re.compile("[\u0d00-\u0d7f]")),
    ("gujarati", re.compile("[\u0a80-\u0aff]")),
    ("gurmukhi", re.compile("[\u0a00-\u0a7f]")),
    ("georgian", re.compile("[\u10a0-\u10ff]")),
    ("armenian", re.compile("[\u0530-\u058f]")),
    ("khmer", re.compile("[\u1780-\u17ff]")),
    ("lao", re.compile("[\u0e80-\u0eff]")),
    ("burmese", re.compile("[\u1000-\u109f]")),
    ("sinhala", re.compile("[\u0d80-\u0dff]")),
    ("ethiopic", re.compile("[\u1200-\u137f]")),
)
_NOT_EASTERN = re.compile("[\u0370-\u1fff\u2c00-\u2e7f\ua000-\uabff]")  # letters of scripts other than the first three
_ONE_LANGUAGE = {
    "greek": "el", "hebrew": "he", "thai": "th", "bengali": "bn", "tamil": "ta", "telugu": "te", "kannada": "kn", "malayalam": "ml",
    "gujarati": "gu", "gurmukhi": "pa", "georgian": "ka", "armenian": "hy", "khmer": "km", "lao": "lo", "burmese": "my", "sinhala": "si",
    "hangul": "ko", "kana": "ja",
}  # fmt: skip
_WRITTEN_IN = {
    "cyrillic": "ru uk bg sr mk be kk ky mn tg tt ba cv os ce", "arabic": "ar fa ur ps sd ug ku ckb", "devanagari": "hi mr ne sa",
    "han": "zh ja yue", "kana": "ja", "hangul": "ko", "hebrew": "he yi iw", "ethiopic": "am ti", "bengali": "bn as",
} | {script: language for script, language in _ONE_LANGUAGE.items() if script not in ("kana", "hangul", "hebrew", "bengali")}  # fmt: skip
_SCRIPT_LANGUAGES = {script: frozenset(languages.split()) for script, languages in _WRITTEN_IN.items()}
_NON_LATIN = frozenset().union(*_SCRIPT_LANGUAGES.values()) - {"sr", "ku", "kk", "mn"}
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_RUSSIAN = re.compile("[ыэъёщ]", re.I)
_NOT_RUSSIAN = re.compile("[іїєґўђћљњџјѕќѓҐқңөүұһәғӣӯҷҳӑӗҫӳ]", re.I)
_NOT_ARABIC = re.compile("[پچژگکیےڈٹڑںھەۆڕڵێ]")
_ENGLISH = frozenset(
    ["the", "of", "and", "to", "in", "is", "for", "a", "on", "with", "that", "it", "as", "at", "by", "from", "this", "are", "be", "an", "was", "will", "not", "you", "we", "i", "or", "have", "has", "how", "what", "why", "your", "our", "its", "new", "more", "can", "but", "they", "their", "he", "his", "she", "her", "all", "about", "after", "up", "out", "who", "when", "into", "over", "if", "no", "my", "so", "just", "now", "do"]
)
_COMMON = frozenset(["ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he", "hi", "hr", "hu", "id", "it", "ja", "ko", "lt", "lv", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "th", "tr", "uk", "vi", "zh"])
_CODE = re.compile(r"[A-Za-z]{2,3}")
_OLD_CODES = {"iw": "he", "in": "id", "ji": "yi", "cn": "zh", "jp": "ja", "kr": "ko", "cz": "cs", "gr": "el", "dk": "da", "gb": "en", "uk-ua": "uk"}


def _script(text: str) -> str:
    """The script that most letters of the text's beginning are in: one of ours, "latin", or "" without letters."""
    text = text[:LOOKED_AT]
    if text.isascii():
        return "latin" if _LATIN.search(text) else ""
    scripts = _SCRIPTS if _NOT_EASTERN.search(text) else _SCRIPTS[:3]
    counts = {name: len(pattern.findall(text)) for name, pattern in scripts if pattern.search(text)}
    if not counts:
        return "latin" if _LATIN.search(text) else ""
    latin = len(_LATIN.findall(text))
    kana, han = counts.get("kana", 0), counts.get("han", 0)
    if kana and kana * 8 >= han:
        counts |= {"kana": kana + han, "han": 0}
    best = max(counts, key=lambda name: counts[name])
    # A character of these scripts says as much as a few Latin letters: Chinese titles name products in English.
    weight = 3 if best in ("han", "kana", "hangul") else 1
    return best if counts[best] * weight > latin else "latin"


def script_language(text: str) -> str:
    """Return the language (ISO 639-1) that the script of `text` gives away, or "" where several languages share it."""
    script = _script(text)
    if script in ("", "latin"):
        return ""
    start = text[:LOOKED_AT]
    if script == "han":
        return "zh"
    if script == "cyrillic":
        return "ru" if _RUSSIAN.search(start) and not _NOT_RUSSIAN.search(start) else ""
    if script == "arabic":
        return "" if _NOT_ARABIC.search(start) else "ar"
    return _ONE_LANGUAGE.get(script, "")


def code_of(declared: str) -> str:
    """Return the ISO 639-1 code that a feed's language tag starts with ("en-us" gives "en"), or ""."""
    found = _CODE.match(declared.strip())
    code = found[0].lower() if found else ""
    return _OLD_CODES.get(code, code) if len(code) == 2 else {"zho": "zh", "eng": "en", "deu": "de", "fra": "fr"}.get(code, "")


def chosen(declared: str, text: str) -> str:
    """Return the declared language where the text does not speak against it, else what its script says, else "".

    Against it speak: another script, and for English, which many a program declares unasked, a dozen words with none of
    its commonest among them.
    """
    code = code_of(declared)
    script = _script(text)
    if not code or not script:
        return script_language(text) if script not in ("", "latin") else ""
    if script == "latin":
        if code in _NON_LATIN:
            return ""
        if code == "en":
            words = text[:LOOKED_AT].lower().split()
            if len(words) >= 12 and _ENGLISH.isdisjoint(words):
                return ""
        return code
    return code if code in _SCRIPT_LANGUAGES.get(script, ()) else script_language(text)


@cache
def _identifier() -> Any:
    from py3langid import langid  # takes most of a second: only when words must decide

    return langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)


def detect(texts: Sequence[str]) -> list[str]:
    """Return the language (ISO 639-1) of each text from its first 300 characters; "" where there is too little to tell."""
    found = []
    for text in texts:
        start = " ".join(text[:LOOKED_AT].split())
        by_script = script_language(start)
        if by_script or not re.search(r"[^\W\d_]{2}", start):
            found.append(by_script)
            continue
        code, confidence = _identifier().classify(start)
        # It knows languages without such a code, too, and rare ones share what a few words say of common ones.
        found.append(code if confidence >= 0.5 and len(code) == 2 else _common_language(start))
    return found


def _common_language(text: str) -> str:
    """Return the language that is likelier than all other common ones together, or ""."""
    shares = {code: float(share) for code, share in _identifier().rank(text) if code in _COMMON}
    best = max(shares, key=lambda code: shares[code], default="")
    return best if best and shares[best] > 0.5 * sum(shares.values()) else ""
