"""Lexicons of the AT Protocol: makes values that are valid by them, and judges values. For tests only.

Source: atproto.com/specs/lexicon. Known: object, array, string with its formats and limits, integer, boolean, unknown, union, ref,
blob, bytes, cid-link, and the parameters of queries.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from engine.sources.kinds import atproto

CID = "bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a"
_WORDS = ("frog", "青蛙", "ضفدع", "🐸", "pond", "<b>", "&amp;", "\n", "\u202e", "x" * 50, "")
_DEEP = 7


class Lexicons:
    """All lexicons of a folder, one file each, named as its NSID."""

    def __init__(self, folder: Path) -> None:
        self._defs: dict[str, dict[str, Any]] = {}
        for path in sorted(folder.glob("*.json")):
            found = json.loads(path.read_bytes())
            self._defs[found["id"]] = found["defs"]

    def definition(self, ref: str, within: str) -> tuple[dict[str, Any], str]:
        """Return what a reference means and the lexicon that it stands in."""
        name, _, part = ref.partition("#")
        name = name or within
        return self._defs[name][part or "main"], name

    # ---- making ------------------------------------------------------------------------------

    def output(self, method: str, seed: int) -> Any:
        """Return an answer of a method, valid by its lexicon."""
        schema = self._defs[method]["main"]["output"]["schema"]
        return self._make(schema, method, random.Random(seed), 0)

    def _make(self, schema: dict[str, Any], within: str, rng: random.Random, depth: int) -> Any:
        kind = schema["type"]
        if kind in {"ref", "union"}:
            refs = [schema["ref"]] if kind == "ref" else schema["refs"] or []
            ref = rng.choice(refs)
            found, name = self.definition(ref, within)
            made = self._make(found, name, rng, depth + 1)
            if kind == "union" and isinstance(made, dict):
                made["$type"] = ref if not ref.startswith("#") else f"{within}{ref}"
            return made
        if kind in {"object", "record"}:
            schema = schema.get("record", schema)
            wanted = set(schema.get("required", ()))
            names = [n for n in schema.get("properties", {}) if n in wanted or (depth < _DEEP and rng.random() < 0.6)]
            return {name: self._make(schema["properties"][name], within, rng, depth + 1) for name in names}
        if kind == "array":
            most = min(schema.get("maxLength", 4), 4) if depth < _DEEP else schema.get("minLength", 0)
            return [self._make(schema["items"], within, rng, depth + 1) for _ in range(rng.randint(schema.get("minLength", 0), most))]
        if kind == "unknown":
            record, name = self.definition("app.bsky.feed.post", within)
            return {"$type": "app.bsky.feed.post", **self._make(record, name, rng, depth + 1)} if rng.random() < 0.9 else {"x": 1}
        return _scalar(schema, rng)

    # ---- judging -----------------------------------------------------------------------------

    def wrong_parameters(self, method: str, asked: dict[str, str]) -> list[str]:
        """Return what a query's parameters break of its lexicon; empty when they are valid."""
        declared = self._defs[method]["main"].get("parameters", {"properties": {}})
        found = [f"{name} is missing" for name in declared.get("required", ()) if name not in asked]
        for name, value in asked.items():
            schema = declared["properties"].get(name)
            if schema is None:
                found.append(f"{name} is not known")
            elif schema["type"] == "integer":
                inside = value.isdecimal() and schema.get("minimum", 0) <= int(value) <= schema.get("maximum", 2**53)
                found += [] if inside else [f"{name} is out of bounds"]
            elif schema["type"] == "string" and not is_format(value, schema.get("format", "")):
                found.append(f"{name} is no {schema['format']}")
            elif schema["type"] == "boolean" and value not in {"true", "false"}:
                found.append(f"{name} is no boolean")
            elif schema.get("knownValues") and value not in schema["knownValues"]:
                found.append(f"{name} has no such value")
        return found


def is_format(value: str, name: str) -> bool:
    """Whether a string has a format; those that are not identifiers are not judged."""
    judges = {
        "handle": atproto.is_handle, "did": atproto.is_did, "at-identifier": atproto.is_at_identifier, "nsid": atproto.is_nsid,
        "at-uri": lambda text: atproto.read_uri(text) is not None, "tid": atproto.is_tid, "record-key": atproto.is_record_key,
        "datetime": atproto.is_datetime,
    }  # fmt: skip
    return name not in judges or bool(judges[name](value))


def _scalar(schema: dict[str, Any], rng: random.Random) -> Any:
    kind = schema["type"]
    if "const" in schema:
        return schema["const"]
    if kind == "boolean":
        return rng.random() < 0.5
    if kind == "integer":
        return rng.randint(schema.get("minimum", 0), min(schema.get("maximum", 10**6), 10**9))
    if kind == "blob":
        return {"$type": "blob", "ref": {"$link": CID}, "mimeType": "image/jpeg", "size": 1}
    if kind == "bytes":
        return {"$bytes": "AAAA"}
    if kind == "cid-link":
        return {"$link": CID}
    if choices := schema.get("enum") or (schema.get("knownValues") if rng.random() < 0.8 else None):
        return rng.choice(choices)
    return _string(schema, rng)


def _string(schema: dict[str, Any], rng: random.Random) -> str:
    did = "did:plc:" + "".join(rng.choice("abcdefghij234567") for _ in range(24))
    key = "3" + "".join(rng.choice("abcdefghij234567") for _ in range(12))
    made = {
        "did": did,
        "handle": f"{rng.choice('abc')}{rng.randint(0, 99)}.pond.example",
        "at-identifier": did,
        "at-uri": f"at://{did}/app.bsky.feed.post/{key}",
        "cid": CID,
        "datetime": f"2026-{rng.randint(1, 11):02}-{rng.randint(1, 28):02}T{rng.randint(0, 23):02}:00:00.000Z",
        "uri": f"https://pond.example/{key}",
        "language": rng.choice(("en", "zh-Hans", "ar", "und")),
        "nsid": "app.bsky.feed.post",
        "tid": key,
        "record-key": key,
    }.get(schema.get("format", ""))
    if made is not None:
        return made
    text = " ".join(rng.choice(_WORDS) for _ in range(rng.randint(0, 12)))
    most = min(schema.get("maxLength", 500), schema.get("maxGraphemes", 500))
    return text.encode()[:most].decode("utf-8", "ignore") or "x" * schema.get("minLength", 0)
