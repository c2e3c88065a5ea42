"""Filters: rules as data, matching them, and learning from where they erred. Pure."""

from engine.filters.matching import Matchable, Matcher, compile
from engine.filters.rule import SIGNALS, check, format_rule, parse_rule, prefilter, soft_condition, topic_key
from engine.filters.sharpening import error_rate, threshold, topic_vector

__all__ = [
    "SIGNALS", "Matchable", "Matcher", "check", "compile", "error_rate", "format_rule", "parse_rule", "prefilter", "soft_condition",
    "threshold", "topic_key", "topic_vector",
]  # fmt: skip
