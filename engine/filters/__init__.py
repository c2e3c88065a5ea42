"""Filters: rules as data, and matching them. Pure."""

from engine.filters.matching import Matchable, Matcher, compile
from engine.filters.rule import check, format_rule, parse_rule, prefilter

__all__ = ["Matchable", "Matcher", "check", "compile", "format_rule", "parse_rule", "prefilter"]
