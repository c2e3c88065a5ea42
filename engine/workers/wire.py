"""Frozen dataclasses of `engine.types` as plain lists for msgpack, and back with every type checked.

A worker may be in the hands of whoever wrote a feed, so what it says about types is not believed: a value of another
type than its field's is refused. Fields are sent in order; both sides are the same program.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Literal, TypeVar, Union

T = TypeVar("T")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Convert = Callable[[Any], Any]


class WireError(ValueError):
    """What came is not what its type says."""


def to_wire(value: Any) -> Any:
    """`value`, a dataclass of `engine.types`, as a list of plain values."""
    kind: Any = type(value)
    return _encoder(kind)(value)


def from_wire(kind: type[T], value: Any) -> T:
    """A `kind` made of what `to_wire` gave.

    Raises:
        WireError: the types or the number of the values differ.
    """
    wanted: Any = kind
    try:
        made: T = _decoder(wanted)(value)
    except (OverflowError, TypeError) as error:
        raise WireError(f"no {kind.__name__}: {error}") from error
    return made


@cache
def _encoder(kind: Any) -> Convert:
    hints = typing.get_type_hints(kind)
    plan = [(field.name, _encode_hint(hints[field.name])) for field in fields(kind)]

    def encode(value: Any) -> list[Any]:
        return [
            getattr(value, name) if convert is None else convert(getattr(value, name)) for name, convert in plan
        ]

    return encode


def _encode_hint(hint: Any) -> Convert | None:
    """None: the value goes as it is."""
    origin = typing.get_origin(hint)
    if origin in (Union, types.UnionType):
        return _optional_of(_encode_hint(_optional(hint)))
    if origin is tuple:
        convert = _encode_hint(typing.get_args(hint)[0])
        return list if convert is None else lambda value: list(map(convert, value))
    if hint is datetime:
        return lambda value: (value - _EPOCH) // _MICROSECOND
    if is_dataclass(hint):
        return to_wire
    return None


def _optional_of(inner: Convert | None) -> Convert | None:
    return None if inner is None else lambda value: None if value is None else inner(value)


@cache
def _decoder(kind: Any) -> Convert:
    hints = typing.get_type_hints(kind)
    plan = [(field.name, _decode_hint(hints[field.name])) for field in fields(kind)]
    size = len(plan)

    def decode(value: Any) -> Any:
        if type(value) is not list or len(value) != size:
            raise WireError(f"no {kind.__name__}")
        return kind(**{name: convert(item) for (name, convert), item in zip(plan, value, strict=True)})

    return decode


def _decode_hint(hint: Any) -> Convert:
    origin = typing.get_origin(hint)
    if origin in (Union, types.UnionType):
        inner = _decode_hint(_optional(hint))
        return lambda value: None if value is None else inner(value)
    if origin is tuple:
        inner = _decode_hint(typing.get_args(hint)[0])

        def several(value: Any) -> tuple[Any, ...]:
            if type(value) is not list:
                raise WireError("no list")
            return tuple(map(inner, value))

        return several
    if origin is Literal:
        choices = typing.get_args(hint)
        return lambda value: value if value in choices else _refuse(value, hint)
    if hint is datetime:
        return lambda value: _EPOCH + timedelta(microseconds=value) if type(value) is int else _refuse(value, hint)
    if is_dataclass(hint):
        nested: Any = hint
        return _decoder(nested)
    if hint is float:
        return lambda value: float(value) if type(value) in (float, int) else _refuse(value, hint)
    if hint in (str, int, bytes, bool):
        return lambda value: value if type(value) is hint else _refuse(value, hint)
    raise TypeError(f"{hint!r} has no form on the wire")


def _optional(hint: Any) -> Any:
    inner = [item for item in typing.get_args(hint) if item is not type(None)]
    if len(inner) != 1:
        raise TypeError(f"{hint!r} has no form on the wire")
    return inner[0]


def _refuse(value: Any, hint: Any) -> Any:
    raise WireError(f"{type(value).__name__} where {getattr(hint, '__name__', hint)} belongs")
