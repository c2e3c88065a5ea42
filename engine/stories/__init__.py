"""Which posts tell the same story: pairs, an index that grows with each post, which telling stands for all. Pure."""

from engine.stories.differences import only_here
from engine.stories.folding import fold_posts
from engine.stories.index import TWO_ALIKE, WINDOW_HOURS, Placed, StoryIndex, Telling
from engine.stories.leads import Member, choose_lead, outlets
from engine.stories.links import links_of
from engine.stories.pairs import SAME_STORY, similarities
from engine.stories.taught import taught_bar

__all__ = [
    "SAME_STORY",
    "TWO_ALIKE",
    "WINDOW_HOURS",
    "Member",
    "Placed",
    "StoryIndex",
    "Telling",
    "choose_lead",
    "fold_posts",
    "links_of",
    "only_here",
    "outlets",
    "similarities",
    "taught_bar",
]
