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
from engine.types.ranked import (
    AlgorithmChange,
    Counterfactual,
    Evaluation,
    InterestKind,
    Learned,
    Profile,
    RankingQuality,
    RuleQuality,
    Timeline,
)
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
    SIGNAL_NAMES,
    SURE_FROM,
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
from engine.types.stories import Story, StoryAct, StoryPost
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
    RuleProgress,
    RuleSaved,
    RulesCompared,
    RulesImported,
    SearchHit,
    SearchQuery,
    SearchResult,
    Similarity,
    StageFailed,
    StarterPack,
)

__all__ = ["SIGNAL_NAMES", "SURE_FROM", "Account", "Act", "Action", "AlgorithmChange", "Article", "Breakout", "Changes", "Check", "Comment", "Condition", "Counterfactual", "Counts", "Duplicates", "Encryption", "EnrichEvent", "Enriched", "Evaluation", "Explanation", "Extras", "Feed", "FeedFailed", "FeedHealth", "FeedInfo", "FeedRefreshed", "FeedRepaired", "FeedsMerged", "FetchState", "FetchedPost", "Field", "Floats", "ForeignLibrary", "FullText", "Health", "HealthVerdict", "Ids", "ImportDone", "ImportPreview", "ImportedPost", "InterestKind", "Learned", "LedgerRow", "Media", "ModelStatus", "NextLook", "Offline", "OpmlImport", "Order", "Parsed", "PastImport", "Picture", "PicturePolicy", "PlainPost", "Poll", "Post", "PostRow", "Preview", "Profile", "ProfileState", "Progress", "Quote", "RankingQuality", "ReaderItem", "Reason", "RecentPost", "RefreshEvent", "Request", "Rescue", "Rule", "RuleErrors", "RuleHit", "RulePreview", "RuleProgress", "RuleQuality", "RuleSaved", "RulesCompared", "RulesImported", "SearchHit", "SearchMode", "SearchQuery", "SearchResult", "Sentiment", "Signals", "Similarity", "Span", "StageFailed", "StarterPack", "Story", "StoryAct", "StoryPost", "Subscription", "Summary", "SummarySentence", "Target", "Thread", "Timeline", "TimelineQuery", "Vectors", "Verb"]
