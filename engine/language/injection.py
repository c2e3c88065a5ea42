"""Whether a post holds text that is meant for a language model instead of people. A remark for the reader: nothing is hidden for it.

What keeps a post from steering the model is elsewhere: tokens apart, fences, checked evidence, no tools, no network.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import contextlib
import unicodedata
from collections.abc import Iterator
from itertools import islice
from urllib.parse import unquote

import regex

from engine.language.foreign import clean
from engine.language.sentences import split

VERSION = "injection-1"
KINDS = ("roles", "orders", "dialogue", "encoded", "invisible", "hidden", "leak")
MOST_CHARACTERS = 20_000  # of a text that are looked at, from its beginning
_MOST_DECODED = 40  # runs of one text

_ROLE = regex.compile(
    r"<\|[a-z_ ]{1,30}\|>|</?(?:start_of_turn|end_of_turn)>|\[/?INST\]|<</?SYS>>|</s>\s*<s>|^#{2,4} ?(?:system|instruction|assistant)s? ?:"
    r"|\[(?:text|end)(?: \d{1,3})? [0-9a-f]{4,16}\]|</?(?:system|assistant|system_prompt|instructions)>",
    regex.IGNORECASE | regex.MULTILINE,
)

_NEAR = r"[^.!?\n。！？]{0,30}?"
_ORDERS: tuple[str, ...] = (
    # English
    rf"\b(?:ignore|disregard|forget|override|bypass|skip|discard|do not follow|don't follow|stop following|pay no attention to)\b{_NEAR}"
    rf"\b(?:previous|prior|above|earlier|preceding|foregoing|your|other|existing|original|initial|system|everything)\b{_NEAR}"
    r"\b(?:instructions?|prompts?|rules?|guidelines?|directions?|directives?|context|training|constraints|programming|told|said)\b",
    r"\byou are (?:now |no longer )(?:an? |the |in )?(?:\w+ ){0,3}(?:ai|assistant|model|chatbot|bot|dan|mode|llm|summari[sz]er|editor|filters?|bound)\b",
    r"\b(?:new|updated|revised|real|secret|important) (?:system )?(?:instructions?|prompt|directives?) ?(?:for (?:the |any )?(?:ai|model|assistant|llm|summari[sz]er)s?)? ?:",
    r"(?:^|[\[(*#]) ?system (?:prompt|override|message|notice|instruction|update|command|note)s?\b ?[\])*]* ?:",
    r"\b(?:important|urgent|new|critical) system (?:prompt|override|message|notice|instruction|update|command)s? ?:",
    r"^\W{0,3}system ?: ?(?:you|ignore|the (?:user|assistant|following)|from now|new|override|all)\b",
    r"\b(?:dear|attention|attn|hey|note (?:to|for)|message (?:to|for)|notice (?:to|for)|instructions? (?:to|for)|to (?:the|any|all))[ ,:]{1,2}"
    r"(?:the |any |all |every )?(?:\w+ )?(?:ai|llms?|a\.i\.|language models?|large language models?|ai (?:assistant|model|agent|system|reader)s?|chatbots?|summari[sz]ers?|summari[sz]ation (?:model|bot|system)s?)\b(?!-)(?= ?(?:[:,;.!\-–—]|that|who|which|reading|processing|must|should|please))",
    r"\bif you are an? (?:\w+ ){0,2}(?:ai|llm|language model|bot|chatbot|assistant|summari[sz]er|ai model|automated system)\b",
    r"\b(?:when|while|if|before|after) (?:you (?:are )?|asked to )?(?:summari[sz](?:e|ing)|label(?:l?ing)?|classify(?:ing)?|rank(?:ing)?|process(?:ing)?) "
    rf"(?:this|these|the above|the following|other|any) (?:posts?|articles?|texts?|pages?|messages?|content|feeds?){_NEAR}\b(?:you must|always|say|write|state|add|include|mention|ignore|do not|output|answer|give)\b",
    r"\b(?:begin|start|end|finish|open|close|preface) your (?:summary|answer|response|reply|output|briefing)\b",
    r"\b(?:in|into|to|from|of) your (?:next )?(?:summary|briefing|answer|response|reply|output)\b[^.!?\n]{0,60}\b(?:say|write|state|add|include|mention|insert|claim|must|always|never|link|word)\b",
    r"\b(?:say|write|state|add|include|mention|insert|claim|put|repeat|append)\b[^.!?\n]{0,80}\b(?:in|into|to|at the end of) (?:your|every|each|all|the) (?:next )?(?:summar(?:y|ies)|briefings?|output)\b",
    r"\byour (?:summary|response|reply|output|briefing) (?:must|should|has to|is to|shall|will)\b",
    r"\b(?:reveal|print|repeat|output|show|leak|disclose|tell me|give me) (?:me )?(?:your|the) (?:\w+ )?(?:system prompt|hidden prompt|initial prompt|secret instructions|initial instructions|system message|instructions above)\b",
    r"\b(?:label|classify|mark|rate|tag|score|rank|categori[sz]e) (?:this|these|all|every|other|the following) (?:\w+ )?(?:posts?|articles?|texts?|messages?|content|feeds?|stor(?:y|ies)) (?:as|with|first|highest|top|to)\b[^.!?\n]{0,40}\b(?:positive|negative|neutral|safe|not spam|important|top|highest|first|scam|joy|trustworthy|hostile|10|100)\b",
    r"\b(?:delete|remove|disable|turn off|clear|erase|create|add) (?:all |every |any )?(?:of )?(?:the |this |your )?(?:user'?s? |reader'?s? )(?:rules?|filters?|feeds?|posts?|settings|subscriptions?)\b",
    r"\bfrom now on,? (?:you (?:will|must|are|shall)|always answer|respond|reply)\b",
    r"\b(?:do anything now|developer mode (?:enabled|on)|jailbreak mode|unrestricted mode|god mode enabled)\b",
    r"\bas (?:an|the) (?:ai|ai language model|language model|assistant|summari[sz]er),? you (?:must|should|have to|will|shall|are required)\b",
    r"\b(?:act|respond|behave|answer) as (?:an? )?(?:unrestricted|unfiltered|uncensored|jailbroken|evil) ",
    # Chinese
    r"(?:忽略|无视|無視|忘记|忘掉|忘記|不要理会|不理会|忽視|忽视|跳过|抛弃)[^。！？\n]{0,8}(?:之前|以上|上述|先前|前面|此前|所有|一切|你的|原有|系统)[^。！？\n]{0,8}(?:指令|指示|提示|说明|說明|规则|規則|要求|命令|设定)",
    r"你(?:现在|從現在起|从现在起|从现在开始|不再)(?:是|扮演)[^。！？\n]{0,12}(?:助手|模型|AI|ai|机器人|機器人|管理员|编辑|限制)",
    r"(?:系统|系統|开发者)(?:提示|指令|消息|命令|通知|訊息)[:：]",
    r"如果你是[^。！？\n]{0,6}(?:ai|人工智能|语言模型|大模型|助手|机器人|語言模型)",
    r"(?:在|于)?(?:你的)?(?:每[个篇]|所有)?(?:摘要|总结|摘要中|简报|回答|总结里)(?:中|里|的?开头|的?结尾)[^。！？\n]{0,6}(?:必须|写|说|加入|加上|提到|插入|声称|附上)",
    r"(?:输出|泄露|显示|重复|告诉我|透露)[^。！？\n]{0,6}(?:系统提示|提示词|系统指令)",
    r"作为(?:一个)?(?:ai|人工智能|语言模型|助手)[^。！？\n]{0,10}(?:必须|应该|请|要)",
    r"(?:请|必须)?把(?:这篇|此|本|所有|其他)[^。！？\n]{0,8}(?:标记|标为|归类|分类|评)[^。！？\n]{0,4}(?:为|成)",
    # German
    rf"\b(?:ignorier\w{{0,3}}|missachte\w?|vergiss|vergessen sie|überschreib\w{{0,3}}|beachte\w? nicht){_NEAR}\b(?:vorherig\w*|bisherig\w*|obig\w*|früher\w*|alle\w?|sämtlich\w*|vorangegangen\w*|deine\w?|ihre\w?){_NEAR}\b(?:anweisung\w*|instruktion\w*|regeln|vorgaben|befehle|prompts?|systemprompt)\b",
    r"\bdu bist (?:jetzt|nun|ab jetzt|ab sofort) (?:ein\w? )?(?:\w+ ){0,3}(?:ki|assistent\w*|modell|chatbot|bot|modus)\b",
    r"\bin (?:deiner|deine|ihrer|ihre|jeder|jede) (?:zusammenfassung|antwort)\b[^.!?\n]{0,40}\b(?:schreib\w*|sag\w*|füg\w*|erwähn\w*|behaupt\w*|muss|musst|ein)\b|\b(?:schreib\w?|sag\w?|füge?|erwähne?)\b[^.!?\n]{0,60}\bin (?:deiner|deine|ihrer|ihre|jeder|jede) zusammenfassung\b",
    r"\b(?:wenn|falls) (?:du|sie) (?:ein\w? )?(?:ki|sprachmodell|chatbot|assistent)\b",
    # Spanish, Portuguese, Italian
    rf"\b(?:ignora\w{{0,3}}|ignore|olvid[ae]\w?|descarta|haz caso omiso|omite|esque[çc]a|desconsidere|dimentica|trascura){_NEAR}\b(?:anterior\w*|previ[ao]s|todas|todos|tus|sus|tutte|precedenti|seus|suas|de arriba|acima){_NEAR}\b(?:instrucciones|indicaciones|reglas|órdenes|directrices|instruções|regras|ordens|istruzioni|regole)\b",
    rf"\b(?:ignora\w{{0,3}}|ignore|olvid[ae]\w?|descarta|haz caso omiso|omite|esque[çc]a|desconsidere|dimentica|trascura){_NEAR}\b(?:instrucciones|indicaciones|reglas|órdenes|directrices|instruções|regras|ordens|istruzioni|regole)\b {_NEAR}\b(?:anterior\w*|previ[ao]s|precedenti|acima)\b",
    r"\b(?:ahora eres|a partir de ahora eres|agora você é|ora sei) (?:un\w? |uma? )?(?:\w+ ){0,3}(?:ia|asistente|modelo|chatbot|assistente|modello)\b",
    r"\b(?:en tu|en su|em seu|no seu|nel tuo) (?:resumen|resumo|riassunto)\b[^.!?\n]{0,40}\b(?:di|escrib\w*|añad\w*|inclu\w*|menciona|debe\w*|escreva|diga|scrivi)\b|\b(?:escribe|añade|di|incluye|escreva|scrivi)\b[^.!?\n]{0,60}\b(?:en tu|en cada|em seu|nel tuo) (?:resumen|resumo|riassunto)\b",
    r"\b(?:si eres|se você é|se sei) (?:un\w? |uma? )?(?:ia|modelo de len\w+|modelo de lin\w+|asistente|chatbot|assistente|modello)\b",
    # French
    rf"\b(?:ignor(?:e|ez|er)|oubli(?:e|ez|er)|ne (?:tenez|tiens) pas compte|faites abstraction|fais abstraction){_NEAR}\b(?:toutes?|tous|précédente?s?|ci-dessus|antérieure?s?|tes|vos|des|de la){_NEAR}\b(?:instructions?|consignes?|règles|directives?)\b",
    r"\b(?:tu es|vous êtes) (?:désormais|maintenant|à présent) (?:une? )?(?:\w+ ){0,3}(?:ia|assistant\w?|modèle|chatbot)\b",
    r"\bdans (?:ton|votre|chaque|tes|vos) (?:résumés?|réponses?)\b[^.!?\n]{0,40}\b(?:dis|dites|écri\w*|ajout\w*|mentionn\w*|inclu\w*|dois|devez)\b|\b(?:écri[sv]\w*|ajoutez?|dis|dites|mentionn\w*)\b[^.!?\n]{0,60}\bdans (?:ton|votre|chaque|tes|vos) résumés?\b",
    r"\bsi (?:tu es|vous êtes) (?:une? )?(?:ia|modèle de langage|assistant|chatbot)\b",
    # Russian, Ukrainian
    rf"\b(?:игнориру\w*|проигнориру\w*|забудь\w*|не обращай\w* внимания|отмени\w*|ігноруй\w*|проігноруй\w*){_NEAR}\b(?:предыдущ\w*|прежн\w*|вс[её]х?|выше\w*|сво[ий]\w?|попередн\w*|усі|всі){_NEAR}\b(?:инструкци\w*|указани\w*|правил\w*|команд\w*|промпт\w*|інструкці\w*|вказівк\w*)",
    r"\b(?:теперь ты|отныне ты|тепер ти)\b[^.!?\n]{0,30}\b(?:ии|ассистент\w*|модель|бот|помощник|режим\w*)\b",
    r"\b(?:напиши|скажи|добавь|укажи|упомяни)\b[^.!?\n]{0,60}\bв (?:сво[её]м |твоём |каждом |вашем )?(?:резюме|кратком содержании|ответе|сводке)\b|\bв (?:сво[её]м |каждом |вашем )(?:резюме|кратком содержании|сводке)\b[^.!?\n]{0,40}\b(?:напиши|скажи|добавь|укажи)",
    r"\bесли (?:ты|вы) (?:[—–-] )?(?:ии|языковая модель|нейросеть|ассистент|бот)\b",
    # Dutch, Polish, Turkish
    rf"\b(?:negeer|vergeet){_NEAR}\b(?:vorige|eerdere|alle|bovenstaande|voorgaande){_NEAR}\b(?:instructies|aanwijzingen|regels)\b",
    rf"\b(?:zignoruj|ignoruj|zapomnij){_NEAR}\b(?:poprzedni\w*|wcześniejsz\w*|wszystki\w*|powyższ\w*){_NEAR}\b(?:instrukcj\w*|polece\w*|zasad\w*)",
    rf"\b(?:önceki|yukarıdaki|tüm){_NEAR}\b(?:talimat\w*|komut\w*|kural\w*){_NEAR}\b(?:yok say\w*|unut\w*|görmezden gel\w*|dikkate alma\w*)",
    # Japanese, Korean, Arabic, Hindi
    r"(?:以前|これまで|上記|先|前|すべて|全て)の?[^。！？\n]{0,6}(?:指示|命令|指令|ルール|プロンプト)[^。！？\n]{0,8}(?:無視|忘れ)",
    r"(?:이전|위의|앞의|모든|기존)[^.!?\n]{0,10}(?:지시|명령|지침|규칙|프롬프트)[^.!?\n]{0,8}(?:무시|잊)",
    r"(?:تجاهل|انس|انسَ|تجاوز)[^.!?\n]{0,30}(?:تعليمات|التعليمات|الأوامر|القواعد|الإرشادات)",
    r"(?:पिछले|सभी|ऊपर)[^.!?।\n]{0,20}(?:निर्देश|नियम)[^.!?।\n]{0,20}(?:अनदेखा|नज़रअंदाज|नजरअंदाज|भूल)",
)
_ORDER = regex.compile("|".join(f"(?:{pattern})" for pattern in _ORDERS), regex.IGNORECASE | regex.MULTILINE)
# Near every order stands at least one of these; nothing else of a text needs a closer look.
_SIGNS = (
    "instruct", "prompt", "guideline", "rules", "directi", "directive", "ignore", "disregard", "forget", "you are now", "you are no longer", "system ", "system:",
    "if you are", " ai ", " ai:", " ai,", " ai.", "ai model", "ai assistant", "llm", "language model", "chatbot", "summar", "briefing", "your answer", "your response",
    "your reply", "your output", "label this", "label all", "classify ", "mark this", "mark all", "rate this", "rank this", "score this", "from now on", "user's ", "users ",
    "reader's ", "do anything now", "developer mode", "uncensored", "unfiltered", "unrestricted", "jailbr", "god mode", "as an assistant", "the assistant,",
    "指令", "指示", "提示", "系统", "系統", "开发者", "如果你是", "你现在", "從現在起", "从现在", "你不再", "摘要", "总结", "简报", "你的回答", "作为", "标记", "标为", "归类", "规则", "規則", "说明", "要求", "命令", "设定",
    "anweisung", "instruktion", "regeln", "vorgaben", "befehle", "du bist", "zusammenfassung", "sprachmodell", "eine ki", " ki ", "instruc", "indicacion", "reglas", "órdenes", "directric",
    "instruç", "regras", "ordens", "istruzion", "regole", "eres ", "você é", "se sei", "ora sei", "resum", "riassunto", "consigne", "règles", "résumé", "tu es ", "vous êtes ",
    "инструкц", "указани", "правил", "команд", "промпт", "теперь ты", "отныне", "резюме", "содержани", "сводк", "если ты", "если вы", "інструкц", "вказівк", "тепер",
    "instructies", "aanwijzing", "regels", "instrukcj", "polece", "zasad", "talimat", "komut", "kural", "ルール", "プロンプト", "지시", "명령", "지침", "규칙", "프롬프트",
    "تعليمات", "الأوامر", "القواعد", "الإرشادات", "निर्देश", "नियम",
)  # fmt: skip
_BEFORE, _BEHIND = 160, 200  # characters around a sign within which an order stands

_LEAK = regex.compile(
    r"!\[[^\]\n]{0,100}\]\(https?://[^)\s]{1,300}[?&/=][^)\s]{0,100}(?:\{|\[|<|\$|%7B)"
    r"|\b(?:append|add|encode|put|insert|include)\b[^.!?\n]{0,60}\b(?:to|in|into) the (?:url|link|query|image (?:url|address|link)|address)\b"
    r"|\b(?:send|post|upload|e-?mail|forward|transmit|exfiltrate)\b[^.!?\n]{0,30}\b(?:system prompt|conversation|chat history|user'?s (?:data|feeds?|subscriptions?|passwords?|e-?mails?|saved posts|name)|reading (?:history|list)|api keys?|private (?:data|posts|messages))\b[^.!?\n]{0,30}\bto\b",
    regex.IGNORECASE,
)
_MODEL_TURN = regex.compile(
    r"^\W{0,3}(?:assistant|ai assistant|system|model|llm|助手|系统|系統|ассистент|система|asistente|sistema|assistent|système|assistente)\W{0,3}[:：]",
    regex.IGNORECASE | regex.MULTILINE,
)
_PERSON_TURN = regex.compile(
    r"^\W{0,3}(?:user|human|用户|人类|使用者|пользователь|человек|usuario|nutzer|benutzer|utilisateur|mensch)\W{0,3}[:：]",
    regex.IGNORECASE | regex.MULTILINE,
)
_MODEL_TURNS, _PERSON_TURNS = 4, 2

_GOES_ON = regex.compile(r"Instead,", regex.IGNORECASE)
_TELLS = regex.compile(  # what an order is followed by: what is to be done
    r"(?-i:\p{Ll})|(?:then|now|just|only|say|write|answer|reply|output|print|claim|tell|label|mark|delete|mention|add|your)\b", regex.IGNORECASE
)
_WORD = regex.compile(r"[^\s]")
_LONG_WORD = 32
_BASE64 = regex.compile(r"[A-Za-z0-9+/_-]{32,8000}={0,2}")
_HEX = regex.compile(r"[0-9a-fA-F]{48,8000}")
_UNREADABLE = regex.compile(r"(?<![^\s(\[\"'“])[A-Za-z0-9+/_%=-]{32,}(?![^\s)\]\"'”.,;:!?])")
_SPACED = regex.compile(r"(?<!\w)(?:\w ){10,400}\w(?!\w)")
_PARTS = regex.compile(r"(ignore|disregard|forget|all|previous|prior|above|your|instructions?|prompt|rules)", regex.IGNORECASE)
_TAGS = regex.compile(r"(?<!\U0001F3F4[\U000E0020-\U000E007E]{0,8})[\U000E0020-\U000E007E]{4,}")
_SELECTORS = regex.compile(r"[\uFE00-\uFE0F\U000E0100-\U000E01EF]{8,}")
_BITS = regex.compile(r"[\u200B-\u200F\u2060-\u2064\uFEFF]{16,}")  # what fills the first line of a newsletter has blanks between
_OVERRIDE = regex.compile(r"[\u202D\u202E][^\n]{0,400}?\w")

_ABOUT = regex.compile(
    r"prompt.injection|jailbreak|red.team|llm security|ai security|system prompts?|chat templates?|tokeni[sz]er|special tokens?|guardrails?|attackers?\b|adversarial"
    r"|vulnerabilit|owasp|提示(?:词)?注入|越狱|攻击者|安全研究|angreifer|inyección de prompts?|injection de prompts?|атак|уязвимост",
    regex.IGNORECASE,
)
_QUOTES = (("“", "”"), ("„", "“"), ("«", "»"), ("「", "」"), ("『", "』"), ("`", "`"), ('"', '"'), ("‘", "’"), ("'", "'"))


def find(title: str, text: str, hidden: str = "") -> tuple[str, ...]:
    """Return by which of KINDS a post speaks to a model, in their order; () for what nearly every post is.

    A post about such attacks that quotes one is none.

    Args:
        hidden: what the page hides from people's eyes by its styles.
    """
    whole = f"{title}\n{text[:MOST_CHARACTERS]}"
    found = _kinds(whole, quotes=True)
    if hidden and (under := _kinds(hidden[:MOST_CHARACTERS], quotes=False)):
        found |= under | {"hidden"}
    return tuple(kind for kind in KINDS if kind in found)


def blank(text: str) -> str:
    """Return a text with blanks, as many, in the place of what speaks to a model: what is to be summed up is what speaks to people.

    A text that is not flagged comes back as it is.
    """
    found = _kinds(text[:MOST_CHARACTERS], quotes=True)
    if not found:
        return text
    gone: list[tuple[int, int]] = []
    if "roles" in found and (signs := [match.span() for match in _roles(text)]):
        gone.append((signs[0][0], _end_of_line(text, signs[-1][1]) if len(signs) == 1 else signs[-1][1]))
    follows = False
    for span in split(text):
        sentence = text[span.start : span.end]
        orders = any(_orders(sentence)) or _LEAK.search(sentence) or any(any(_orders(said)) for said in _decoded(sentence))
        follows = bool(orders or _GOES_ON.match(sentence) or (follows and _TELLS.match(sentence)))
        if follows:
            gone.append((span.start, span.end))
    if "dialogue" in found:
        gone += [(match.start(), _end_of_line(text, match.end())) for match in (*_MODEL_TURN.finditer(text), *_PERSON_TURN.finditer(text))]
    for start, end in gone:
        text = text[:start] + _WORD.sub(" ", text[start:end]) + text[end:]
    return text


def _end_of_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def readable(text: str) -> str:
    """Return a text without signs of templates and without long words that no person reads (base64, hexadecimal): they say
    nothing of what a text is like."""
    if any(sign in text for sign in "<[#"):
        text = _ROLE.sub(" ", text)
    if any(len(word) >= _LONG_WORD for word in text.split()):
        text = _UNREADABLE.sub(" ", text)
    return text


def _kinds(text: str, *, quotes: bool) -> set[str]:
    found: set[str] = set()
    shown = text
    if not text.isascii():
        if _unseen(text):
            found.add("invisible")
        shown = unicodedata.normalize("NFKC", clean(text).text)
    for kind, matches in (("roles", _roles(shown)), ("orders", _orders(shown)), ("leak", _LEAK.finditer(shown, concurrent=True))):
        for match in matches:
            if not (quotes and _is_quoted(shown, match.start(), match.end()) and _ABOUT.search(shown, concurrent=True)):
                found.add(kind)
                break
    if shown.count(":") + shown.count("：") >= _MODEL_TURNS + _PERSON_TURNS:
        turns = len(_MODEL_TURN.findall(shown, concurrent=True)), len(_PERSON_TURN.findall(shown, concurrent=True))
        if turns[0] >= _MODEL_TURNS and turns[1] >= _PERSON_TURNS:
            found.add("dialogue")
    if any(any(_orders(said)) or any(_roles(said)) or _LEAK.search(said) for said in _decoded(shown)):
        found.add("encoded")
    return found


def _roles(text: str) -> Iterator[regex.Match[str]]:
    return iter(_ROLE.finditer(text, concurrent=True) if any(sign in text for sign in "<[#") else ())


def _orders(text: str) -> Iterator[regex.Match[str]]:
    """Orders, looked for around signs of them alone."""
    folded = text.casefold()
    if len(folded) != len(text):
        folded = text.lower() if len(text.lower()) == len(text) else text
    places: list[int] = []
    for sign in _SIGNS:
        at = folded.find(sign)
        while at >= 0:
            places.append(at)
            at = folded.find(sign, at + len(sign))
    looked = 0
    for place in sorted(places):
        start, end = max(looked, place - _BEFORE), min(len(text), place + _BEHIND)
        if end <= looked:
            continue
        yield from _ORDER.finditer(text, max(0, start - _BEFORE), end, concurrent=True)
        looked = place


def _unseen(text: str) -> bool:
    """Whether characters without a shape carry something, or turn the direction in which a text is read."""
    if any(pattern.search(text) for pattern in (_TAGS, _SELECTORS, _OVERRIDE)):
        return True
    return any(len(set(match[0])) > 1 for match in _BITS.finditer(text))


def _is_quoted(text: str, start: int, end: int) -> bool:
    """Whether a quotation begins before and ends behind a place, both in its neighbourhood."""
    before, after = text[max(0, start - 200) : start], text[end : end + 300]
    for opening, closing in _QUOTES:
        at = before.rfind(opening)
        if at >= 0 and "\n" not in before[at:] and closing in after.split("\n", 1)[0] and (opening == closing or closing not in before[at + 1 :]):
            return True
    return False


def _decoded(text: str) -> Iterator[str]:
    """What stands encoded in a text: base64, hexadecimal, percent signs, letters apart, backwards, moved by thirteen."""
    words = text.split()
    for word in islice((word for word in words if len(word) >= _LONG_WORD), _MOST_DECODED):
        if (match := _BASE64.search(word)) is not None:
            run = match[0].rstrip("=").replace("-", "+").replace("_", "/")
            with contextlib.suppress(binascii.Error, ValueError):
                yield _readable(base64.b64decode(run[: len(run) - (len(run) % 4 == 1)] + "=" * (-len(run) % 4)))
        if (match := _HEX.search(word)) is not None:
            yield _readable(bytes.fromhex(match[0][: len(match[0]) // 2 * 2]))
        if word.count("%") >= _LONG_WORD // 4:
            yield unquote(word).replace("+", " ")
    if sum(len(word) == 1 for word in words) >= _LONG_WORD // 2:
        for match in islice(_SPACED.finditer(text, concurrent=True), _MOST_DECODED):
            yield _PARTS.sub(r" \1 ", match[0].replace(" ", ""))
    folded = text.casefold()
    if "snoitcurtsni" in folded or "tpmorp" in folded:
        yield text[::-1]
    if "vafgehpgvba" in folded or "cebzcg" in folded:
        yield codecs.decode(text, "rot13")


def _readable(data: bytes) -> str:
    """Bytes as text; "" where they are none."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < 16:
            return ""
        text = data[: error.start].decode("utf-8")
    return text if all(char.isprintable() or char.isspace() for char in text) else ""
