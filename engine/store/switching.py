"""What another model means for what was made with the one before."""

from __future__ import annotations

from engine.store.connection import Connection
from engine.store.part import Part, ids_of, model_id
from engine.types import Changes


class SwitchingPart(Part):
    def unseen_by(self, model: str) -> dict[str, int]:
        """Return how many posts have no vectors of an embedding model yet, by their language ("" where nobody could tell)."""
        with self._db.read() as connection:
            number = model_id(connection, model) or -1
            rows = connection.execute(
                """
                select s.language, count(*) from stages as g join post_states as s on s.post_id = g.post_id
                where g.vectors <> ? group by s.language
                """,
                (number,),
            ).fetchall()
        return {str(language or ""): int(count) for language, count in rows}

    def summaries_of_others(self, model: str) -> int:
        """Return how many contents have a summary of another text model and none of this one."""
        with self._db.read() as connection:
            row = connection.execute(
                """
                select count(distinct content_id) from summaries where model not in ('', ?)
                  and content_id not in (select content_id from summaries where model = ?)
                """,
                (model, model),
            ).fetchone()
        return int(row[0])

    def forget_summaries_of_others(self, model: str) -> Changes:
        """Drop what other text models wrote, so that this one is asked when a summary is wanted next."""

        def work(connection: Connection) -> Changes:
            ids = ids_of(
                connection,
                "select p.id from posts as p where p.content_id in (select content_id from summaries where model not in ('', ?))",
                (model,),
            )
            connection.execute("delete from summaries where model not in ('', ?)", (model,))
            connection.execute("delete from written where model not in ('', ?)", (model,))
            return Changes(updated=frozenset(ids))

        return self._db.write(work, durable=True)
