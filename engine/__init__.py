"""Millpond without a window: the headless library. Everything named here is public and stays.

Importing it is cheap: the engine, the models and the numeric libraries load when they are first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from engine.errors import (
    BusyError,
    DamagedError,
    EngineError,
    FetchError,
    InputError,
    LockedError,
    ModelError,
    NewerProfileError,
    NotAFeedError,
    NotFoundError,
    ParseError,
    RefusedError,
    SecretsError,
    StoreError,
    WorkerError,
)
from engine.settings import ALL as SETTINGS
from engine.settings import EDIT_WEIGHT, SIGNAL_WEIGHT, WEIGHTS, Setting, Value

if TYPE_CHECKING:
    from engine.core import Engine as Engine
    from engine.core import open_engine as open_engine
    from engine.core import rescue_profile as rescue_profile
    from engine.demo import SampleInternet as SampleInternet
    from engine.demo import sample_internet as sample_internet
    from engine.filters import format_rule as format_rule
    from engine.filters import parse_rule as parse_rule
    from engine.installation import install_model as install_model
    from engine.installation import list_models as list_models
    from engine.installation import remove_model as remove_model
    from engine.language.comments import comment_text as comment_text
    from engine.language.evidence import Verdict as Verdict
    from engine.language.evidence import check as check_summary  # noqa: F401
    from engine.language.support import Support as Support
    from engine.language.support import supports as supports
    from engine.models.own import MODEL_TEMPLATES as MODEL_TEMPLATES
    from engine.models.own import OWN_MODEL_WARNING as OWN_MODEL_WARNING
    from engine.secrets import keyring_works as keyring_works
    from engine.secrets import profile_state as profile_state
    from engine.subscribe import looks_private as looks_private
    from engine.types import APP_FACTS as APP_FACTS
    from engine.types import MAX_WISH_CHARACTERS as MAX_WISH_CHARACTERS
    from engine.types import PLAIN_REMARKS as PLAIN_REMARKS
    from engine.types import SIGNAL_NAMES as SIGNAL_NAMES
    from engine.types import SURE_FROM as SURE_FROM
    from engine.types import Account as Account
    from engine.types import Act as Act
    from engine.types import Action as Action
    from engine.types import AlgorithmChange as AlgorithmChange
    from engine.types import Answer as Answer
    from engine.types import AnswerSentence as AnswerSentence
    from engine.types import AppFact as AppFact
    from engine.types import Article as Article
    from engine.types import AskAction as AskAction
    from engine.types import AskDone as AskDone
    from engine.types import AskDraft as AskDraft
    from engine.types import AskEvent as AskEvent
    from engine.types import AskFound as AskFound
    from engine.types import AskSide as AskSide
    from engine.types import AskSource as AskSource
    from engine.types import Breakout as Breakout
    from engine.types import Briefing as Briefing
    from engine.types import BriefingEvent as BriefingEvent
    from engine.types import BriefingGroup as BriefingGroup
    from engine.types import BriefingItem as BriefingItem
    from engine.types import BriefingSentence as BriefingSentence
    from engine.types import Changes as Changes
    from engine.types import Check as Check
    from engine.types import Citation as Citation
    from engine.types import ClaimSource as ClaimSource
    from engine.types import Comment as Comment
    from engine.types import Condition as Condition
    from engine.types import Counterfactual as Counterfactual
    from engine.types import Counts as Counts
    from engine.types import Device as Device
    from engine.types import DeviceFailure as DeviceFailure
    from engine.types import Devices as Devices
    from engine.types import Disagreement as Disagreement
    from engine.types import Duplicates as Duplicates
    from engine.types import Enriched as Enriched
    from engine.types import EnrichEvent as EnrichEvent
    from engine.types import Evaluation as Evaluation
    from engine.types import Explanation as Explanation
    from engine.types import Extras as Extras
    from engine.types import Feed as Feed
    from engine.types import FeedFailed as FeedFailed
    from engine.types import FeedHealth as FeedHealth
    from engine.types import FeedRefreshed as FeedRefreshed
    from engine.types import FeedRepaired as FeedRepaired
    from engine.types import FeedsMerged as FeedsMerged
    from engine.types import Field as Field
    from engine.types import Fit as Fit
    from engine.types import FullText as FullText
    from engine.types import Gpu as Gpu
    from engine.types import GpuBuild as GpuBuild
    from engine.types import Health as Health
    from engine.types import HealthVerdict as HealthVerdict
    from engine.types import ImportDone as ImportDone
    from engine.types import ImportPreview as ImportPreview
    from engine.types import InterestKind as InterestKind
    from engine.types import LayerChoice as LayerChoice
    from engine.types import Learned as Learned
    from engine.types import LedgerRow as LedgerRow
    from engine.types import Looked as Looked
    from engine.types import Machine as Machine
    from engine.types import Media as Media
    from engine.types import ModelServer as ModelServer
    from engine.types import ModelStatus as ModelStatus
    from engine.types import NextLook as NextLook
    from engine.types import Offline as Offline
    from engine.types import OpmlImport as OpmlImport
    from engine.types import PastImport as PastImport
    from engine.types import Picture as Picture
    from engine.types import PicturePolicy as PicturePolicy
    from engine.types import PlainPost as PlainPost
    from engine.types import PlainRemark as PlainRemark
    from engine.types import PlainRule as PlainRule
    from engine.types import PlainTimeline as PlainTimeline
    from engine.types import Poll as Poll
    from engine.types import Post as Post
    from engine.types import PostRow as PostRow
    from engine.types import Preview as Preview
    from engine.types import Profile as Profile
    from engine.types import ProfileState as ProfileState
    from engine.types import Progress as Progress
    from engine.types import Quote as Quote
    from engine.types import RankingQuality as RankingQuality
    from engine.types import Reason as Reason
    from engine.types import RefreshEvent as RefreshEvent
    from engine.types import Rescue as Rescue
    from engine.types import Rewrite as Rewrite
    from engine.types import RewriteKind as RewriteKind
    from engine.types import RewriteNote as RewriteNote
    from engine.types import RewriteSource as RewriteSource
    from engine.types import Rule as Rule
    from engine.types import RuleErrors as RuleErrors
    from engine.types import RuleHit as RuleHit
    from engine.types import RulePreview as RulePreview
    from engine.types import RuleProgress as RuleProgress
    from engine.types import RuleQuality as RuleQuality
    from engine.types import RuleSaved as RuleSaved
    from engine.types import RulesCompared as RulesCompared
    from engine.types import RulesImported as RulesImported
    from engine.types import SearchHit as SearchHit
    from engine.types import SearchQuery as SearchQuery
    from engine.types import SearchResult as SearchResult
    from engine.types import Sentiment as Sentiment
    from engine.types import Signals as Signals
    from engine.types import Similarity as Similarity
    from engine.types import Span as Span
    from engine.types import StageFailed as StageFailed
    from engine.types import StarterPack as StarterPack
    from engine.types import Story as Story
    from engine.types import StoryAct as StoryAct
    from engine.types import StoryClaim as StoryClaim
    from engine.types import StoryDifference as StoryDifference
    from engine.types import StoryPost as StoryPost
    from engine.types import StorySummary as StorySummary
    from engine.types import StoryText as StoryText
    from engine.types import Subscription as Subscription
    from engine.types import Summary as Summary
    from engine.types import SummaryBudget as SummaryBudget
    from engine.types import SummarySentence as SummarySentence
    from engine.types import SummaryWish as SummaryWish
    from engine.types import SwitchCost as SwitchCost
    from engine.types import Target as Target
    from engine.types import Thread as Thread
    from engine.types import Timeline as Timeline
    from engine.types import TimelineQuery as TimelineQuery

_HOMES = {
    "Engine": "engine.core",
    "open_engine": "engine.core",
    "rescue_profile": "engine.core",
    "SampleInternet": "engine.demo",
    "sample_internet": "engine.demo",
    "format_rule": "engine.filters",
    "parse_rule": "engine.filters",
    "install_model": "engine.installation",
    "list_models": "engine.installation",
    "remove_model": "engine.installation",
    "comment_text": "engine.language.comments",
    "OWN_MODEL_WARNING": "engine.models.own",
    "MODEL_TEMPLATES": "engine.models.own",
    "Verdict": "engine.language.evidence",
    "check_summary": "engine.language.evidence",
    "Support": "engine.language.support",
    "supports": "engine.language.support",
    "keyring_works": "engine.secrets",
    "profile_state": "engine.secrets",
    "looks_private": "engine.subscribe",
}
_OTHER_NAMES = {"check_summary": "check"}
_TYPES = [
    "Account",
    "Act",
    "Action",
    "AlgorithmChange",
    "Answer",
    "AnswerSentence",
    "AppFact",
    "Article",
    "AskAction",
    "AskDone",
    "AskDraft",
    "AskEvent",
    "AskFound",
    "AskSide",
    "AskSource",
    "Breakout",
    "Briefing",
    "BriefingEvent",
    "BriefingGroup",
    "BriefingItem",
    "BriefingSentence",
    "Changes",
    "Check",
    "Citation",
    "ClaimSource",
    "Comment",
    "Condition",
    "Counterfactual",
    "Counts",
    "Device",
    "DeviceFailure",
    "Devices",
    "Disagreement",
    "Duplicates",
    "EnrichEvent",
    "Enriched",
    "Evaluation",
    "Explanation",
    "Extras",
    "Feed",
    "FeedFailed",
    "FeedHealth",
    "FeedRefreshed",
    "FeedRepaired",
    "FeedsMerged",
    "Field",
    "Fit",
    "FullText",
    "Gpu",
    "GpuBuild",
    "Health",
    "HealthVerdict",
    "ImportDone",
    "ImportPreview",
    "InterestKind",
    "LayerChoice",
    "Learned",
    "LedgerRow",
    "Looked",
    "MAX_WISH_CHARACTERS",
    "Machine",
    "Media",
    "ModelServer",
    "ModelStatus",
    "NextLook",
    "Offline",
    "OpmlImport",
    "PastImport",
    "Picture",
    "PicturePolicy",
    "PlainPost",
    "PlainRemark",
    "PlainRule",
    "PlainTimeline",
    "Poll",
    "Post",
    "PostRow",
    "Preview",
    "Profile",
    "ProfileState",
    "Progress",
    "Quote",
    "RankingQuality",
    "Reason",
    "RefreshEvent",
    "Rescue",
    "Rewrite",
    "RewriteKind",
    "RewriteNote",
    "RewriteSource",
    "Rule",
    "RuleErrors",
    "RuleHit",
    "RulePreview",
    "RuleProgress",
    "RuleQuality",
    "RuleSaved",
    "RulesCompared",
    "RulesImported",
    "APP_FACTS",
    "PLAIN_REMARKS",
    "SIGNAL_NAMES",
    "SURE_FROM",
    "SearchHit",
    "SearchQuery",
    "SearchResult",
    "Sentiment",
    "Signals",
    "Similarity",
    "Span",
    "StageFailed",
    "StarterPack",
    "Story",
    "StoryAct",
    "StoryClaim",
    "StoryDifference",
    "StoryPost",
    "StorySummary",
    "StoryText",
    "Subscription",
    "Summary",
    "SummaryBudget",
    "SummarySentence",
    "SummaryWish",
    "SwitchCost",
    "Target",
    "Thread",
    "Timeline",
    "TimelineQuery",
]
_HOMES |= dict.fromkeys(_TYPES, "engine.types")

__all__ = [
    "EDIT_WEIGHT", "SETTINGS", "SIGNAL_WEIGHT", "WEIGHTS", "BusyError", "DamagedError", "EngineError", "FetchError", "InputError", "LockedError", "ModelError",
    "NewerProfileError", "NotAFeedError", "NotFoundError", "ParseError", "RefusedError", "SecretsError", "Setting",
    "StoreError", "Value", "WorkerError", *sorted(_HOMES),
]  # fmt: skip


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'engine' has no attribute {name!r}")
    value = getattr(import_module(home), _OTHER_NAMES.get(name, name))
    globals()[name] = value
    return value
