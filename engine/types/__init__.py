"""The values that cross Millpond's inner borders: frozen, without behaviour, free of I/O.

Times are aware UTC datetimes. Ids are positive integers given by the store.
"""

from engine.types.acting import Act, Verb
from engine.types.arrays import Floats, Ids, Vectors
from engine.types.deciding import (
    Account,
    Action,
    Article,
    Breakout,
    Comment,
    Condition,
    Explanation,
    Field,
    FullText,
    Reason,
    Rule,
    RuleErrors,
    RuleHit,
    Span,
    Summary,
    SummarySentence,
    Thread,
)
from engine.types.health import (
    Duplicates,
    FeedHealth,
    FeedRepaired,
    FeedsMerged,
    Health,
    HealthVerdict,
    NextLook,
    RecentPost,
)
from engine.types.pictures import Picture, PicturePolicy
from engine.types.readers import ForeignLibrary, ImportDone, ImportedPost, ImportPreview, PastImport
from engine.types.sources import (
    Extras,
    FeedInfo,
    FetchedPost,
    Media,
    Parsed,
    Poll,
    Preview,
    Quote,
    ReaderItem,
    Request,
    Subscription,
    Target,
)
from engine.types.stored import (
    Changes,
    Counts,
    Encryption,
    Feed,
    FetchState,
    Order,
    Post,
    PostRow,
    ProfileState,
    Rescue,
    SearchMode,
    Sentiment,
    Signals,
    TimelineQuery,
)
from engine.types.telling import (
    Check,
    Enriched,
    EnrichEvent,
    FeedFailed,
    FeedRefreshed,
    LedgerRow,
    ModelStatus,
    Offline,
    OpmlImport,
    PlainPost,
    Progress,
    RefreshEvent,
    RulePreview,
    RuleSaved,
    SearchHit,
    SearchQuery,
    SearchResult,
    Similarity,
    StageFailed,
    StarterPack,
)

__all__ = ["Account", "Act", "Action", "Article", "Breakout", "Changes", "Check", "Comment", "Condition", "Counts", "Duplicates", "Encryption", "EnrichEvent", "Enriched", "Explanation", "Extras", "Feed", "FeedFailed", "FeedHealth", "FeedInfo", "FeedRefreshed", "FeedRepaired", "FeedsMerged", "FetchState", "FetchedPost", "Field", "Floats", "ForeignLibrary", "FullText", "Health", "HealthVerdict", "Ids", "ImportDone", "ImportPreview", "ImportedPost", "LedgerRow", "Media", "ModelStatus", "NextLook", "Offline", "OpmlImport", "Order", "Parsed", "PastImport", "Picture", "PicturePolicy", "PlainPost", "Poll", "Post", "PostRow", "Preview", "ProfileState", "Progress", "Quote", "ReaderItem", "Reason", "RecentPost", "RefreshEvent", "Request", "Rescue", "Rule", "RuleErrors", "RuleHit", "RulePreview", "RuleSaved", "SearchHit", "SearchMode", "SearchQuery", "SearchResult", "Sentiment", "Signals", "Similarity", "Span", "StageFailed", "StarterPack", "Subscription", "Summary", "SummarySentence", "Target", "Thread", "TimelineQuery", "Vectors", "Verb"]
