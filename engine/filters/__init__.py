"""Filters: rules as data, matching them, and learning from where they erred. Pure."""

from engine.filters.columns import meets_scores, needs_contents, only_scores, scores_of
from engine.filters.matching import Matchable, Matcher, compile
from engine.filters.rule import SIGNALS, check, format_rule, parse_rule, prefilter, soft_condition, topic_key
from engine.filters.ruleset import RuleStep, format_rules, merge_rules, parse_rules
from engine.filters.sharpening import error_rate, threshold, topic_vector

__all__ = [
    "SIGNALS", "Matchable", "Matcher", "RuleStep", "check", "compile", "error_rate", "format_rule", "format_rules", "meets_scores",
    "merge_rules", "needs_contents", "only_scores", "parse_rule", "parse_rules", "prefilter", "scores_of", "soft_condition", "threshold", "topic_key", "topic_vector",
]  # fmt: skip
