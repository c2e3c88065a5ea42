"""English wishes about posts. Each part of a sentence is read once: what is read is struck out, and what remains is given back."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import get_args

from engine.filters import plainwords_patterns as pat
from engine.filters.plainwords_lexicon import (
    CARRIERS,
    LANGUAGES,
    NETWORK_NOUNS,
    NETWORKS,
    STOP,
)
from engine.filters.plainwords_parts import Atom, Choice, Clause, Found, From, Group, Names
from engine.filters.plainwords_pieces import Part, bare, listed, loose, names_in, plain_words, seems, signal_said
from engine.filters.plainwords_times import UNKNOWN_END, count_of, find_until, hours_of
from engine.filters.text import tokens
from engine.types import Action, Condition, PlainRemark


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
        sentences = [piece for piece in self._masked(text).pieces(pat.SENTENCE) if piece.view.strip()]
        for part in (piece for sentence in sentences for piece in ([sentence] if pat.WHEN.match(sentence.view) else sentence.pieces(pat.CLAUSE_ENDS))):
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
            view = view[: found.start()] + pat.QUOTE * (found.end() - found.start()) + view[found.end() :]
        known = {*self.names.known.feeds.values(), *self.names.known.folders, *self.names.known.authors}
        for name in sorted((one for one in known if len(one) > 1), key=len, reverse=True)[:5000]:
            if name.casefold() not in text.casefold():
                continue
            # Only where a name is expected: "news" in "football news" is no folder.
            pattern = re.compile(rf"{pat.NAME_BEFORE}(?P<name>{re.escape(name)})(?!\w)|(?P<name2>(?<!\w){re.escape(name)}){pat.NAME_AFTER}", pat.CASELESS)
            for found in pattern.finditer(view):
                start, end = found.span("name" if found["name"] else "name2")
                surely = found["name"] is None or re.match(r"(?:from|by|in|inside|folder|friend|user|account|author)", found["before"], pat.CASELESS)
                if not surely and text[start:end].islower():
                    continue  # "news" in "hide news about trains" is no folder
                view = view[:start] + pat.NAME * (end - start) + view[end:]
        first = re.match(r"\W*(?:[A-Z][a-z]+)(?![\w'’])", text)
        if first is not None:  # a capital that only begins the sentence names nobody
            text = text[: first.end()].lower() + text[first.end() :]
        return Part(text, view)

    def _clause(self, part: Part) -> Clause | None:
        words = part.said()
        action, part = self._wished(part)
        if action not in pat.ACTION_NAMES:
            self._set_aside(part, words)
            return None
        if self.before is not None and not part.trimmed().view:  # "…, hide it": what was said before is meant
            preamble = pat.PREAMBLE.match(self.before.view)
            part = self.before.cut(preamble.end(), len(self.before.view)) if preamble is not None else self.before
            self.unexpressed.pop()
            words = f"{part.said()}, {words}"
        elif self.last is not None and not part.trimmed().view:
            return self._once_more(self.last, action, words)
        self.before = None
        label = ""
        if action == "label":
            part, label = self._label(part)
        found = Found()
        for noise in pat.NOISE.finditer(part.view):
            part.strike(*noise.span())
        clause = Clause(words=words, action="hide" if action in {"only", "all_but"} else action, found=found, name=label)  # type: ignore[arg-type]
        self._until(part, clause)
        clause.until, self.until = clause.until or self.until, None
        self._scope(part, clause)
        self._unsayable(part, clause.found)
        main, against = self._apart(part)
        if action == "only":
            self._only(main, against, clause)
        else:
            clause.found.take(found := self.read(main))
            clause.found.groups += found.groups
            spared = [self._spared(piece, clause) for piece in against]
            if action == "all_but":
                clause.found.add(*(choice for choices in spared for choice in choices))
            else:
                clause.exceptions += [choice for choices in spared for choice in choices]
        if action == "label" and not label:
            clause.name = re.split(r"[(\[]", main.said())[0].strip() or words
        clause.found.unexpressed = [one for one in clause.found.unexpressed if one]
        return clause

    def _wished(self, part: Part) -> tuple[str, Part]:
        """What is wished, and of what: "hide X", "when X comes, hide it", "X should be hidden"."""
        part = Part(part.source, pat.ADVERB.sub(lambda found: " " * len(found[0]), part.view))
        if lead := pat.LEAD.match(part.view):
            rest, before = part.cut(lead.end(), len(part.view)), part.cut(0, lead.end("lead"))
            if self._begins(rest)[0]:
                part = Part(f"{rest.source} {before.source.lstrip()}", f"{rest.view} {before.view.lstrip()}")
        if when := pat.WHEN.match(part.view):
            action = self._begins(part.cut(when.start("verb"), len(part.view)))[0]
            return action, _joined(part.cut(*when.span("what")), part.cut(*when.span("tail")))
        action, after = self._begins(part)
        passive = pat.PASSIVE.match(part.view) if not action else None
        if passive is None:
            return action, part.cut(after, len(part.view))
        verb = passive["verb"].lower()
        if re.search(r"\bnever\b|\bnot\s*$", part.view[passive.end("what") : passive.start("verb")], pat.CASELESS) and verb[:3] in {"hid", "mut", "rem", "blo", "fil"}:
            verb = "kept"
        what = part.cut(*passive.span("what"))
        if polite := pat.POLITE.match(what.view):
            what = what.cut(polite.end(), len(what.view))
        return "star" if verb.startswith("bookmark") else pat.VERBED.get(verb[:3], "hide"), _joined(what, part.cut(*passive.span("tail")))

    def _set_aside(self, part: Part, words: str) -> None:
        """What is no wish: "for a week, …" is about the next one, anything else may be what the next one means."""
        meant = find_until(part.view, self.now)
        if meant is not None and not part.cut(meant[1][1], len(part.view)).trimmed().view and not part.cut(0, meant[1][0]).trimmed().view:
            self.until = meant[0]
        else:
            self.unexpressed.append(words)
            self.before = part

    def _once_more(self, last: Clause, action: str, words: str) -> Clause | None:
        """A wish without an object, about what the wish before was about."""
        if {action, last.action} <= {"hide", "muffle"}:
            last.action = action  # type: ignore[assignment]
            return None
        return replace(last, words=f"{last.words}, {words}", action=action, name="") if action in get_args(Action) else None  # type: ignore[arg-type]

    def _begins(self, part: Part) -> tuple[str, int]:
        """What a clause does, and where it goes on; "" where it does not say."""
        polite = pat.POLITE.match(part.view)
        start = polite.end() if polite else 0
        best, end = "", 0
        for at in (start, 0):
            for action, pattern in pat.BEGINNINGS:
                found = pattern.match(part.view, at)
                if found is not None and found.end() > end and found.end() > found.start():
                    best, end = action, found.end()
            if best:
                break
        if best in {"hide", "label"} and re.match(r".*\bas (?:already )?read\b", part.view, pat.CASELESS) and re.match(r"\s*mark", part.view[start:], pat.CASELESS):
            best = "read"
        if best == "hide" and re.search(r"\bbut\b.*\bone (?:quiet )?line\b", part.view, pat.CASELESS):
            best = "muffle"
        return best, end

    def _label(self, part: Part) -> tuple[Part, str]:
        found = pat.LABEL.search(part.view)
        if found is None:
            return part, ""
        group = next(name for name in ("name", "name2", "name3", "name4", "name5") if found[name])
        name = bare(part.cut(*found.span(group)).source)
        part.strike(*found.span())
        return part, name

    def _until(self, part: Part, clause: Clause) -> None:
        found = find_until(part.view, self.now)
        if found is not None:
            clause.until = found[0]
            part.strike(*found[1])
            return
        unknown = UNKNOWN_END.search(part.view)
        if unknown is not None and not re.match(r"while i|during (?:the )?(?:day|night|week|work|office)", unknown[0], pat.CASELESS):
            clause.found.unexpressed.append(part.strike(*unknown.span()).said())

    def _scope(self, part: Part, clause: Clause) -> None:
        for pattern in (pat.FOLDER, pat.IN_KNOWN):
            for found in list(pattern.finditer(part.view)):
                group = "name" if found["name"] else "name2"
                name = bare(part.cut(*found.span(group)).source)
                folder, feeds = self.names.folder(name), self.names.feeds(name)
                if folder:
                    clause.folders += (folder,)
                elif feeds:
                    clause.feed_ids += feeds
                elif pattern is pat.IN_KNOWN or name.lower() in {"all", "any", "other", "these", "those", "my"}:
                    continue
                else:
                    clause.found.unexpressed.append(part.cut(*found.span()).said())
                    clause.found.remarks.append(PlainRemark(name="unknown_folder", detail=name))
                part.strike(*found.span())

    def _apart(self, part: Part) -> tuple[Part, list[Part]]:
        """What is meant, and each thing that is not."""
        against: list[Part] = []
        at = 0
        while found := pat.EXCEPTION.search(part.view, at):
            end = len(part.view)
            following = pat.EXCEPTION.search(part.view, found.end())
            if following is not None and not re.match(r"\W*(?:that|which)?\s*(?:is|are|do|does|has|have|not)", following[0].strip(), pat.CASELESS):
                end = following.start()
            if pat.SHORT_NOT.search(found[0].strip()):
                stop = pat.NOT_ENDS.search(part.view, found.end(), end)
                end = stop.start() if stop is not None and stop.start() > found.end() else end
            piece = part.cut(found.end(), end)
            if not piece.trimmed().view.strip():
                if pat.STRUCK in piece.view:  # what it said is read, or cannot be said
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
        pieces = [piece for piece in part.pieces(pat.LIST_OR) if piece.trimmed().view.strip()]
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
        for match in list(pat.COUNTED.finditer(part.view)):
            found.unexpressed.append(part.strike(*match.span()).said())
        about = pat.ABOUT.search(part.view) or pat.ON.match(part.view)
        seems = pat.SEEMS.search(part.view)
        if about is not None and (whole := self._of_a_kind(part, about)) is not None:
            part.strike(whole[0], about.end())
            self._subjects(Part(*whole[1]), found)
        elif about is not None:
            what = part.cut(*about.span("what"))
            start = about.start("what") - len(" on ") if about.re is pat.ON else about.start()
            part.strike(start, about.end())
            self._subjects(what, found, both=bool(about.groupdict().get("both")))
        elif seems is not None and signal_said(plain_words(seems["what"])):
            what = part.cut(*seems.span("what"))
            part.strike(*seems.span())
            self._subjects(what, found)
        for chunk in list(part.pieces(re.compile(pat.STRUCK + "+"))):
            lead = re.match(r"\s*(?:if|when|that|which|who)?\s*(?:(?:it|they|these|this|the post|the story)\s*)?(?:is|are|['’]s|['’]re|was|were|has|have)\b", chunk.view, pat.CASELESS)
            if lead is not None and lead.end():
                chunk = chunk.cut(lead.end(), len(chunk.view))
            elif pat.DOES.match(chunk.view) and self._content(chunk):
                found.unexpressed.append(chunk.said())
                continue
            self._subjects(chunk, found)
        return found

    def _of_a_kind(self, part: Part, about: re.Match[str]) -> tuple[int, tuple[str, str]] | None:
        """ "Papers on whales": one subject, where the kind is no signal, no medium and no list, and neither is what it is about."""
        start = part.view.rfind(pat.STRUCK, 0, about.start("what")) + 1
        before = part.cut(start, about.start("what"))
        link = re.search(r"\s(?:about|on|regarding|of)\s+$", before.view, pat.CASELESS)
        if link is None:
            return None
        kind = part.cut(start, start + link.start()).trimmed()
        plain = pat.CARRIER.sub(" ", kind.view).strip()
        media = any(re.search(rf"\b(?:{pattern})\b", plain, pat.CASELESS) for _, pattern in pat.MEDIA_WORDS)
        if not plain or media or pat.LEADING.match(plain + " x") or signal_said(plain_words(plain)) or len(listed(kind)) != 1 or len(listed(part.cut(*about.span("what")))) != 1:
            return None
        if pat.DOES.match(kind.view) or set(part.view[start : about.end()]) & {pat.NAME, pat.QUOTE}:
            return None
        begin = part.view.find(kind.view, start)
        return begin, (part.source[begin : about.end()], part.view[begin : about.end()])

    def _content(self, chunk: Part) -> bool:
        return bool(pat.CARRIER.sub(" ", chunk.trimmed().view).strip(" ,.;:!?" + pat.STRUCK))

    def _unsayable(self, part: Part, found: Found) -> None:
        for pattern, quota in pat.UNSAID:
            for match in list(pattern.finditer(part.view)):
                said = part.strike(*match.span()).said()
                if said:
                    found.unexpressed.append(said)
                    found.void = found.void or quota

    def _outlets(self, part: Part, found: Found) -> None:
        for match in list(pat.OUTLETS.finditer(part.view)):
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
                low = pat.MANY_OUTLETS if match["many"] else pat.FEW_OUTLETS
                found.remarks.append(PlainRemark(name="outlets", detail=said))
            found.add((Condition(field="outlets", value="", low=low),))

    def _length(self, part: Part, found: Found) -> None:
        exact = False
        for match in [*pat.LENGTH.finditer(part.view), *pat.TAKES.finditer(part.view)]:
            groups = match.groupdict()
            minutes = not (groups.get("unit") or "minute").lower().startswith("word")
            times = pat.WORDS_A_MINUTE if minutes else 1
            if minutes and not (re.search(r"read|long", match[0], pat.CASELESS) or match.re is pat.TAKES or groups.get("over") or groups.get("under")):
                continue
            if minutes and re.search(r"\b(?:videos?|podcasts?|episodes?|clips?|films?)\b", part.view, pat.CASELESS):
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
        for match in list(pat.LONG.finditer(part.view)):
            following = re.match(r"\s*(\w+)", part.view[match.end() :])
            if match["what"] is None and following and following[1].lower() not in {"and", "or", "about", "from", "on", "that", "by", "in"} and not match[0].lower().startswith(("longread", "one-liner")):
                continue
            said = part.cut(*match.span()).said()
            keep = bool(match["what"]) and not pat.CARRIER.fullmatch(match["what"]) and match["what"].lower() not in {"ones", "longreads"}
            if match["what"] and match["what"].lower().startswith("video"):
                found.unexpressed.append(part.strike(match.start(), match.start("what")).said())
                continue
            part.strike(match.start(), match.start("what") if keep else match.end())
            if exact:
                continue
            if match["long"]:
                found.add((Condition(field="length", value="", low=pat.LONG_WORDS),))
            else:
                found.add((Condition(field="length", value="", high=pat.SHORT_WORDS),))
            found.remarks.append(PlainRemark(name="long" if match["long"] else "short", detail=said))

    def _age(self, part: Part, found: Found) -> None:
        for match in list(pat.AGE.finditer(part.view)):
            said = part.strike(*match.span()).said()
            if match["old"]:
                found.remarks.append(PlainRemark(name="old", detail=said))
                found.add((Condition(field="age", value="", low=pat.OLD_HOURS),))
                continue
            if match["day"]:
                found.add((Condition(field="age", value="", low=pat.AGO[match["day"].lower()]),))
                continue
            hours = hours_of(match["count"], match["unit"])
            found.add((Condition(field="age", value="", low=hours) if match["older"] else Condition(field="age", value="", high=hours),))

    def _domain(self, part: Part, found: Found) -> None:
        for match in list(pat.DOMAIN.finditer(part.view)):
            part.strike(*match.span())
            found.add(*((Condition(field="domain", value=match[group].lower()),) for group in ("domain", "domain2") if match[group]))

    def _titles(self, part: Part, found: Found) -> None:
        for match in list(pat.TITLE.finditer(part.view)):
            what = part.cut(*match.span("what" if match["what"] else "what2"))
            part.strike(*match.span())
            found.add(*((Condition(field="title", value=bare(item.source)),) for item in listed(what)))

    def _begins_with(self, part: Part, found: Found) -> None:
        for match in list(pat.STARTS.finditer(part.view)):
            what = bare(part.cut(*match.span("what")).source)
            if tokens(what):
                part.strike(*match.span())
                found.add((Condition(field="regex", value=rf"^\W*{re.escape(what)}"),))

    def _network(self, part: Part, found: Found) -> None:
        for match in list(pat.ON_NETWORK.finditer(part.view)):
            names = [match[group].lower() for group in ("name", "name2", "name3") if match[group]]
            part.strike(*match.span())
            found.add(*((Condition(field="network", value=NETWORKS[name]),) for name in names))
        for noun, network in NETWORK_NOUNS.items():
            for match in list(re.finditer(rf"\b{noun}\b(?! (?:channel|account))", part.view, pat.CASELESS)):
                part.strike(*match.span())
                found.add((Condition(field="network", value=network),))

    def _language(self, part: Part, found: Found) -> None:
        for match in list(pat.IN_LANGUAGE.finditer(part.view)):
            names = [match[group].lower() for group in ("name", "name2", "name3", "name4", "name5", "name6") if match[group]]
            part.strike(*match.span())
            found.add(*((Condition(field="language", value=LANGUAGES[name]),) for name in names))

    def _media(self, part: Part, found: Found) -> None:
        for match in list(pat.WITH_MEDIA.finditer(part.view)):
            kind = next(name for name in ("video", "image", "audio", "none") if match[name])
            part.strike(*match.span())
            found.add((Condition(field="media", value=kind),))

    def _author(self, part: Part, found: Found) -> None:
        reddits: list[Choice] = []
        for match in list(pat.SUBREDDIT.finditer(part.view)):
            name = match["name"]
            part.strike(*match.span())
            feeds = self.names.feeds(name)
            reddits.append((From(feeds, name) if feeds else Condition(field="source", value=name),))
        found.add(*reddits)
        for pattern in (pat.WRITES, pat.POSSESSIVE, pat.BY):
            for match in list(pattern.finditer(part.view)):
                groups = match.groupdict()
                group = "who" if groups.get("who") else "who2"
                how = (groups.get("how") or "by").lower()
                who = part.cut(*match.span(group))
                if how == "of" and not set(who.view) & {pat.NAME, "@"}:
                    continue
                people = listed(who) + ([part.cut(*match.span("more"))] if groups.get("more") else [])
                choices = [self._from(item, how, found) for item in people]
                part.strike(*match.span())
                found.add(*(choice for choice in choices if choice))

    def _from(self, item: Part, how: str, found: Found) -> Choice:
        name = re.sub(r"^(?:the|my|user|account|author)\s+", "", bare(item.source), flags=pat.CASELESS).strip()
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
        if how == "from" and not names_in(item.source) and pat.QUOTE not in item.view and self.topics:
            return (Condition(field="topic", value=name, low=pat.WORD_FROM if len(tokens(name)) == 1 else pat.WORDS_FROM),)
        return (Condition(field="source", value=name),)

    def _mention(self, part: Part, found: Found) -> None:
        for match in list(pat.MENTION.finditer(part.view)):
            what = part.cut(*match.span("what"))
            choices: list[Choice] = [(self.words(item),) for item in listed(what) if tokens(bare(item.source))]
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
        if signal := signal_said(plain_words(part.trimmed().view)):
            found.add((seems(signal),))
            return
        for item in listed(part):
            choices = self._subject(item, found)
            if both:
                found.add(*choices)
            else:
                group += choices
        found.add(*group)

    def _subject(self, item: Part, found: Found) -> list[Choice]:
        item = item.trimmed()
        if signal := signal_said(plain_words(item.view)):
            return [(seems(signal),)]
        before: list[Atom] = []
        while leading := pat.LEADING.match(item.view):
            rest = item.cut(leading.end(), len(item.view))
            if not rest.trimmed().view.strip():
                break
            before.append(seems(signal_said(plain_words(leading["signal"]))))
            item = rest
        if lead := re.match(r"(?:no|anything|everything|something|whatever|stuff|posts|articles|stories|content)\s+(?=\S)", item.view, pat.CASELESS):
            item = item.cut(lead.end(), len(item.view))
        if tail := re.search(r"[ -]related(?: (?:posts|articles|stuff|content|news))?$", item.view, pat.CASELESS):
            item = item.cut(0, tail.start())
        tail = re.search(rf"\s*\b(?:{CARRIERS})\s*$", item.view, pat.CASELESS)
        bare = item.cut(0, tail.start()).trimmed() if tail is not None else item
        if plain_words(bare.view) in pat.NEWS_OF:
            bare = item
        if not bare.view.strip():
            return [tuple(before)] if before else []
        if named := self._named(bare):
            return [(*before, named)]
        plain = plain_words(bare.view)
        if signal := signal_said(plain):
            return [(*before, seems(signal))]
        for kind, pattern in pat.MEDIA_WORDS:
            if re.fullmatch(pattern, plain, pat.CASELESS):
                return [(*before, Condition(field="media", value=kind))]
            media = re.search(rf"\s+(?:{pattern})$", bare.view, pat.CASELESS)
            if media is not None and kind == "video":
                before.append(Condition(field="media", value=kind))
                bare = bare.cut(0, media.start()).trimmed()
                break
        if not tokens(bare.source):
            return [tuple(before)] if before else []
        return [(*before, *choice) for choice in self.subject(bare, found)]

    def _named(self, item: Part) -> Atom | None:
        """The feed or author that a subject simply names."""
        name = bare(item.source)
        person = re.match(r"(?:(?:the )?(?:user|account|author|blogger|writer) |(?=@))(?P<who>\S.*)", name, pat.CASELESS)
        if person is not None:
            return Condition(field="author", value=self.names.author(person["who"]) or person["who"])
        if not set(item.view) <= {pat.NAME, " "} and not any(one.casefold() == name.casefold() for one in (*self.names.known.feeds.values(), *self.names.known.authors)):
            return None
        feeds, author = self.names.feeds(name), self.names.author(name)
        return From(feeds, name) if feeds else Condition(field="author", value=author) if author else None

    def subject(self, item: Part, found: Found) -> list[Choice]:
        """What a post about something meets: names by their words, else the meaning."""
        text = " ".join(item.source.split())
        if pat.QUOTE in item.view:
            return [(self.words(item),)]
        if text.startswith("#"):
            return [(Condition(field="words", value=text.lstrip("#")),)]
        proper = names_in(item.source)
        if proper and set(tokens(text)) - STOP <= set(tokens(" ".join(proper))):
            return [(Condition(field="phrase" if len(tokens(text)) > 1 else "words", value=text),)]
        if not self.topics:
            found.remarks.append(PlainRemark(name="words", detail=text))
            return [(loose(text),)]
        found.remarks.append(PlainRemark(name="topic", detail=text))
        topic = Condition(field="topic", value=text, low=pat.WORD_FROM if len(tokens(text)) == 1 else pat.WORDS_FROM)
        if proper:
            return [(topic, *(Condition(field="words", value=name) for name in proper))]
        return [(topic,)]

    def words(self, item: Part) -> Condition:
        if quoted := re.search(f"{pat.QUOTE}+", item.view):
            item = item.cut(*quoted.span())
        text = bare(item.source)
        if text.startswith("#"):
            text = text.lstrip("#")
        return Condition(field="phrase" if len(tokens(text)) > 1 else "words", value=text)


def _is_place(atom: Atom) -> bool:
    return isinstance(atom, From) or atom.field in {"source", "network", "author"}




def _joined(one: Part, other: Part) -> Part:
    return Part(one.source + other.source, one.view + other.view)
