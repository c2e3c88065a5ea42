"""Rewrites: a plain title, a translation, an explanation from the person's own posts, a draft of an answer. Never in the original's place."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, cast, get_args

from engine.core.features import Features
from engine.errors import EngineError, InputError, ModelError
from engine.types import Post, Rewrite, RewriteKind, RewriteNote, RewriteSource, SearchQuery

if TYPE_CHECKING:
    from engine.language.summary import Embed

ANSWERABLE = frozenset({"mastodon", "bluesky"})  # kinds of sources where a reply can be sent
FOUND_FOR_A_TERM = 12
_LANGUAGES = {
    "ar": "Arabic", "cs": "Czech", "de": "German", "en": "English", "es": "Spanish", "fr": "French", "hi": "Hindi", "it": "Italian",
    "ja": "Japanese", "ko": "Korean", "nl": "Dutch", "pl": "Polish", "pt": "Portuguese", "ru": "Russian", "th": "Thai", "tr": "Turkish",
    "uk": "Ukrainian", "zh": "Chinese",
}  # fmt: skip


class Rewriting(Features):
    """Rewrites of posts."""

    def rewrite(
        self, post_id: int, kind: RewriteKind, *, language: str = "", cancel: threading.Event | None = None
    ) -> Rewrite:
        """Return a text beside a post's own; what a model wrote is kept for the next time.

        "title": a plain one that the text supports, else the sentence that best answers the title. "translation": by a model
        that knows both languages. "explanation": sentences of stored posts that tell of the names in this one. "reply": a
        draft, which nobody sends but the person.

        Args:
            language: ISO 639-1, of a translation; "" where nobody could choose one, for no model can.   cancel: once set, the model stops after its current token.
        Raises:
            InputError: rewrites are switched off, no such kind or language, or nobody can be answered there.
            ModelError: no installed model knows the languages.   WorkerError: the model stopped in the middle.
            NotFoundError.   CancelledError.
        """
        if kind not in get_args(RewriteKind):
            raise InputError(f"There is a {', '.join(get_args(RewriteKind))}; no “{kind}”.")
        self._require_feature("rewrites")
        post = self._store.post(post_id)
        cancelled = cancel.is_set if cancel is not None else None
        if kind == "explanation":
            return self._explanation(post)
        if kind == "translation":
            return self._translation(post, language, cancelled)
        source = post.row.extras.source_kind if post.row.extras is not None else ""
        if kind == "reply" and source not in ANSWERABLE:
            raise InputError("Nobody can be answered there from Millpond: it sends answers to posts of Mastodon and Bluesky.")
        return self._title_or_reply(post, kind, cancelled)

    def rewrite_languages(self) -> list[str]:
        """Return the languages into which the model in use can translate, by their codes; empty where it cannot. Loads no model."""
        if not self._models.writes():
            return []
        known = self._models.text_model().languages
        usable = [code for code in _LANGUAGES if not known or code in known]
        return usable if len(usable) > 1 else []

    # ---- inside ------------------------------------------------------------------------------------

    def _title_or_reply(self, post: Post, kind: RewriteKind, cancelled: Callable[[], bool] | None) -> Rewrite:
        from engine.language import rewrite
        from engine.language.summary import finish

        if not post.text.strip():
            raise InputError("This post has no text of its own that could be rewritten.")
        generate, entry = self._models.generator(), self._models.text_model()
        model = generate.name if generate is not None else ""
        if generate is not None and (known := self._kept_rewrite(post, kind, model, "")) is not None:
            return known
        language = self._language_of(post, cancelled) if generate is not None else post.row.language
        spoken = generate is None or entry.speaks(language, post.text)
        generate = generate if spoken else None
        if kind == "title":
            steps = rewrite.title(
                post.row.title, post.text, generate=generate, embed=self._vectors_for(post, language, generate is not None), cancelled=cancelled
            )
        else:
            steps = rewrite.reply(post.row.title, post.text, generate=generate, cancelled=cancelled)
        text, note = finish(steps)
        if note == "no_model" and not spoken:
            note = "language"
        made = Rewrite(
            post_id=post.row.id, kind=kind, text=text, method="picked" if note else "model", model="" if note else model,
            note=cast("RewriteNote", note),
        )  # fmt: skip
        if made.method == "model":
            self._keep_rewrite(post, made, model, "")
        return made

    def _translation(self, post: Post, language: str, cancelled: Callable[[], bool] | None) -> Rewrite:
        from engine.language import rewrite
        from engine.language.summary import finish

        code = language.strip().lower()
        usable = self.rewrite_languages()
        if code not in _LANGUAGES and (code or usable):
            raise InputError(f"Say into which language: one of {', '.join(sorted(_LANGUAGES))}.")
        generate = self._models.generator()
        if generate is None:
            raise ModelError(f"A translation needs a language model, and none is installed. {self._who_translates(code)}")
        if code not in usable:
            known = self._models.text_model().languages
            named = ", ".join(_LANGUAGES.get(one, one) for one in known)
            raise ModelError(f"{generate.name} knows {named} alone, so it cannot translate{' into ' + _LANGUAGES[code] if code else ''}. {self._who_translates(code)}")
        if (kept := self._kept_rewrite(post, "translation", generate.name, code)) is not None:
            return kept
        spoken = self._language_of(post, cancelled)
        if spoken == code:
            raise InputError(f"This post is in {_LANGUAGES[code]} already.")
        if not self._models.text_model().speaks(spoken, post.text):
            raise ModelError(f"{generate.name} does not know the language of this post. {self._who_translates(code)}")
        text = f"{post.row.title}\n{post.text}" if post.row.title and not post.text.startswith(post.row.title) else post.text
        written, note = finish(rewrite.translation(text, code, _LANGUAGES[code], generate=generate, cancelled=cancelled))
        if note:
            why = "took too long" if note == "slow" else "stopped in the middle"
            raise ModelError(f"The language model {why}; the translation was not finished. Try again, or take a smaller model.")
        if self._parse.languages([written[:300]], cancelled=cancelled)[0] not in (code, "") or not rewrite.good_translation(text, written):
            raise ModelError("What the language model wrote is no faithful translation, so it is not shown. A larger model does better.")
        made = Rewrite(
            post_id=post.row.id, kind="translation", text=written, method="model", model=generate.name, language=code
        )
        self._keep_rewrite(post, made, generate.name, code)
        return made

    def _who_translates(self, code: str) -> str:
        """Which models of the catalogue could, and where they are."""
        from engine.models import catalogue

        names = [
            entry.name
            for entry in catalogue.catalogue()
            if entry.kind == "text" and (not entry.languages or (len(entry.languages) > 1 and (not code or code in entry.languages)))
        ]
        return f"The Models page has some that can: {', '.join(names[:3])}." if names else "No model of the catalogue can."

    def _explanation(self, post: Post) -> Rewrite:
        """Sentences of other stored posts about the names of this one. No model is asked."""
        from engine.language import rewrite

        title, text = post.row.title, post.text
        posts = self._store.counts().posts
        found = {name: self._posts_with(name, post) for name in rewrite.candidates(title, text)}
        chosen = rewrite.terms(title, text, {name: len(ids) for name, ids in found.items()}, max(posts, 200))
        sources: list[RewriteSource] = []
        used: set[int] = set()
        for name in chosen:
            ids = [one for one in found[name] if one not in used][:FOUND_FOR_A_TERM]
            rows = {row.id: row for row in self._store.rows(ids)}
            told = [(one.id, rewrite.telling_sentence(name, one.text)) for one in self._store.texts(ids) if one.id in rows]
            told = [(one, sentence) for one, sentence in told if sentence and sentence not in text]
            if told:
                one, sentence = max(told, key=lambda pair: (pair[1].casefold().startswith(name.casefold()), -ids.index(pair[0])))
                used.add(one)
                sources.append(
                    RewriteSource(post_id=one, title=rows[one].title, feed_title=rows[one].feed_title, text=sentence, about=name)
                )
        return Rewrite(post_id=post.row.id, kind="explanation", text="", method="picked", sources=tuple(sources))

    def _posts_with(self, name: str, post: Post) -> list[int]:
        """Other posts that hold a name, those of the same story left out: they tell what this one tells."""
        found, _ = self._store.search_words(SearchQuery(text=f'"{name}"', mode="words", limit=50))
        story = post.row.story_id
        ids = [post_id for post_id, _ in found if post_id != post.row.id]
        if story is None:
            return ids
        own = {one.id for one in self._store.rows(ids) if one.story_id == story}
        return [one for one in ids if one not in own]

    def _language_of(self, post: Post, cancelled: Callable[[], bool] | None) -> str:
        if post.row.language:
            return post.row.language
        return self._parse.languages([f"{post.row.title} {post.text[:300]}"], cancelled=cancelled)[0]

    def _vectors_for(self, post: Post, language: str, wait: bool) -> Embed | None:
        """What embeds sentences, where that is at hand: a picked title must not wait for a model to be loaded."""
        worker = self._models.embedder()
        if worker is None or not (wait or worker.known_info() is not None):
            return None
        try:
            return self._models.sentence_vectors(language, post.text)
        except EngineError:
            return None

    def _kept_rewrite(self, post: Post, kind: RewriteKind, model: str, language: str) -> Rewrite | None:
        from engine.language.rewrite import VERSION

        packed = self._store.written(post.content_hash, f"rewrite-{kind}", model, f"{VERSION}/{language}")
        if packed is None:
            return None
        kept = json.loads(packed)
        return Rewrite(**{**kept, "post_id": post.row.id, "sources": ()})

    def _keep_rewrite(self, post: Post, made: Rewrite, model: str, language: str) -> None:
        from engine.language.rewrite import VERSION

        self._store.save_written(
            post.content_hash, f"rewrite-{made.kind}", model, f"{VERSION}/{language}", json.dumps(asdict(made), ensure_ascii=False)
        )
