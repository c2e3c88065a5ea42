"""The only SQL: one encrypted SQLite file per profile."""

from engine.store.backup import latest_backup, restore, set_aside
from engine.store.briefings import Came
from engine.store.derived import Columns
from engine.store.feeds import LOCAL, Answer
from engine.store.place import require_place
from engine.store.readers import Agreed, ReaderPost
from engine.store.salvage import rescue
from engine.store.scores import Ranked
from engine.store.store import Store
from engine.store.stories import Fold, StoredTelling
from engine.store.timeline import Matchable, Text

__all__ = [
    "LOCAL",
    "Agreed",
    "Answer",
    "Came",
    "Columns",
    "Fold",
    "Matchable",
    "Ranked",
    "ReaderPost",
    "Store",
    "StoredTelling",
    "Text",
    "latest_backup",
    "require_place",
    "rescue",
    "restore",
    "set_aside",
]
