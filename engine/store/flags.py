"""What is remarked of contents: that they speak to a model, and what their page hides from people's eyes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from engine.store.connection import Connection, chunks, marks
from engine.store.derived import settle
from engine.store.part import Part, ids_of, make_model_id
from engine.types import Changes


class FlagsPart(Part):
    def hidden_texts(self, ids: Sequence[int]) -> dict[int, str]:
        """Return what pages hid of posts, of those that hid something."""
        found: dict[int, str] = {}
        with self._db.read() as connection:
            for some in chunks(list(ids)):
                rows = connection.execute(
                    f"""
                    select p.id, f.hidden from posts as p join content_flags as f on f.content_id = p.content_id
                    where p.id in ({marks(len(some))}) and f.hidden <> ''
                    """,
                    some,
                )
                found.update(rows.fetchall())
        return found

    def save_flags(self, version: str, flags: Mapping[int, tuple[str, ...]]) -> Changes:
        """Store the flags of posts' present contents, and settle the stage "flags". `updated` are the posts that show others now."""
        wanted = {post_id: " ".join(names) for post_id, names in flags.items()}

        def work(connection: Connection) -> Changes:
            changed: list[int] = []
            for post_id, names in wanted.items():
                if names:
                    changed += ids_of(
                        connection,
                        """
                        insert into content_flags (content_id, flags) select content_id, ? from posts where id = ? and content_id is not null
                        on conflict (content_id) do update set flags = excluded.flags where flags <> excluded.flags
                        returning ?
                        """,
                        (names, post_id, post_id),
                    )
            none = json.dumps([post_id for post_id, names in wanted.items() if not names])
            gone = ids_of(
                connection,
                """
                update content_flags set flags = '' where flags <> '' and content_id in
                  (select content_id from posts where id in (select value from json_each(?))) returning content_id
                """,
                (none,),
            )
            if gone:
                changed += ids_of(
                    connection, "select id from posts where content_id in (select value from json_each(?))", (json.dumps(gone),)
                )
            settle(connection, "flags", make_model_id(connection, version), list(wanted))
            return Changes(updated=frozenset(changed))

        return self._db.write(work)
