"""Sentences that the collections lack, put together here: friendly oaths, which are no attack, and reports of violence."""

from __future__ import annotations

import random

_OATHS = "fucking|damn|bloody|freaking|goddamn|fuckin|damned|hella"
_GOOD = "great|brilliant|awesome|amazing|beautiful|delicious|perfect|hilarious|incredible|lovely|funny|good|cute|proud"
_THINGS = (
    "this|this song|that goal|the new album|this cake|my team|that ending|the view here|her speech|this update|our trip|"
    "last night|that concert|this book|the weather today|my sister|this dog|that trailer|the keynote|this recipe"
)
_CHEERS = (
    "{thing} is {oath} {good}|holy shit, {thing} is {good}|{thing} was so {oath} {good} I cried|fuck yes! {thing} is {good}|"
    "damn, {thing} looks {good}|I am so {oath} happy, {thing} was {good}|what a {oath} {good} day, thanks for {thing}|"
    "shit, I forgot how {good} {thing} is|hell yeah, {thing} is {oath} {good}|no way, {thing} is badass and {oath} {good}|"
    "{thing} kicks ass, {oath} {good}|oh crap, I burnt the toast again|I am {oath} tired, time for bed|"
    "you are {oath} {good}, thank you|congrats, that is {oath} {good}!|fuck, I love {thing}|shit happens, tomorrow will be {good}"
)
_ATTACKS = (
    "shooting|bombing|stabbing|air strike|attack|raid|explosion|riot|drone strike|hostage-taking|arson attack|clash"
)
_PLACES = (
    "a market|a hospital|the capital|a village in the north|a train station|the border|a school|a refugee camp|the port|"
    "a mosque|a synagogue|a church|a shopping centre|a police station|the old town"
)
_WHO = "police|officials|the ministry|witnesses|rescuers|the army|a court|prosecutors|aid groups|the mayor|the United Nations"
_NEWS = (
    "At least {n} people were killed in {attack} at {place}, {who} said.|{n} wounded after {attack} near {place}|"
    "Man sentenced to {n} years for the murder of his neighbour, {who} said|{Who} said {n} bodies were found near {place}|"
    "{n} arrested after {attack} in {place}|Suspect in {attack} pleaded guilty to killing {n} people|"
    "The toll of the {plain} at {place} rose to {n}, according to {who}|Genocide trial opens; {n} survivors to testify|"
    "{Who} accused the militia of raping and killing civilians in {place}|Gunman kills {n} at {place}|"
    "Report: hate crimes against Jews and Muslims rose by {n} percent|Study finds {n} percent of women faced online abuse|"
    "War: {n} soldiers dead in {attack} on {place}, {who} said|Far-right extremists jailed over plot to bomb {place}"
)


def _friendly(count: int, draw: random.Random) -> tuple[str, ...]:
    found: dict[str, None] = {}
    while len(found) < count:
        words = {"oath": _OATHS, "good": _GOOD, "thing": _THINGS}
        text = draw.choice(_CHEERS.split("|")).format(
            **{name: draw.choice(list_.split("|")) for name, list_ in words.items()}
        )
        tail = draw.choice(["", "", "!", "!!", " 😂", " 😍", " lol", " :)", "."])
        found[(text[0].upper() + text[1:] if draw.random() < 0.5 else text) + tail] = None
    return tuple(found)


def _reports(count: int, draw: random.Random) -> tuple[str, ...]:
    found: dict[str, None] = {}
    while len(found) < count:
        who, attack = draw.choice(_WHO.split("|")), draw.choice(_ATTACKS.split("|"))
        article = "an" if attack[0] in "aeiou" else "a"
        values = {"plain": attack, "attack": f"{article} {attack}", "who": who, "Who": who[0].upper() + who[1:]}
        text = draw.choice(_NEWS.split("|")).format(
            n=draw.randint(2, 90), place=draw.choice(_PLACES.split("|")), **values
        )
        found[text] = None
    return tuple(found)


FRIENDLY_OATHS = _friendly(700, random.Random(1))
REPORTS = _reports(700, random.Random(2))
