"""A made-up corpus with the shape of a real one: word frequencies by Zipf's law, one post in ten Chinese."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from engine.types import FetchedPost

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
_STOPS = ["the", "of", "and", "to", "in", "a", "is", "that", "for", "it", "as", "was", "with", "be", "by", "on", "not", "he", "his", "but", "at", "are", "this", "have", "from", "or", "had", "an", "they"]
_SYLLABLES = ["ba", "co", "di", "fe", "gu", "ha", "jo", "ki", "lu", "mo", "na", "pe", "ri", "so", "ta", "vu", "wex", "yor", "zin", "qua", "bra", "cle", "dro", "flu", "gri"]
_HAN = "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此实回二理美点月明其种声全工己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次东政海口使教西再平真听世气信北少关并内加化由却代军产入先山五太水万市眼体别处总才场师书比住员九笑性通目华报立马命张活难神数件安表原车白应路期叫死常提感金何更反合放做系计或司利受光王果亲界及今京务制解各任至清物台象记边共风战干接它许八特觉望直服毛林题建南度统色字请交爱让认算论百吃义科怎元社术结六功指思非流每青管夫连远资队跟带花快条院变联言权往展该领传近留红治决周保达办运武半候七必城父强步完革深区即求品士转量空甚众技轻程告江语英基派满式李息写呢识极令黄德收脸钱党倒未持取设始版双历越史商千片容研像找友孩站广改议形委早房音火际则首单据导影失拿网香似斯专石若兵弟谁校读志飞观争究包组造落视济喜离虽坐集编宝谈府拉黑且随格尽剑讲布杀微怕母调局根曾准团段终乐切级克精哪官示冲竟乎男举客证苦照注费足尔招群热推晚响称兴待约阳哥惊吗整支古汉突号绝选吧参刊亚复伤类备欢另港势刻星断陈掌农夜般念价脑规底故省妈刚句显消衣陆器确破具居批送泪木陪亡顾排"


def word(rank: int) -> str:
    """The word of a frequency rank: real stop words first, then made-up ones."""
    if rank < len(_STOPS):
        return _STOPS[rank]
    number, text = rank, ""
    while number:
        number, syllable = divmod(number, len(_SYLLABLES))
        text += _SYLLABLES[syllable]
    return text


class Corpus:
    """Posts by number, the same for the same seed."""

    def __init__(self, seed: int = 7, words: int = 60_000) -> None:
        self._random = random.Random(seed)
        weights = [1.0 / (rank + 2.7) for rank in range(words)]
        self._words = [word(rank) for rank in range(words)]
        total, self._sums = 0.0, []
        for weight in weights:
            total += weight
            self._sums.append(total)
        total, self._han_sums = 0.0, []
        for rank in range(len(_HAN)):
            total += 1.0 / (rank + 10)
            self._han_sums.append(total)

    def terms(self, count: int) -> list[str]:
        return self._random.choices(self._words, cum_weights=self._sums, k=count)

    def han(self, count: int) -> str:
        return "".join(self._random.choices(_HAN, cum_weights=self._han_sums, k=count))

    def post(self, number: int, feed: int) -> FetchedPost:
        """A post of about 1 KB of text."""
        if number % 10 == 9:
            title, text, language = self.han(14), "。".join(self.han(28) for _ in range(12)), "zh"
        else:
            title, text, language = " ".join(self.terms(8)), " ".join(self.terms(165)), "en"
        url = f"https://feed{feed}.example/posts/{number}"
        return FetchedPost(
            guid=url,
            url=url,
            canonical_url=url,
            title=title,
            author=f"Author {feed}",
            body_html=f"<p>{text}</p>",
            text=text,
            published_at=NOW - timedelta(minutes=self._random.randrange(500_000)),
            language=language,
            content_hash=hashlib.sha256(f"{number} {text}".encode()).digest(),
            sketch=self._random.randbytes(64),
            word_count=170,
        )

    def posts(self, first: int, count: int, feed: int) -> list[FetchedPost]:
        return [self.post(number, feed) for number in range(first, first + count)]

    def queries(self, count: int) -> Iterator[str]:
        """Queries drawn as words are in the posts, so that stop words come often; one in four Chinese, 1–2 characters."""
        for number in range(count):
            if number % 4 == 3:
                yield self.han(1 + number % 8 // 4)
            else:
                yield " ".join(self.terms(1 + number % 3))

    def questions(self, count: int) -> Iterator[str]:
        """Long queries: 12 words, or a Chinese sentence of 16 characters without a blank."""
        for number in range(count):
            yield self.han(16) if number % 2 else " ".join(self.terms(12))
