"""The words that the grammar of plain words knows. Patterns are matched without regard to case."""

from __future__ import annotations

from collections.abc import Mapping

# What a rule does, by how people begin to say it. Of two that fit, the longer one counts.
ACTIONS: tuple[tuple[str, str], ...] = (
    ("allow", r"(?:never|do not|don['’]t|dont) (?:ever )?(?:hide|mute|block|remove|filter(?: out)?|muffle|touch|drop|skip)"),
    ("allow", r"show(?: me)?(?= .*\beven (?:if|when|though)\b)|always (?:show|keep|let)(?: me)?(?: through)?(?: see)?|make sure (?:that )?i(?:['’]ll| will)? (?:always )?see|i (?:always want to see|never want to miss)|"
              r"let(?= .*\bthrough\b)|(?:protect|exempt|save|spare|keep)(?= .*\bfrom (?:being (?:hidden|muted|filtered)|(?:all|any|every|other) (?:the )?(?:other )?rules?|rules|filters)\b)|(?:allow|whitelist|let through|don['’]t let me miss)|keep (?:showing|letting)(?: me)?"),
    ("all_but", r"(?:show|give|let|keep)(?: me)?(?: see)? (?:everything|anything|all(?: posts| articles)?|all of it|the rest)(?= (?:but|except|besides|apart|other|bar|save|that (?:is|are)(?:n['’]t| not))\b)|i want (?:to (?:see|read) )?(?:everything|all)(?= (?:but|except)\b)"),
    ("only", r"only(?= )|just(?= (?:posts|articles|stories|things|show|stuff)\b)|(?:show|give|let|keep)(?: me)?(?: see)? (?:only|nothing but|just)|only (?:show|keep|give|let)(?: me)?(?: see)?|i only want(?: to (?:see|read|get))?|"
             r"i only (?:care about|like)|i(?:['’]m| am) only interested in|nothing but"),
    ("read", r"(?:treat|consider|count|regard)(?= .*\bread\b)|auto-?read|(?:please )?(?:auto(?:matically)?[- ]?)?mark(?= .*\b(?:as )?(?:already )?read\b)|mark (?:as )?(?:already )?read"),
    ("notify", r"notify(?: me)?(?: (?:when(?:ever)?|if|about|of|on|for))?|alert(?: me)?(?: (?:when(?:ever)?|if|about|of|on|to|for))?|"
               r"(?:tell|ping|inform|warn)(?: me)?(?: (?:when(?:ever)?|if|about|of|as soon as))?|let me know(?: (?:when(?:ever)?|if|about|of|as soon as))?|"
               r"send me (?:a |an )?(?:notification|alert)s?(?: (?:when(?:ever)?|if|about|of|on|for))?|i want to (?:know|hear)(?: at once)?(?: (?:when(?:ever)?|if|about))?"),
    ("star", r"(?:give|grant)(?= .*\ba star\b)|(?:put|set)(?= .*\baside\b)|(?:star|save|bookmark|favou?rite)|(?:keep|save|set aside)(?= .*\bfor later\b)"),
    ("label", r"(?:label|tag|flag|badge)|mark(?= .*\bas\b)|(?:put|stick|attach|add)(?= .*\b(?:label|tag|badge)\b)|give(?= .*\bthe (?:label|tag)\b)"),
    ("boost", r"(?:highlight|surface|feature|emphasi[sz]e|lift|upvote|float)(?: up)?(?: more)?|i(?:['’]d| would) love (?:to see |to have )?(?:more|lots)(?: of)?|make(?= .*\b(?:prominent|visible|stand out|bigger|louder)\b)|give(?= .*\b(?:more|extra|greater) (?:weight|room|space|priority)\b)|boost|prioriti[sz]e|promote|prefer|favou?r|show (?:me )?more(?: of)?|more(?: of)?(?= )|(?:rank|push|move|put|bump)(?= .*\b(?:higher|up|top|first|upwards?|above)\b)|"
              r"rank higher|push up|bump up|i (?:really )?(?:like|love|enjoy|want more)(?: of)?|i(?:['’]d| would) like (?:to see )?more(?: of)?|give me more(?: of)?|i want (?:to see )?more(?: of)?"),
    ("muffle", r"give(?= .*\bless (?:weight|room|space|priority)\b)|tuck away|(?:(?:there(?:['’]s| is| are)|i(?: keep)? (?:see|get|have|seeing|getting)) )?(?:(?:far|way|just) )?too (?:much|many)(?: of)?|(?:tone|turn|cut) (?:it|that|them|this) down|muffle|(?:show|give) (?:me )?(?:less|fewer|far less|much less|far fewer)(?: of)?|(?:see|want) (?:less|fewer)(?: of)?|i(?:['’]d| would) (?:like|prefer|rather) (?:to )?(?:see |have )?(?:less|fewer)(?: of)?|"
               r"i want (?:to see )?(?:less|fewer)(?: of)?|(?:less|fewer)(?: of)?(?= )|collapse|minimi[sz]e|dim|tone down|play down|turn down(?: the (?:volume|noise)(?: on| about| of)?)?|bury(?= .*\b(?:line|bottom)\b)|fold away|quieten?(?: down)?|make(?= .*\b(?:quiet|quieter|small|smaller|one line)\b)|"
               r"shrink|cut down on|cut back on|go easy on|reduce|de-?emphasi[sz]e|downrank"),
    ("hide", r"(?:hide|mute|block|remove|ban|silence|exclude|drop|skip|ignore|suppress|banish|delete|kill|hush|discard|snooze|reject|censor)(?: away)?|(?:filter|screen|weed|take|throw|keep|leave|sort) out|"
             r"(?:filter|keep|take|get)(?= .*\b(?:out|away|off)\b)|get rid of|(?:do not|don['’]t|dont|never|stop) (?:ever )?(?:show|showing|give|giving|bring|bringing|send|sending|let)(?: me| us)?(?: see)?|"
             r"i (?:do not|don['’]t|dont|never|no longer) (?:ever )?(?:want|wish|care|need|like)(?: to (?:see|read|hear|know|have|get))?(?: (?:about|for|of))?|"
             r"i(?:['’]m| am) (?:so )?(?:not interested in|tired of|sick of|fed up with|bored of|bored with|done with|over|sick and tired of)|not interested in|"
             r"nothing(?= (?:about|from|on|by|in|with|that|related)\b)|(?:it would be|it['’]d be|would be) (?:great|nice|good|lovely|wonderful)(?: not to (?:see|read|hear)| if i (?:never|didn['’]t|did not|no longer)(?: ever)? (?:saw|see|had to see|have to see|read|heard))(?: (?:another|any|one more|more|about|of))*(?: (?:post|article|story) about)?|i(?:['’]d| would) (?:rather|prefer) not (?:to )?(?:see|hear|read|have)(?: of| about| any)?|i (?:could|can) (?:do|live) (?:well )?without|i don['’]t need(?: to (?:see|read|hear)(?: about| of)?)?|i (?:can['’]t|cannot|don['’]t) (?:read|speak|understand)|(?:take|have|need) a break from|i need a break from|pause|i(?:['’]ve| have) (?:really )?had (?:it|enough|my fill)(?: with| of| about)|i (?:could|can)(?:n['’]t|not|nt)? (?:care less|be bothered|do without)(?: about| with)?|i want (?:some )?(?:quiet|peace|rest|a break|silence)(?: about| from| on| around)?|give me (?:a (?:break|rest)|peace)(?: from)?|i can(?:['’]t|not) stand|i hate|enough(?: already)? (?:of|with|about)|(?:do not|don['’]t|dont|no longer) (?:want|need|care (?:about|for)|like|wish for)(?: to (?:see|read|hear)(?: about)?)?(?: any)?|never again|i never (?:want to |wish to )?(?:see|read|care)|spare me|(?:do not|don['’]t|stop) (?:bother(?:ing)?|annoy(?:ing)?|pester(?:ing)?|spam(?:ming)?|bore|boring) me with|i(?:['’]m| am) avoiding|stop(?: with| it with)?|no more|no(?= )|without|avoid|keep me away from|i want (?:no|none of)(?: more)?|away with|down with|please no"),
)  # fmt: skip

# What stands for posts of any kind.
CARRIERS = (
    "posts|post|articles|article|stories|story|items|item|things|thing|stuff|anything|everything|something|entries|entry|updates|update|content|contents|"
    "someone|somebody|anyone|anybody|people|whatever|pieces|piece|texts|text|tweets?|toots?|skeets?|threads?|messages?|links?|headlines?|coverage|material|news|reports?|reads?|titles?|submissions?|all|ones|one|topics?|subjects?"
)
# What may be left over without meaning anything.
_STOP = (
    "a an the any all every each some of my me i we us our your please just really also too ever and or but then so that which who whom whose this these those it its it's it’s "
    "is are was were be been being am they they're there there's do does did has have had having will would should could can if when whenever where while as to for with from in on at by "
    "only always never again more most very quite about kind kinds sort sorts type types lot lots bit whatever whichever completely totally altogether entirely already now "
    "new newest latest recent further other others certain various random such already thanks thank you hey hi feed feeds timeline see show want let get keep them him her he she itself themselves both either out away off up through posts here well come comes coming came"
)
STOP = frozenset(_STOP.split())

LANGUAGES: Mapping[str, str] = {
    "english": "en", "german": "de", "french": "fr", "spanish": "es", "italian": "it", "portuguese": "pt", "dutch": "nl", "chinese": "zh", "mandarin": "zh",
    "japanese": "ja", "korean": "ko", "russian": "ru", "ukrainian": "uk", "polish": "pl", "czech": "cs", "slovak": "sk", "swedish": "sv", "norwegian": "no",
    "danish": "da", "finnish": "fi", "greek": "el", "turkish": "tr", "arabic": "ar", "hebrew": "he", "hindi": "hi", "bengali": "bn", "thai": "th",
    "vietnamese": "vi", "indonesian": "id", "hungarian": "hu", "romanian": "ro", "bulgarian": "bg", "serbian": "sr", "croatian": "hr", "catalan": "ca",
    "persian": "fa", "farsi": "fa", "urdu": "ur", "tamil": "ta",
}  # fmt: skip

NETWORKS: Mapping[str, str] = {
    "mastodon": "mastodon", "the fediverse": "mastodon", "fediverse": "mastodon", "bluesky": "bluesky", "bsky": "bluesky", "reddit": "reddit",
    "lemmy": "lemmy", "hacker news": "hackernews", "hackernews": "hackernews", "hn": "hackernews", "youtube": "youtube",
}  # fmt: skip
NETWORK_NOUNS: Mapping[str, str] = {"toots?": "mastodon", "skeets?": "bluesky", "youtubes?": "youtube"}

# Signals, by the words that ask for them; the whole pattern must stand by itself.
SIGNAL_WORDS: tuple[tuple[str, str], ...] = (
    ("clickbait", r"click-?\s?baity?|bait(?:y)? (?:headlines|titles)|sensationalist|sensationali[sz]ed?|you won['’]t believe(?: headlines| titles)?"),
    ("promotion", r"ads?|adverts?|advertis(?:ements?|ing)|advertorials?|sponsored|sponsorships?|promos?|promotions?|promotional|self-promotion(?:al)?|marketing|affiliate|product pitch(?:es)?|sales pitch(?:es)?|commercials?"),
    ("scam", r"scams?|scammy|scammers|phishing|fraudulent|fraud attempts"),
    ("spam", r"spam|spammy|junk"),
    ("hostility", r"hostile|hostility|toxic|toxicity|hateful|hate speech|abusive|insult(?:s|ing)?|rude|nasty|aggressive|mean-spirited|offensive|flame ?wars?|trolling|vitriol(?:ic)?|name-calling|harassment|bullying"),
    ("anger", r"angry|anger|furious|rage|enraged|outraged?|outrage bait|rage ?bait|ranty?|rants|ranting|irate"),
    ("sadness", r"sad|sadness|sorrowful|mournful|heartbreaking|tearjerkers?"),
    ("joy", r"joyful|happy|joyous|cheerful|cheery|delightful|uplifting|feel-good|heartwarming"),
    ("optimism", r"optimistic|optimism|hopeful|encouraging"),
    ("negative", r"negative|negativity|depressing|gloomy|doom(?: and gloom)?|doomy|pessimistic|bleak|bad news|doomscroll(?:ing)?|downbeat"),
    ("positive", r"positive|good news|upbeat"),
)  # fmt: skip

# What rules have no way to say. It is given back in the person's own words.
UNSAYABLE: tuple[str, ...] = (
    r"(?:with|that (?:have|has|got)|having|which have|who have|gets?|getting|got)? ?(?:(?:more|fewer|less) than|over|under|at least|at most|above|below|no|few|many|lots of|\d[\d,.]*\+?)(?: than)?(?: \d[\d,.]*k?)? (?:likes?|replies|comments|upvotes|downvotes|points|boosts|reposts|retweets|shares|views|followers|favou?rites|karma|votes|subscribers)(?: or (?:more|less|fewer))?",
    r"(?:before|after|between|at|from|until) \d{1,2}(?::\d\d)? ?(?:am|pm|o['’]clock)(?: (?:and|to|until) \d{1,2}(?::\d\d)? ?(?:am|pm|o['’]clock)?)?",
    r"(?:before|after|between) \d{1,2}:\d\d(?: (?:and|to) \d{1,2}:\d\d)?",
    r"(?:in the (?:mornings?|evenings?|afternoons?)|at night|overnight|at lunch(?:time)?|(?:on|at) (?:weekends|weekdays|mondays|tuesdays|wednesdays|thursdays|fridays|saturdays|sundays)|during (?:the )?(?:day|night|week|weekend|work(?:ing)?(?: hours)?|office hours|school hours|lunch|breakfast|dinner)|(?:while|when) i(?:['’]m| am) (?:at|in|on|not|asleep|working|away|busy)[^,.;]*|every (?:day|morning|evening|night|week|monday|friday|weekend)|before (?:breakfast|lunch|dinner|bed(?:time)?|work)|after (?:work|lunch|dinner))",
    r"(?:that |which )?i(?:['’]ve| have|['’]d)? (?:already|previously|not yet|haven['’]t|have not|never|don['’]t|do not|didn['’]t) (?:yet )?(?:read|seen|liked|opened|follow(?:ed)?|know|saved|clicked)[^,.;]*?(?=$| about\b| from\b| unless\b| except\b|[,.;])",
    r"(?:from|by|written by|of) (?:people|accounts|users|authors|someone|anyone|strangers|those|persons) (?:that |who |whom )?(?:i|we|are|have|with|live|were)[^,.;]*?(?=$| about\b| unless\b| except\b|[,.;])",
    r"that (?:my |other |some |most )?(?:friends?|people|others|everyone|everybody|they|we|you|he|she|nobody|no one) (?:did|do|does|have|has|like|find|share|read|think|know|would|will|liked|shared|agree)[^,.;]*",
    r"(?:duplicated?s?|duplicate posts|reposts?|retweets?|re-?shares?|quote[- ](?:posts|tweets)|replies|boosts of[^,.;]*)(?! (?:to later))",
    r"(?:behind a paywall|paywalled|paywall(?:s|ed)?|that (?:i )?(?:need|must|have) to pay for|subscribers?[- ]only)",
    r"(?:boring|stupid|dumb|low[- ]quality|high[- ]quality|well[- ]written|badly written|uninteresting|interesting|useless|worthless|pointless|fake|false|untrue|biased|unbiased|misleading|ai[- ]generated|written by (?:an )?ai|machine-written|funny|viral|trending|popular|unpopular|irrelevant|trivial|silly|lazy|shallow|poorly (?:written|sourced|researched)|speculative|outdated|controversial|nsfw|graphic|gory)",
    r"(?:written by|by|from) (?:women|men|kids|teenagers|students|journalists|experts|scientists|bots|robots|politicians|celebrities|influencers|companies|brands|left-wing|right-wing|small|local|verified|new|unknown)\b[^,.;]*?(?=$| about\b| unless\b| except\b|[,.;])",
    r"that make(?:s)? me [^,.;]*?(?=$| unless\b| except\b|[,.;])",
)  # fmt: skip

# The same; what is left of a wish without these would be another wish.
QUOTAS: tuple[str, ...] = (
    r"(?:at most|no more than|more than|up to|not more than|only|maximum(?: of)?) (?:\d+|one|two|three|four|five|ten|once|twice|a few) (?:posts |times |articles |of them |stories )?(?:a|per|each|every) (?:day|hour|week|month)",
    r"(?:(?:the )?(?:first|best|top|newest|latest|most recent) )?(?:\d+|one|two|three|five|ten|once|twice) (?:posts |times |articles )?(?:a|per|each|every) (?:day|hour|week|month)",
)

MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NUMBERS: Mapping[str, int] = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "twelve": 12,
    "twenty": 20, "thirty": 30, "fifty": 50, "hundred": 100, "a hundred": 100, "one hundred": 100, "a thousand": 1000, "one thousand": 1000, "two thousand": 2000,
    "a couple of": 2, "couple of": 2, "a few": 3, "few": 3, "several": 3, "half a": 0,
}  # fmt: skip
