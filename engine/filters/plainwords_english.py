"""English wishes about posts. Each part of a sentence is read once: what is read is struck out, and what remains is given back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import get_args

from engine.filters.plainwords_lexicon import (
    ACTIONS,
    CARRIERS,
    LANGUAGES,
    NETWORK_NOUNS,
    NETWORKS,
    QUOTAS,
    SIGNAL_WORDS,
    STOP,
    UNSAYABLE,
)
from engine.filters.plainwords_parts import Atom, Choice, Clause, Found, From, Group, Names
from engine.filters.plainwords_times import COUNT, UNIT, UNKNOWN_END, count_of, find_until, hours_of
from engine.filters.rule import SIGNAL_FROM
from engine.filters.text import tokens
from engine.types import Action, Condition, PlainRemark

_NEWS_OF = frozenset({"local", "world", "national", "international", "breaking", "foreign", "domestic", "regional", "daily"})
LONG_WORDS, SHORT_WORDS, OLD_HOURS = 1000.0, 50.0, 168.0
FEW_OUTLETS, MANY_OUTLETS = 3.0, 5.0
WORDS_A_MINUTE = 230  # that people read
# From which cosine on a post counts as being about a subject: one word says less of it than several. On the sentences of the evaluation's
# tuned half these lose least; on news with a topic each, one-word subjects even do best near 0.15.
WORD_FROM, WORDS_FROM = 0.22, 0.3
PART_FROM = 4  # letters that a word needs to be looked for inside others

_Q, _N, _X = "\ue000", "\ue001", "\ue002"  # in place of a quoted text's, a known name's and a struck letter
_I = re.IGNORECASE
_ACTION_BY_NAME = {*get_args(Action), "only", "all_but"}
_ACTIONS = [(action, re.compile(rf"\s*(?:{pattern})(?!\w)".replace(" ", r"\s+"), _I)) for action, pattern in ACTIONS]
_ADVERB = re.compile(r"\b(?:really|honestly|actually|simply|seriously|truly|absolutely|frankly|just|please|kindly|completely|totally|definitely|certainly|personally)\b(?! (?:like|a|the|one|two|three|few|posts|articles|stories|things|show|stuff)\b)", _I)
_LEAD = re.compile(r"^(?P<lead>\s*(?:from|in|on|for) (?!now on|good|me\b)[^,]{2,60}?),?\s+(?=(?:please |i |only |show |hide |mute |star |boost |label |never |don['’]t |just )+)", _I)
_PREAMBLE = re.compile(r"^\s*(?:my (?:feed|timeline) is (?:so |too )?(?:full of|nothing but|all|flooded with|drowning in)|there(?:['’]s| is| are) (?:too much|too many|so much|so many|a lot of|lots of|nothing but)(?: about)?|i (?:keep (?:seeing|getting)|see (?:too|so) (?:much|many)|hate|dislike)|i (?:can['’]t|cannot|don['’]t) (?:read|speak|understand|like|care (?:for|about)|want)|i(?:['’]m| am) (?:so )?(?:tired|sick|bored) of)\s+", _I)
_POLITE = re.compile(r"\s*(?:(?:please|hey|hi|hello|millpond|can (?:you|we)|could (?:you|we)|would you|will you|kindly|i want you to|i(?:['’]d| would) like you to|i want to|i(?:['’]d| would) like to|let['’]s|now|then|and|but|also|just|for now|from now on|automatically|always(?= (?:hide|mute|star|label|boost|muffle|mark|notify))|make a rule (?:to|that)|a rule (?:to|that)|set up a rule (?:to|that)|make sure(?: that)?|help me(?: to)?|only(?= (?:hide|mute|star|label|boost|muffle|mark|notify|block)\b)|ensure(?: that)?|see to it that|try to)\b[ ,:]*)+", _I)
_VERB = (
    r"(?:hide|mute|block|muffle|star|save|bookmark|label|tag|boost|notify|alert me|tell me|let me know|mark|never (?:hide|show|mute|mark)|(?:don['’]t|do not) (?:hide|show|mute)|show me|show (?:less|fewer|more|only)|"
    r"always (?:show|keep|hide)|remove|skip|filter out|no more|prioriti[sz]e|allow|drop|ping me|get rid of|collapse|ignore|tone (?:it|that|them) down|turn (?:it|that|them) down|pause|snooze|(?:more|less|fewer)(?! than| or\b| words| outlets| sources))"
)
_CLAUSE = re.compile(rf"(?:[.;!?\n]+\s*(?:also|and|then|but)?\s*|,?\s*\b(?:and then|and also|and so|and|then|also|but|so)\s+(?:please |just |then |also )*|,\s*)(?={_VERB}\b)|[.;!?\n]+\s+|[.;!?]+\s*$", _I)
_SENTENCE = re.compile(r"[.;!?\n]+\s+|[.;!?]+\s*$")
_PASSIVE = re.compile(r"^(?P<what>.+?)\s*(?:,|:|->|→|should(?: all| always| never)? be|should(?: all)? go|go|goes|should(?: all)? get|(?:are|is|get|gets) never|(?:should|must) never be|must be|can be|get|gets|are to be|is to be|is|are|needs? to be|belongs? in|)\s*(?:please )?(?P<verb>hidden|muted|removed|blocked|muffled|starred|saved|labell?ed|tagged|boosted|prioriti[sz]ed|(?:marked )?(?:as )?read|allowed|banned|gone|out|(?:hide|mute|star|save|boost|muffle|skip|block|bookmark|collapse)(?: it| them| those| that)?|the bin|the tray|(?:at|to|on) (?:the )?top|ranked higher|highlighted|kept|(?:of )?no (?:use|interest)(?: to me)?|not for me|unwanted|not (?:wanted|needed|welcome)|filtered(?: out)?|(?:can|may|should|must) go(?: away)?)(?P<tail>\s*|[\s,]+(?:until|till|for|unless|except|apart|other|but|as|today|in|from|to)\b.*)$", _I)
_VERBED = {"hid": "hide", "mut": "hide", "rem": "hide", "blo": "hide", "the": "hide", "ban": "hide", "gon": "hide", "out": "hide", "ski": "hide", "col": "muffle",  "muf": "muffle", "sta": "star", "sav": "star", "lab": "label", "tag": "label", "boo": "boost", "pri": "boost", "mar": "read", "as ": "read", "rea": "read", "all": "allow", "at ": "boost", "to ": "boost", "on ": "boost", "ran": "boost", "kep": "allow", "hig": "boost"}
_WHEN = re.compile(rf"^(?P<lead>\s*(?:if|when(?:ever)?|any ?time|as soon as|once)\s+)(?P<what>.+?),?\s*(?:then\s+)?(?:please\s+)?(?P<verb>{_VERB})(?:\s+(?:it|them|that|this|me|(?:that|the|this) (?:post|article|story)|such posts|those|these))*(?P<tail>(?:\s+(?:(?:as|until|for|with)\b|{_Q}).*)?)$", _I)
_EXCEPT = re.compile(
    r"(?:,\s*)?\b(?:unless|except(?:ing)?(?: for| if| when| those| the ones| ones)?(?: that)?|with the exception of|but (?:not|never)(?: when| if| the ones| those)?|excluding|other than|(?:everything|anything|all(?: posts| articles| stories)?) but(?! not)|bar(?: only)?|besides|apart from|aside from|save for|not counting|as long as (?:it|they)(?:['’]s| is|['’]re| are)? ?(?:n['’]t|not)|if (?:it|they)(?:['’]s| is|['’]re| are) not|"
    r"but (?:please )?(?:do )?(?:still )?(?:keep|show|allow|let|leave|spare|always show|always keep|i (?:still )?want(?: to see)?|i (?:do )?(?:like|want))(?: me| through| in)?|without(?: any)?|minus|and not|"
    r"(?:that|which|who|and|but)?\s*(?:(?:is|are|was|were|do|does|did|has|have)(?: not|n['’]t|nt)|isnt|arent|dont)(?: come| coming)?|not (?=(?:about|from|by|in|on|written|related|tagged|mention)))\b|(?<!\w)non[- ](?=[a-z]+)",
    _I,
)
_SHORT_NOT = re.compile(r"(?:n['’]t|not|nt|without(?: any)?|non[- ]|minus)$", _I)
_NOT_ENDS = re.compile(r"\s+(?:and|but)\s+(?=(?:that|which|who|from|by|in|on|are|is|have|has|mention|longer|shorter|over|under|older|newer)\b)|,|\s+(?=unless\b|except\b|from\b|until\b)", _I)
_OUTLETS = re.compile(
    r"(?<!\w)(?:(?:that|which|if|when|unless)\s+)?(?:it(?:['’]s| is)?\s+|they(?:['’]re| are)?\s+)?(?:"
    r"(?:(?:is |are |been |gets? |was )?(?:told|reported|covered|carried|published|picked up|mentioned|shared|confirmed|run|in) (?:on |in )?(?:by )?)?(?:(?P<more>at least|more than|over|a minimum of)\s+|(?P<less>fewer than|less than|under|at most|no more than)\s+)?(?P<count>\d+|two|three|four|five|six|seven|eight|ten)(?P<plus>\+| or more)? (?:different |other |of my )?(?:outlets|sources|feeds|sites|papers|newspapers|publications|places)(?: (?:report|cover|tell|carry|write about|mention|have|are on|run)s?(?: (?:on )?(?:it|this|them|the (?:same )?story))?)?"
    r"|(?P<few>(?:that )?(?:make|makes|making|made|hit|hits|reach|reaches|dominates?|in|on|becomes?) (?:it (?:in)?to )?(?:the )?(?:news|headlines|papers|front[- ]pages?|headline news|evening news|national news)(?: everywhere)?|(?:really |very |truly )?(?:a |the )?(?:big|major|huge|important|serious|breaking|widely (?:covered|reported)|headline|front[- ]page|significant|world|massive)(?:,? (?:big|major|breaking|important))? (?:news(?: story)?|stor(?:y|ies)|events?|headlines?|development)|newsworthy|(?:told|reported|covered) (?:by|in) (?:several|a few|multiple|various) (?:outlets|sources|feeds|sites|papers|places)|(?:several|multiple|various|a few|other|more) (?:outlets|sources|feeds|sites|papers) (?:report|confirm|have|mention|cover|tell|carry|write about)s?(?: (?:on )?(?:it|this|them|the story))?|(?:is|are|it['’]s) (?:really |very )?(?:big|huge|major|important)(?= *(?:$|[,.;])))"
    r"|(?P<many>(?:half|most|much|all|every|the whole|a lot|plenty)(?: of)?(?: the| my)? (?:press|media|papers?|newspapers?|outlets?|sources?|sites?|world|internet)(?: (?:is|are|has|have))?(?: (?:report|cover|writ|tell|talk|carr|discuss|mention)\w*)?(?: (?:about|on))?(?: (?:it|this|them|the story)\b)?|(?:every(?:one|body)|all (?:the )?(?:outlets|papers|sites|media|news sites)|the whole world|half the internet)(?: is| are)? (?:reports?|reporting|talks?|talking|covers?|covering|writes?|writing)(?: (?:on |about )?(?:it|this|them))?|all over the (?:news|place|internet|web|media)|everywhere(?= *(?:$|[,.;]))|(?:told|reported|covered)?(?: by)? ?(?:many|lots of|most|a lot of|dozens of) (?:different )?(?:outlets|sources|feeds|sites|papers|newspapers)(?: (?:report|cover|tell|carry|write about)s?(?: (?:on )?(?:it|this|them|the story))?)?)"
    r"|(?P<one>(?:told|reported|covered|carried)? ?(?:by )?only (?:one|a single|1) (?:outlet|source|feed|site|paper)(?: (?:has |have )?(?:report|cover|tell|told|carr)\w*(?: (?:it|them))?)?)"
    r")(?!\w)",
    _I,
)
_LENGTH = re.compile(
    rf"(?<!\w)[(\[]?\s*(?:(?:that|which) (?:are|is|have|has) |with |of )?(?:(?P<over>over|more than|longer than|above|at least|exceeding|greater than|>=?|≥|(?:that )?exceeds?|upwards of|a minimum of)|(?P<under>under|shorter than|less than|fewer than|below|at most|up to|no more than|no longer than|not longer than|<=?|≤)|(?P<between>between))?\s*(?P<count>{COUNT}k?)(?P<plus>\+)?(?: (?:and|to|-) (?P<to>\d[\d,.]*))?[ -](?P<unit>words?|(?:minutes?|mins?)(?:['’]?s?)?(?: (?:or more )?(?:to read|of reading|reads?|long))?)(?: long| in length)?(?P<orover> or (?:more|longer)| and (?:more|up|over))?(?P<orunder> or (?:less|fewer|shorter))?\s*[)\]]?(?!\w)",
    _I,
)
_LONG = re.compile(rf"\b(?:(?P<long>(?:very |really |extremely |quite )?(?:long|lengthy|in-depth)(?:er)?(?:[- ]form)?|long-?form|longreads?)|(?P<short>(?:very |really |extremely )?(?:short|tiny|brief)(?:er)?|one-liners?|bite-sized))(?: (?P<what>{CARRIERS}|essays?|videos?|interviews?|investigations?|features?|analys[ei]s|tutorials?|guides?|profiles?|discussions?|reviews?|longreads?|blog posts?|ones))?(?!\w)", _I)
_TAKES = re.compile(rf"(?<!\w)(?:that )?(?:take|takes|taking|need|needs) (?P<over>more than|over|longer than|at least)? ?(?P<count>{COUNT}) (?:minutes?|mins?)(?: or more)?(?: to read)?(?!\w)", _I)
_AGE = re.compile(
    rf"(?<!\w)(?:(?:that|which) (?:are|is|were) )?(?:(?P<older>older than|more than|over|at least|from more than|published more than|posted more than|from over)|(?P<newer>newer than|younger than|less than|under|at most|from the (?:last|past)|in the (?:last|past)|within(?: the last)?|published (?:in|within) the last|no older than|not older than))\s+(?P<count>{COUNT})? ?(?P<unit>{UNIT})(?: old| ago)?(?!\w)|(?:older than|from before|before) (?P<day>yesterday|today|last week|last month|last year)(?!\w)|(?P<old>\b(?:old|stale|ancient|aged))(?= (?:{CARRIERS})\b)",
    _I,
)
_AGO = {"today": 24.0, "yesterday": 48.0, "last week": 168.0, "last month": 720.0, "last year": 8760.0}
_DOMAIN = re.compile(r"(?<!\w)(?:(?:(?:that )?(?:contain|have|has|with|containing|having) (?:a |any )?links? to)|(?:that )?link(?:s|ing)?(?: (?:to|from|at))?|(?:hosted |published )?(?:from|on|at|to)|pointing to|with links to|with a link to)\s+(?:the (?:site|domain|website) )?(?:https?://)?(?:www\.)?(?P<domain>[a-z0-9][\w-]*(?:\.[a-z0-9][\w-]*)*\.[a-z]{2,})(?:/\S*)?(?:(?:,| and| or|, and|, or) (?:https?://)?(?:www\.)?(?P<domain2>[a-z0-9][\w-]*(?:\.[a-z0-9][\w-]*)*\.[a-z]{2,}))?(?!\w)", _I)
_NETWORK = "|".join(sorted(map(re.escape, NETWORKS), key=len, reverse=True))
_ON_NETWORK = re.compile(rf"(?<!\w)(?:(?:that )?(?:come|comes|coming|are|is|were|was)? ?(?:posted |shared |published )?(?:on|from|in|via|over at)) (?P<name>{_NETWORK})(?: (?:or|and|,) (?P<name2>{_NETWORK}))?(?!\w)|(?P<name3>\b(?:{_NETWORK})) (?=(?:{CARRIERS}|videos?|comments?)\b)", _I)
_LANGUAGE = "|".join(LANGUAGES)
_IN_LANGUAGE = re.compile(rf"(?<!\w)(?:(?:that|which) (?:are|is) )?(?:written |posted |published )?in (?P<name>{_LANGUAGE})(?:,? (?:or|and) (?:in )?(?P<name2>{_LANGUAGE}))?(?!\w)|\b(?P<name3>{_LANGUAGE})(?:(?:,| and| or|, and) (?P<name6>{_LANGUAGE}))?(?:[- ]language)? (?=(?:{CARRIERS.replace('|news', '')})\b)(?:(?:{CARRIERS})\b)?|\b(?P<name4>{_LANGUAGE})[- ]language\b|^\s*(?P<name5>{_LANGUAGE})(?: {CARRIERS})?\s*$", _I)
_MEDIA_WORDS = (("video", r"videos?|films?|clips?|video clips?|shorts|reels"), ("image", r"images?|pictures?|photos?|photographs?|pics?"), ("audio", r"podcasts?|audio|sound|podcast episodes|episodes|voice messages?|music files?"))
_WITH_MEDIA = re.compile(r"(?<!\w)(?:(?:that|which) )?(?:with|have|has|having|contain(?:s|ing)?|includ(?:e|es|ing)|featuring|carrying|come with|comes with|attached) (?:an? |some |any |attached |embedded )*(?:(?P<video>videos?|films?|clips?)|(?P<image>images?|pictures?|photos?|photographs?|gifs?|pics?|screenshots?)|(?P<audio>audio|sound|podcasts?|an? audio file))(?: (?:attached|attachments?|in (?:it|them)|files?))?(?!\w)|(?P<none>\b(?:text[- ]only|plain[- ]text|only text|with (?:no|nothing but text)(?: media| pictures)?|(?:with )?no (?:media|pictures or videos?|images or videos?)))(?!\w)", _I)
_TITLE = re.compile(r"(?<!\w)(?:(?:that|which) )?(?:with|have|has|having|containing|mentioning|using|(?:whose|the|its|their) (?:titles?|headlines?) (?:says?|contains?|has|have|mentions?|includes?)|(?:titles?|headlines?) (?:that )?(?:with|containing|contains?|mention(?:s|ing)?|includ(?:e|es|ing)|says?|saying)|titled|headlined) (?:the (?:words?|phrase) )?(?P<what>[^,.;" + _X + r"]+?)(?: (?:in|as) (?:the|their|its|a) (?:titles?|headlines?))(?!\w)|(?:(?:whose|the|its|their) (?:titles?|headlines?) (?:says?|contains?|has|have|mentions?|includes?)|(?:titles?|headlines?) (?:that )?(?:with|containing|contain|mention(?:s|ing)?|includ(?:e|es|ing)|say|saying)|titled|headlined) (?:the (?:words?|phrase) )?(?P<what2>[^,.;" + _X + r"]+)", _I)
_ENDS = rf"(?=\s*(?:$|[,.;()\n{_X}]|\s(?:about|that|which|who|whose|in|on|when|if|with|without|written|over|under|older|newer|longer|shorter|unless|except|mention\w*|contain\w*|saying|says|regarding|concerning|to|until|for|not|but|as|posts?|today|where|where|related|told|discussing|covering|talking|because|since|while)\b|\s(?:and|or)\s(?:from|by|about|on|in|with|are|is|that|mention\w*|contain\w*|longer|shorter|over|older|related|it|they)\b))"
_STARTS = re.compile(rf"(?<!\w)(?:(?:that|which|whose (?:titles?|headlines?)) )?(?:start|begin)(?:s|ning|ing)? with (?:the words? )?(?P<what>[{_Q}]+|[^,.;{_X} ]+)", _I)
_SUBREDDIT = re.compile(r"(?:\b(?:from|on|in)\s+)?(?:\b(?:the )?subreddits?\s+)?(?<![\w/])(?P<name>r/\w+)(?:\s*(?:,|\band\b|\bor\b)(?=\s*r/))?", _I)
_BY = re.compile(rf"\b(?P<how>(?:written|posted|published|authored|shared|sent|made|uploaded) by|by|from(?: the)? (?:user|account|author|person|blogger|writer|youtuber)|(?:from|of) my (?:\w+ )?(?:friends?|colleagues?|boss|brother|sister|mother|mom|mum|father|dad|wife|husband|cousin|neighbour|neighbor|aunt|uncle|partner|ex)(?=\s+[{_N}{_Q}@\w])|from|out of|via|sent from|published in|of)\s+(?P<who>(?:the |my )?[@{_N}{_Q}\w][^,.;()\n{_X}]*?(?:(?:,| and| or|, and|, or) (?!(?:about|that|from|by|in|on)\b)[@{_N}{_Q}A-Z][^,.;()\n{_X}]*?)*){_ENDS}", _I)
_POSSESSIVE = re.compile(rf"(?P<who>[{_N}{_Q}]+|@\w+|(?-i:[A-Z])\w+(?: (?-i:[A-Z])\w+)*)['’]s? (?=(?:{CARRIERS}|videos?|writing|columns?|blog)\b)", _I)
_WHO = rf"(?:[{_N}{_Q}]+|@\w+|(?-i:[A-Z])\w+(?: (?-i:[A-Z])\w+)*)"
_WRITES = re.compile(rf"(?<!\w)(?:(?:anything|everything|whatever|what|all)(?: that)?|(?:posts|articles|things|stories) (?:that )?)\s+(?P<who>[{_N}{_Q}]+|@\w+|(?-i:[A-Z])\w+(?: (?-i:[A-Z])\w+)*) (?:(?:and|or) (?P<more>[{_N}{_Q}]+|@\w+|(?-i:[A-Z])\w+(?: (?-i:[A-Z])\w+)*) )?(?:posts?|writes?|says?|shares?|publish(?:es)?|tweets?|toots?|reports?|covers?|puts? out)(?!\w)|(?<![\w{_N}])(?P<who2>{_WHO}(?:(?:,| or| and|, or|, and) {_WHO})*) (?:posts?|writes?|publish(?:es)?|shares?|reports?|covers?|runs?|carries|has|have|picks?|tells?|confirms?)(?: (?:something|anything|a post|things|stuff|(?:on |about )?(?:it|this|them|that|the story)))?(?: up)?(?=\s+(?:about|on|mention)|\s*(?:$|[,.;{_X}]))", _I)
_MENTION = re.compile(rf"(?<!\w)(?:(?:that|which|if|when(?:ever)?)\s+)?(?:(?:it|they|someone|anyone|somebody|anybody|people|a post|any post|posts)\s+)?(?:mention(?:s|ed|ing)?|contain(?:s|ing)?|includ(?:e|es|ing) the (?:words?|phrase|name|term)|with the (?:exact )?(?:words?|phrase|name|term|hashtag|tag)|say(?:s|ing)?|(?:that )?(?:has|have) the (?:words?|phrase|name|term)|the (?:words?|phrase|name)|tagged(?: with| as)?|(?:with the |the )?(?:hash)?tags?|named|naming|matching|containing the (?:words?|phrase))\s+(?:the (?:exact )?(?:words?|phrase|name|term|hashtag)\s+)?(?P<both>both\s+)?(?P<what>[^.;()\n{_X}]+?)(?P<together> (?:together|at once|at the same time|in one post))?(?=\s*(?:$|[.;()\n{_X}]|\s(?:in|unless|except|until|when|on|from|by|and (?:are|is|from|by|that|in|on|comes?|coming|have|has))\b))", _I)
_ABOUT = re.compile(rf"(?<!\w)(?:(?:that|which) )?(?:(?:it|they)(?:['’]s|['’]re| is| are)? )?(?:(?:is|are|talk|talks|talking|deal|deals|dealing|has|have|having) )?(?:(?:all |only |mainly |mostly |just |really )?(?:about|on the (?:topic|subject|theme) of|on the (?:topic|subject)|regarding|concerning|relat(?:ed|ing) to|discussing|discuss|discusses|covering|with|to do with|involving|around|dedicated to|focus(?:ed|ing)? on|having to do with)) (?P<both>both )?(?P<what>[^.;()\n{_X}]+)", _I)
_ON = re.compile(rf"^(?P<head>.*?\b(?:{CARRIERS}|videos?|essays?|podcasts?|papers?|opinions?|takes?))\s+on (?P<what>[^.;()\n{_X}]+)", _I)
_SEEMS = re.compile(r"(?<!\w)(?:(?:that|which|if|when)\s+)?(?:(?:it|they)\s*)?(?:['’]s|['’]re|is|are|sounds?|seems?|looks?|feels?|reads?)(?: (?:like|to be|too|so|very|really|a bit|just|pure|mostly))* (?P<what>.+)", _I)
_FOLDER = re.compile(rf"\b(?:but |and )?(?:only |just )?(?:in|from|inside|within|for|of) (?:the |my )*(?:(?:folders?|categor(?:y|ies)|groups?|sections?) (?:called |named )?(?P<name>[{_N}{_Q}]+|[\w/&-]+(?: (?-i:[A-Z])[\w/&-]*)*)|(?P<name2>[{_N}{_Q}]+|[\w/&' -]+?) (?:folders?|categor(?:y|ies)|feeds?(?= *$| *[,.;]| (?:unless|except|until|for|about))|group|section))(?!\w)", _I)
_IN_KNOWN = re.compile(rf"\b(?:but )?(?:only |just )?(?:in|inside|within) (?:the |my )?(?P<name>{_N}+)", _I)
_NOISE = re.compile(
    r"\b(?:out of|from|in|off|to|on|across|away from|at) (?:all )?(?:of )?(?:my|the|this|our) (?:feeds?|timeline|sight|face|screen|list|feeds list|reader|view|stream|home)(?!\w)|\bas (?:already )?read\b|\bfor (?:me|later|good|ever)\b|\bforever\b|\bpermanently\b|\b(?:(?:another|one more|a single) word|anything else|anything more)(?= (?:about|on)\b)|\bhigher than (?:the )?(?:others?|rest|everything else)\b|\b(?:higher|upwards?|up|to the top|at the top|on top|first)(?= *(?:$|[,.;]))|"
    r"\b(?:when(?:ever)?|as soon as) (?:they|it|one|some|these)(?: is| are)? (?:arrives?|comes? in|appears?|shows? up|posted|published)|\b(?:as soon as possible|at once|immediately|straight away|right away|automatically)\b|\bin (?:one|a) (?:quiet|single) line\b|\b(?:quiet(?:er)?|small(?:er)?|one line)\b(?= *$)|\b(?:this|the|following|these) (?:topics?|subjects?|themes?)\b\s*:?|\b(?:in )?(?:any |all )?languages?(?= (?:other than|except|but|not)\b)|\b(?:in|at|to) the bottom\b|\ba star\b|\baside\b|\bfrom (?:being (?:hidden|muted|filtered)|(?:all|any|every|other) (?:the )?(?:other )?rules?|rules|filters)\b|\b(?:more|less|extra|greater) (?:weight|room|space|priority|prominent|visible)\b|\bstand out\b|\bread\b(?= *$)|\beven (?:if|when|though) (?:it|they|these|those)\b[^.;]*|\b(?:even|also) (?:if|when) (?:another|any|other|a|some) (?:other )?rules? \w+(?: (?:it|them))?|\bwhatever (?:the )?other rules say\b|\b(?:lately|these days|recently|nowadays|every day)(?= *(?:$|[,.;]))|\ba bit\b(?= *$)|\bsection\b(?= *$)|\b(?:anything )?to do with (?=\w)|\bwhen it comes to\b|\bplease\b|\bthank(?:s| you)\b|\bany ?more\b|\bany longer\b|\b(?:they|these|those|it) (?:can|may|should) (?:stay|go|wait)(?: there)?",
    _I,
)
_LABEL = re.compile(rf"\b(?:as|with|with the label|with a label|with the tag)\s+(?:the label |the tag |an? )?(?P<name>[{_Q}]+|[\w-]+(?: [\w-]+){{0,3}}?)(?=\s*(?:$|[,.;(]|\s(?:if|when|unless|except|until|that|from)\b))|(?:\b(?:a|an|the)\s+)?(?P<name5>[{_Q}]+)\s+(?:label|tag|badge)\s+(?:on|to)\b|\blabel(?:led|ed)?(?: as)? (?P<name2>[{_Q}]+) (?:on|to)\b|^\s*(?P<name3>[{_Q}]+) (?:on|to)\b|\s(?P<name4>[{_Q}]+)\s*$", _I)
_COUNTED = re.compile(rf"(?<!\w)(?:(?:with|having|that have|which have) )?(?:(?:more|fewer|less|greater|larger|smaller) than|at (?:least|most)) {COUNT} [^,.;{_X}]+", _I)
_CAPITALS = re.compile(r"\b[A-Z]{2,}\b")
_CARRIER = re.compile(rf"\b(?:{CARRIERS})\b", _I)
_EDGES = re.compile(rf"^(?:[\s,.:;!?()\-–—“”\"{_X}]+|\b(?:{'|'.join(sorted(map(re.escape, STOP - {'no'}), key=len, reverse=True))})\b(?!['’.-]\w))+|(?:[\s,.:;!?()\-–—“”\"{_X}]+|(?<![\w'’-])(?:{'|'.join(sorted(map(re.escape, STOP), key=len, reverse=True))})\b)+$", _I)
_ITEMS = re.compile(r"\s*(?:,|;|/|\b(?:and|or|plus|nor|as well as|along with|and/or|and also)\b|&)\s*", _I)
_DOES = re.compile(r"^\s*(?:that|which|who|whose|where|because|since|while|during|like|than|with|by|as|if|when|before|after)\b", _I)
_LIST_OR = re.compile(rf"\s*,?\s*\bor\b\s+(?=(?:{CARRIERS}|any|all|from|by|about|in|on|with|that|which|longer|shorter|older|it|it['’]s|if|when|mention\w*|contain\w*|unless|comes?|are|is)\b)|\s*,?\s*\band\b\s+(?=(?:any |all |every |the )*(?:{CARRIERS})\b)|,\s+(?=(?:any |all |every |the )*(?:{CARRIERS})\s+(?:about|from|by|that|on|in|with)\b)", _I)
_SIGNALS = [(name, re.compile(pattern, _I)) for name, pattern in SIGNAL_WORDS]
_SIGNAL = "|".join(pattern for _, pattern in SIGNAL_WORDS)
_LEADING = re.compile(rf"^(?:(?:very|really|overly|too|so|extremely|all|the|any|purely) )*(?P<signal>{_SIGNAL})(?:[ -]sounding|-ish)?(?:,| and| or)?\s+(?=\S)", _I)
_UNSAYABLE = [(re.compile(rf"(?<![\w/-]){pattern}(?![\w-])", _I), pattern in QUOTAS) for pattern in (*QUOTAS, *UNSAYABLE)]

_NAME_BEFORE = r"\b(?P<before>(?:hide|mute|block|boost|star|muffle|less|more|from|by|on|of|in|inside|folders?|friend|user|account|author|unless|when(?:ever)?|if|anything|whatever|everything|and|or|,)\s+(?:the |my )?)"
_NAME_AFTER = r"(?=['’]s? |\s+(?:folder|posts|reports|covers|says|writes|publishes|shares|picks|has|carries)\b)"


@dataclass(slots=True)
class Part:
    """A piece of the person's text, and the same with quoted texts, names and what was read already replaced, letter for letter."""

    source: str
    view: str

    def cut(self, start: int, end: int) -> Part:
        return Part(self.source[start:end], self.view[start:end])

    def strike(self, start: int, end: int) -> Part:
        """Take out a piece and return it as it was."""
        taken = self.cut(start, end)
        self.view = self.view[:start] + _X * (end - start) + self.view[end:]
        return taken

    def said(self) -> str:
        return " ".join(self.source.strip(" ,.;:!?()").split())

    def pieces(self, pattern: re.Pattern[str]) -> Iterator[Part]:
        """What stands between the places where a pattern is found."""
        start = 0
        for found in pattern.finditer(self.view):
            yield self.cut(start, found.start())
            start = found.end()
        yield self.cut(start, len(self.view))

    def trimmed(self) -> Part:
        """Without words at its ends that mean nothing."""
        start, end = 0, len(self.view)
        while found := _EDGES.search(self.view[start:end]):
            if found.end() == found.start():
                break
            if capital := _CAPITALS.search(self.source[start + found.start() : start + found.end()]):  # "US" is not "us"
                if found.start() > 0 or capital.start() == 0:
                    break
                start += capital.start()
                continue
            if found.start() == 0:
                start += found.end()
            else:
                end = start + found.start()
            if start >= end:
                return Part("", "")
        return self.cut(start, end)


@dataclass(slots=True)
class Reader:
    """Reads the clauses of one text."""

    names: Names
    now: datetime
    topics: bool = True  # whether meanings can be compared
    unexpressed: list[str] = field(default_factory=list)
    last: Clause | None = None
    before: Part | None = None  # what was said before without a wish
    until: datetime | None = None  # said before the clause that it is about

    def clauses(self, text: str) -> list[Clause]:
        """The wishes in a text, in order; what is in none of them is in `unexpressed`."""
        made: list[Clause] = []
        sentences = [piece for piece in self._masked(text).pieces(_SENTENCE) if piece.view.strip()]
        for part in (piece for sentence in sentences for piece in ([sentence] if _WHEN.match(sentence.view) else sentence.pieces(_CLAUSE))):
            if not part.trimmed().view.strip():
                continue
            clause = self._clause(part)
            if clause is not None:
                self.last = clause
                made.append(clause)
        return made

    # ---- a sentence --------------------------------------------------------------------------

    def _masked(self, text: str) -> Part:
        """The text with quoted parts and the person's own names made one word each."""
        view = re.sub(r"[\t\r\x0b\x0c\u00a0\ue000-\ue002]", " ", text)
        for found in re.finditer(r"[\"“”„«]([^\"“”„«»\n]{1,200})[\"“”»]|(?<!\w)['‘]([^'‘’\n]{2,200})['’](?!\w)", view):
            view = view[: found.start()] + _Q * (found.end() - found.start()) + view[found.end() :]
        known = {*self.names.known.feeds.values(), *self.names.known.folders, *self.names.known.authors}
        for name in sorted((one for one in known if len(one) > 1), key=len, reverse=True)[:5000]:
            if name.casefold() not in text.casefold():
                continue
            # Only where a name is expected: "news" in "football news" is no folder.
            pattern = re.compile(rf"{_NAME_BEFORE}(?P<name>{re.escape(name)})(?!\w)|(?P<name2>(?<!\w){re.escape(name)}){_NAME_AFTER}", _I)
            for found in pattern.finditer(view):
                start, end = found.span("name" if found["name"] else "name2")
                surely = found["name"] is None or re.match(r"(?:from|by|in|inside|folder|friend|user|account|author)", found["before"], _I)
                if not surely and text[start:end].islower():
                    continue  # "news" in "hide news about trains" is no folder
                view = view[:start] + _N * (end - start) + view[end:]
        first = re.match(r"\W*(?:[A-Z][a-z]+)(?![\w'’])", text)
        if first is not None:  # a capital that only begins the sentence names nobody
            text = text[: first.end()].lower() + text[first.end() :]
        return Part(text, view)

    def _clause(self, part: Part) -> Clause | None:
        words = part.said()
        action, label = "", ""
        part = Part(part.source, _ADVERB.sub(lambda found: " " * len(found[0]), part.view))
        if lead := _LEAD.match(part.view):
            rest, before = part.cut(lead.end(), len(part.view)), part.cut(0, lead.end("lead"))
            if self._begins(rest)[0]:
                part = Part(f"{rest.source} {before.source.lstrip()}", f"{rest.view} {before.view.lstrip()}")
        when = _WHEN.match(part.view)
        passive = _PASSIVE.match(part.view) if when is None and not self._begins(part)[0] else None
        if when is not None:
            action = self._begins(part.cut(when.start("verb"), len(part.view)))[0]
            tail = part.cut(*when.span("tail"))
            part = part.cut(*when.span("what"))
            part = Part(part.source + tail.source, part.view + tail.view)
        elif passive is not None:
            verb = passive["verb"].lower()
            if re.search(r"\bnever\b|\bnot\s*$", part.view[passive.end("what") : passive.start("verb")], _I) and verb[:3] in {"hid", "mut", "rem", "blo", "fil"}:
                verb = "kept"
            action = "star" if verb.startswith("bookmark") else _VERBED.get(verb[:3], "hide")
            tail = part.cut(*passive.span("tail"))
            part = part.cut(*passive.span("what"))
            if polite := _POLITE.match(part.view):
                part = part.cut(polite.end(), len(part.view))
            part = Part(part.source + tail.source, part.view + tail.view)
        else:
            action, after = self._begins(part)
            part = part.cut(after, len(part.view))
        if action not in _ACTION_BY_NAME:
            meant = find_until(part.view, self.now)
            if meant is not None and not part.cut(meant[1][1], len(part.view)).trimmed().view and not part.cut(0, meant[1][0]).trimmed().view:
                self.until = meant[0]  # "for a week, hide …"
            else:
                self.unexpressed.append(words)
                self.before = part
            return None
        if self.before is not None and not part.trimmed().view:  # "…, hide it": what was said before is meant
            preamble = _PREAMBLE.match(self.before.view)
            part = self.before.cut(preamble.end(), len(self.before.view)) if preamble is not None else self.before
            self.unexpressed.pop()
            words = f"{part.said()}, {words}"
        elif self.last is not None and not part.trimmed().view:
            if {action, self.last.action} <= {"hide", "muffle"}:
                self.last.action = action  # type: ignore[assignment]
                return None
            return replace(self.last, words=f"{self.last.words}, {words}", action=action, name="") if action in get_args(Action) else None  # type: ignore[arg-type]
        self.before = None
        if action == "label":
            part, label = self._label(part)
        found = Found()
        for noise in _NOISE.finditer(part.view):
            part.strike(*noise.span())
        clause = Clause(words=words, action="hide" if action in {"only", "all_but"} else action, found=found, name=label)  # type: ignore[arg-type]
        self._until(part, clause)
        clause.until, self.until = clause.until or self.until, None
        self._scope(part, clause)
        self._unsayable(part, clause.found)
        main, against = self._apart(part)
        if action == "only":
            self._only(main, against, clause)
        elif action == "all_but":
            clause.found.take(found := self.read(main))
            clause.found.groups += found.groups
            whole = [self._spared(piece, clause) for piece in against]
            clause.found.add(*(choice for choices in whole for choice in choices))
        else:
            clause.found.take(found := self.read(main))
            clause.found.groups += found.groups
            for piece in against:
                clause.exceptions += self._spared(piece, clause)
        if action == "label" and not label:
            clause.name = re.split(r"[(\[]", main.said())[0].strip() or words
        clause.found.unexpressed = [one for one in clause.found.unexpressed if one]
        return clause

    def _begins(self, part: Part) -> tuple[str, int]:
        """What a clause does, and where it goes on; "" where it does not say."""
        polite = _POLITE.match(part.view)
        start = polite.end() if polite else 0
        best, end = "", 0
        for at in (start, 0):
            for action, pattern in _ACTIONS:
                found = pattern.match(part.view, at)
                if found is not None and found.end() > end and found.end() > found.start():
                    best, end = action, found.end()
            if best:
                break
        if best in {"hide", "label"} and re.match(r".*\bas (?:already )?read\b", part.view, _I) and re.match(r"\s*mark", part.view[start:], _I):
            best = "read"
        if best == "hide" and re.search(r"\bbut\b.*\bone (?:quiet )?line\b", part.view, _I):
            best = "muffle"
        return best, end

    def _label(self, part: Part) -> tuple[Part, str]:
        found = _LABEL.search(part.view)
        if found is None:
            return part, ""
        group = next(name for name in ("name", "name2", "name3", "name4", "name5") if found[name])
        name = _bare(part.cut(*found.span(group)).source)
        part.strike(*found.span())
        return part, name

    def _until(self, part: Part, clause: Clause) -> None:
        found = find_until(part.view, self.now)
        if found is not None:
            clause.until = found[0]
            part.strike(*found[1])
            return
        unknown = UNKNOWN_END.search(part.view)
        if unknown is not None and not re.match(r"while i|during (?:the )?(?:day|night|week|work|office)", unknown[0], _I):
            clause.found.unexpressed.append(part.strike(*unknown.span()).said())

    def _scope(self, part: Part, clause: Clause) -> None:
        for pattern in (_FOLDER, _IN_KNOWN):
            for found in list(pattern.finditer(part.view)):
                group = "name" if found["name"] else "name2"
                name = _bare(part.cut(*found.span(group)).source)
                folder, feeds = self.names.folder(name), self.names.feeds(name)
                if folder:
                    clause.folders += (folder,)
                elif feeds:
                    clause.feed_ids += feeds
                elif pattern is _IN_KNOWN or name.lower() in {"all", "any", "other", "these", "those", "my"}:
                    continue
                else:
                    clause.found.unexpressed.append(part.cut(*found.span()).said())
                    clause.found.remarks.append(PlainRemark(name="unknown_folder", detail=name))
                part.strike(*found.span())

    def _apart(self, part: Part) -> tuple[Part, list[Part]]:
        """What is meant, and each thing that is not."""
        against: list[Part] = []
        at = 0
        while found := _EXCEPT.search(part.view, at):
            end = len(part.view)
            following = _EXCEPT.search(part.view, found.end())
            if following is not None and not re.match(r"\W*(?:that|which)?\s*(?:is|are|do|does|has|have|not)", following[0].strip(), _I):
                end = following.start()
            if _SHORT_NOT.search(found[0].strip()):
                stop = _NOT_ENDS.search(part.view, found.end(), end)
                end = stop.start() if stop is not None and stop.start() > found.end() else end
            piece = part.cut(found.end(), end)
            if not piece.trimmed().view.strip():
                if _X in piece.view:  # what it said is read, or cannot be said
                    part.strike(found.start(), end)
                at = found.end()
                continue
            against.append(piece)
            part.strike(found.start(), end)
            at = end
        return part, against

    def _only(self, main: Part, against: list[Part], clause: Clause) -> None:
        """All but these: what is meant becomes what is spared."""
        found = self.read(main)
        clause.found.take(found)
        where = [group for group in found.groups if all(len(choice) == 1 and _is_place(choice[0]) for choice in group)]
        if len(where) < len(found.groups):  # "only science from there": of what comes from there
            clause.found.groups += where
            found.groups = [group for group in found.groups if group not in where]
        clause.exceptions += found.choices()
        clause.found.unexpressed += [piece.said() for piece in against]

    def _spared(self, piece: Part, clause: Clause) -> Group:
        found = self.read(piece, spared=True)
        clause.found.take(found)
        choices = found.choices()
        if not choices and not found.unexpressed:
            clause.found.unexpressed.append(piece.said())
        return choices

    # ---- a piece -----------------------------------------------------------------------------

    def read(self, part: Part, *, spared: bool = False) -> Found:
        """Read what a piece says of posts. `spared`: it says what is let through."""
        pieces = [piece for piece in part.pieces(_LIST_OR) if piece.trimmed().view.strip()]
        if len(pieces) < 2:
            return self._read(part, spared)
        whole, choices = Found(), []
        for piece in pieces:
            found = self._read(piece, spared)
            whole.take(found)
            choices += found.choices()
        whole.add(*choices)
        return whole

    def _read(self, part: Part, spared: bool) -> Found:
        found = Found()
        steps: tuple[Callable[[Part, Found], None], ...] = (
            self._outlets, self._unsayable, self._length, self._age, self._domain, self._begins_with, self._titles, self._network, self._language, self._media, self._author, self._mention,
        )  # fmt: skip
        if not spared:
            steps = (self._unsayable, self._outlets, *steps[2:])
        for step in steps:
            step(part, found)
        for match in list(_COUNTED.finditer(part.view)):
            found.unexpressed.append(part.strike(*match.span()).said())
        about = _ABOUT.search(part.view) or _ON.match(part.view)
        seems = _SEEMS.search(part.view)
        if about is not None and (whole := self._of_a_kind(part, about)) is not None:
            part.strike(whole[0], about.end())
            self._subjects(Part(*whole[1]), found)
        elif about is not None:
            what = part.cut(*about.span("what"))
            start = about.start("what") - len(" on ") if about.re is _ON else about.start()
            part.strike(start, about.end())
            self._subjects(what, found, both=bool(about.groupdict().get("both")))
        elif seems is not None and _signal(_plain(seems["what"])):
            what = part.cut(*seems.span("what"))
            part.strike(*seems.span())
            self._subjects(what, found)
        for chunk in list(part.pieces(re.compile(_X + "+"))):
            lead = re.match(r"\s*(?:if|when|that|which|who)?\s*(?:(?:it|they|these|this|the post|the story)\s*)?(?:is|are|['’]s|['’]re|was|were|has|have)\b", chunk.view, _I)
            if lead is not None and lead.end():
                chunk = chunk.cut(lead.end(), len(chunk.view))
            elif _DOES.match(chunk.view) and self._content(chunk):
                found.unexpressed.append(chunk.said())
                continue
            self._subjects(chunk, found)
        return found

    def _of_a_kind(self, part: Part, about: re.Match[str]) -> tuple[int, tuple[str, str]] | None:
        """ "Papers on whales": one subject, where the kind is no signal, no medium and no list, and neither is what it is about."""
        start = part.view.rfind(_X, 0, about.start("what")) + 1
        before = part.cut(start, about.start("what"))
        link = re.search(r"\s(?:about|on|regarding|of)\s+$", before.view, _I)
        if link is None:
            return None
        kind = part.cut(start, start + link.start()).trimmed()
        plain = _CARRIER.sub(" ", kind.view).strip()
        media = any(re.search(rf"\b(?:{pattern})\b", plain, _I) for _, pattern in _MEDIA_WORDS)
        if not plain or media or _LEADING.match(plain + " x") or _signal(_plain(plain)) or len(_listed(kind)) != 1 or len(_listed(part.cut(*about.span("what")))) != 1:
            return None
        if _DOES.match(kind.view) or set(part.view[start : about.end()]) & {_N, _Q}:
            return None
        begin = part.view.find(kind.view, start)
        return begin, (part.source[begin : about.end()], part.view[begin : about.end()])

    def _content(self, chunk: Part) -> bool:
        return bool(_CARRIER.sub(" ", chunk.trimmed().view).strip(" ,.;:!?" + _X))

    def _unsayable(self, part: Part, found: Found) -> None:
        for pattern, quota in _UNSAYABLE:
            for match in list(pattern.finditer(part.view)):
                said = part.strike(*match.span()).said()
                if said:
                    found.unexpressed.append(said)
                    found.void = found.void or quota

    def _outlets(self, part: Part, found: Found) -> None:
        for match in list(_OUTLETS.finditer(part.view)):
            said = part.strike(*match.span()).said()
            if match["one"]:
                found.add((Condition(field="outlets", value="", high=1.0),))
                continue
            if match["less"]:
                high = count_of(match["count"]) - match["less"].lower().startswith(("fewer", "less", "under"))
                found.add((Condition(field="outlets", value="", high=high),))
                continue
            if match["count"]:
                low = count_of(match["count"]) + (match["more"] or "").lower().startswith(("more", "over"))
            else:
                low = MANY_OUTLETS if match["many"] else FEW_OUTLETS
                found.remarks.append(PlainRemark(name="outlets", detail=said))
            found.add((Condition(field="outlets", value="", low=low),))

    def _length(self, part: Part, found: Found) -> None:
        exact = False
        for match in [*_LENGTH.finditer(part.view), *_TAKES.finditer(part.view)]:
            groups = match.groupdict()
            minutes = not (groups.get("unit") or "minute").lower().startswith("word")
            times = WORDS_A_MINUTE if minutes else 1
            if minutes and not (re.search(r"read|long", match[0], _I) or match.re is _TAKES or groups.get("over") or groups.get("under")):
                continue
            if minutes and re.search(r"\b(?:videos?|podcasts?|episodes?|clips?|films?)\b", part.view, _I):
                found.unexpressed.append(part.strike(*match.span()).said())
                continue
            count = (count_of(match["count"].rstrip("kK")) * (1000 if match["count"].lower().endswith("k") else 1)) * times
            part.strike(*match.span())
            exact = True
            if groups.get("to"):
                found.add((Condition(field="length", value="", low=count), Condition(field="length", value="", high=count_of(groups["to"]) * times)))
            elif groups.get("under") or groups.get("orunder"):
                found.add((Condition(field="length", value="", high=count),))
            else:
                found.add((Condition(field="length", value="", low=count),))
        for match in list(_LONG.finditer(part.view)):
            following = re.match(r"\s*(\w+)", part.view[match.end() :])
            if match["what"] is None and following and following[1].lower() not in {"and", "or", "about", "from", "on", "that", "by", "in"} and not match[0].lower().startswith(("longread", "one-liner")):
                continue
            said = part.cut(*match.span()).said()
            keep = bool(match["what"]) and not _CARRIER.fullmatch(match["what"]) and match["what"].lower() not in {"ones", "longreads"}
            if match["what"] and match["what"].lower().startswith("video"):
                found.unexpressed.append(part.strike(match.start(), match.start("what")).said())
                continue
            part.strike(match.start(), match.start("what") if keep else match.end())
            if exact:
                continue
            if match["long"]:
                found.add((Condition(field="length", value="", low=LONG_WORDS),))
            else:
                found.add((Condition(field="length", value="", high=SHORT_WORDS),))
            found.remarks.append(PlainRemark(name="long" if match["long"] else "short", detail=said))

    def _age(self, part: Part, found: Found) -> None:
        for match in list(_AGE.finditer(part.view)):
            said = part.strike(*match.span()).said()
            if match["old"]:
                found.remarks.append(PlainRemark(name="old", detail=said))
                found.add((Condition(field="age", value="", low=OLD_HOURS),))
                continue
            if match["day"]:
                found.add((Condition(field="age", value="", low=_AGO[match["day"].lower()]),))
                continue
            hours = hours_of(match["count"], match["unit"])
            found.add((Condition(field="age", value="", low=hours) if match["older"] else Condition(field="age", value="", high=hours),))

    def _domain(self, part: Part, found: Found) -> None:
        for match in list(_DOMAIN.finditer(part.view)):
            part.strike(*match.span())
            found.add(*((Condition(field="domain", value=match[group].lower()),) for group in ("domain", "domain2") if match[group]))

    def _titles(self, part: Part, found: Found) -> None:
        for match in list(_TITLE.finditer(part.view)):
            what = part.cut(*match.span("what" if match["what"] else "what2"))
            part.strike(*match.span())
            found.add(*((Condition(field="title", value=_bare(item.source)),) for item in _listed(what)))

    def _begins_with(self, part: Part, found: Found) -> None:
        for match in list(_STARTS.finditer(part.view)):
            what = _bare(part.cut(*match.span("what")).source)
            if tokens(what):
                part.strike(*match.span())
                found.add((Condition(field="regex", value=rf"^\W*{re.escape(what)}"),))

    def _network(self, part: Part, found: Found) -> None:
        for match in list(_ON_NETWORK.finditer(part.view)):
            names = [match[group].lower() for group in ("name", "name2", "name3") if match[group]]
            part.strike(*match.span())
            found.add(*((Condition(field="network", value=NETWORKS[name]),) for name in names))
        for noun, network in NETWORK_NOUNS.items():
            for match in list(re.finditer(rf"\b{noun}\b(?! (?:channel|account))", part.view, _I)):
                part.strike(*match.span())
                found.add((Condition(field="network", value=network),))

    def _language(self, part: Part, found: Found) -> None:
        for match in list(_IN_LANGUAGE.finditer(part.view)):
            names = [match[group].lower() for group in ("name", "name2", "name3", "name4", "name5", "name6") if match[group]]
            part.strike(*match.span())
            found.add(*((Condition(field="language", value=LANGUAGES[name]),) for name in names))

    def _media(self, part: Part, found: Found) -> None:
        for match in list(_WITH_MEDIA.finditer(part.view)):
            kind = next(name for name in ("video", "image", "audio", "none") if match[name])
            part.strike(*match.span())
            found.add((Condition(field="media", value=kind),))

    def _author(self, part: Part, found: Found) -> None:
        reddits: list[Choice] = []
        for match in list(_SUBREDDIT.finditer(part.view)):
            name = match["name"]
            part.strike(*match.span())
            feeds = self.names.feeds(name)
            reddits.append((From(feeds, name) if feeds else Condition(field="source", value=name),))
        found.add(*reddits)
        for pattern in (_WRITES, _POSSESSIVE, _BY):
            for match in list(pattern.finditer(part.view)):
                groups = match.groupdict()
                group = "who" if groups.get("who") else "who2"
                how = (groups.get("how") or "by").lower()
                who = part.cut(*match.span(group))
                if how == "of" and not set(who.view) & {_N, "@"}:
                    continue
                people = _listed(who) + ([part.cut(*match.span("more"))] if groups.get("more") else [])
                choices = [self._from(item, how, found) for item in people]
                part.strike(*match.span())
                found.add(*(choice for choice in choices if choice))

    def _from(self, item: Part, how: str, found: Found) -> Choice:
        name = re.sub(r"^(?:the|my|user|account|author)\s+", "", _bare(item.source), flags=_I).strip()
        if not tokens(name):
            return ()
        by_person = how != "from" and not how.startswith(("out", "via", "sent", "published in", "of"))
        feeds, author = self.names.feeds(name), self.names.author(name)
        if by_person and not feeds and not author:
            name = re.sub(r"^(?:[a-z]+ ){1,3}(?=[A-Z])", "", name)  # "columnist Jane Roe"
        if name.startswith("@"):
            return (Condition(field="author", value=author or name),)
        if by_person and (author or not feeds):
            return (Condition(field="author", value=author or name),)
        if feeds:
            return (From(feeds, name),)
        if author:
            return (Condition(field="author", value=author),)
        found.remarks.append(PlainRemark(name="unknown_source", detail=name))
        if how == "from" and not _names_in(item.source) and _Q not in item.view and self.topics:
            return (Condition(field="topic", value=name, low=WORD_FROM if len(tokens(name)) == 1 else WORDS_FROM),)
        return (Condition(field="source", value=name),)

    def _mention(self, part: Part, found: Found) -> None:
        for match in list(_MENTION.finditer(part.view)):
            what = part.cut(*match.span("what"))
            choices: list[Choice] = [(self.words(item),) for item in _listed(what) if tokens(_bare(item.source))]
            part.strike(*match.span())
            if match["both"] or match["together"] or not choices:
                for choice in choices:
                    found.add(choice)
            else:
                found.add(*choices)

    # ---- subjects ----------------------------------------------------------------------------

    def _subjects(self, part: Part, found: Found, *, both: bool = False) -> None:
        """A list of what posts are about, or of what kind they are: any of these, or all of them where the text says "both"."""
        group: list[Choice] = []
        if signal := _signal(_plain(part.trimmed().view)):
            found.add((_seems(signal),))
            return
        for item in _listed(part):
            choices = self._subject(item, found)
            if both:
                found.add(*choices)
            else:
                group += choices
        found.add(*group)

    def _subject(self, item: Part, found: Found) -> list[Choice]:
        item = item.trimmed()
        if signal := _signal(_plain(item.view)):
            return [(_seems(signal),)]
        before: list[Atom] = []
        while leading := _LEADING.match(item.view):
            rest = item.cut(leading.end(), len(item.view))
            if not rest.trimmed().view.strip():
                break
            before.append(_seems(_signal(_plain(leading["signal"]))))
            item = rest
        if lead := re.match(r"(?:no|anything|everything|something|whatever|stuff|posts|articles|stories|content)\s+(?=\S)", item.view, _I):
            item = item.cut(lead.end(), len(item.view))
        if tail := re.search(r"[ -]related(?: (?:posts|articles|stuff|content|news))?$", item.view, _I):
            item = item.cut(0, tail.start())
        tail = re.search(rf"\s*\b(?:{CARRIERS})\s*$", item.view, _I)
        bare = item.cut(0, tail.start()).trimmed() if tail is not None else item
        if _plain(bare.view) in _NEWS_OF:
            bare = item
        if not bare.view.strip():
            return [tuple(before)] if before else []
        if named := self._named(bare):
            return [(*before, named)]
        plain = _plain(bare.view)
        if signal := _signal(plain):
            return [(*before, _seems(signal))]
        for kind, pattern in _MEDIA_WORDS:
            if re.fullmatch(pattern, plain, _I):
                return [(*before, Condition(field="media", value=kind))]
            media = re.search(rf"\s+(?:{pattern})$", bare.view, _I)
            if media is not None and kind == "video":
                before.append(Condition(field="media", value=kind))
                bare = bare.cut(0, media.start()).trimmed()
                break
        if not tokens(bare.source):
            return [tuple(before)] if before else []
        return [(*before, *choice) for choice in self.subject(bare, found)]

    def _named(self, item: Part) -> Atom | None:
        """The feed or author that a subject simply names."""
        name = _bare(item.source)
        person = re.match(r"(?:(?:the )?(?:user|account|author|blogger|writer) |(?=@))(?P<who>\S.*)", name, _I)
        if person is not None:
            return Condition(field="author", value=self.names.author(person["who"]) or person["who"])
        if not set(item.view) <= {_N, " "} and not any(one.casefold() == name.casefold() for one in (*self.names.known.feeds.values(), *self.names.known.authors)):
            return None
        feeds, author = self.names.feeds(name), self.names.author(name)
        return From(feeds, name) if feeds else Condition(field="author", value=author) if author else None

    def subject(self, item: Part, found: Found) -> list[Choice]:
        """What a post about something meets: names by their words, else the meaning."""
        text = " ".join(item.source.split())
        if _Q in item.view:
            return [(self.words(item),)]
        if text.startswith("#"):
            return [(Condition(field="words", value=text.lstrip("#")),)]
        proper = _names_in(item.source)
        if proper and set(tokens(text)) - STOP <= set(tokens(" ".join(proper))):
            return [(Condition(field="phrase" if len(tokens(text)) > 1 else "words", value=text),)]
        if not self.topics:
            found.remarks.append(PlainRemark(name="words", detail=text))
            return [(loose(text),)]
        found.remarks.append(PlainRemark(name="topic", detail=text))
        topic = Condition(field="topic", value=text, low=WORD_FROM if len(tokens(text)) == 1 else WORDS_FROM)
        if proper:
            return [(topic, *(Condition(field="words", value=name) for name in proper))]
        return [(topic,)]

    def words(self, item: Part) -> Condition:
        if quoted := re.search(f"{_Q}+", item.view):
            item = item.cut(*quoted.span())
        text = _bare(item.source)
        if text.startswith("#"):
            text = text.lstrip("#")
        return Condition(field="phrase" if len(tokens(text)) > 1 else "words", value=text)


def _is_place(atom: Atom) -> bool:
    return isinstance(atom, From) or atom.field in {"source", "network", "author"}


def loose(text: str) -> Condition:
    """Words without their endings, so that other forms of them are found too."""
    found = [one for one in tokens(text) if one not in STOP]
    stems = [_stem(one) for one in found]
    if stems and all(len(stem) >= PART_FROM for stem in stems):
        return Condition(field="words", value=" ".join(stems), whole_word=False)
    return Condition(field="words", value=" ".join(found) or text)


def _stem(word: str) -> str:
    for ending, short in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("s", "")):
        if word.endswith(ending) and not word.endswith(("ss", "us", "is")) and len(word) - len(ending) >= 3:
            return word[: -len(ending)] + ("" if short == "y" else short)
    return word


def _listed(part: Part) -> list[Part]:
    return [item for item in (piece.trimmed() for piece in part.pieces(_ITEMS)) if item.view.strip(" " + _X)]


def _bare(text: str) -> str:
    return " ".join(text.strip(" \t\n\"'“”„«»‘’,.;:!?()").split())


def _plain(text: str) -> str:
    return " ".join(text.strip(" ,.;:!?()").split()).lower()


def _signal(plain: str) -> str:
    for name, pattern in _SIGNALS:
        if pattern.fullmatch(plain):
            return name
    plain = re.sub(rf"^(?:very|really|too|so|pure|just|all|any|a|an|the) | (?:{CARRIERS}|comments|emails|mails|videos|language|tone|mood|rubbish|offers)$", "", plain).strip()
    return next((name for name, pattern in _SIGNALS if pattern.fullmatch(plain)), "")


def _seems(signal: str) -> Condition:
    return Condition(field="signal", value=signal, low=SIGNAL_FROM)


def _names_in(text: str) -> list[str]:
    """Runs of words that are written like names: a capital, or digits after one."""
    found: list[str] = []
    run: list[str] = []
    for word in text.split():
        bare = word.strip(",.;:!?()'’\"")
        bare = re.sub(r"['’]s$", "", bare)
        named = any(letter.isupper() for letter in bare) and bare not in {"I", "I'm", "I’m"}
        if named or (run and bare[:1].isdigit()) or (run and bare.lower() in {"of", "the", "and", "for", "de", "van", "von", "la", "del", "&"}):
            run.append(bare)
        elif run:
            found.append(" ".join(run))
            run = []
    found += [" ".join(run)] if run else []
    trimmed = (re.sub(r"(?:\s+(?:of|the|and|for|de|van|von|la|del|&))+$", "", name) for name in found)
    return [name for name in trimmed if tokens(name)]
