"""Which of the things that models make are switched on, and what is said of those that are not."""

from __future__ import annotations

from engine.core.parts import SWITCHES, Parts
from engine.errors import InputError
from engine.settings import by_name


class Features(Parts):
    """The switches."""

    def features(self) -> frozenset[str]:
        """Return what is switched on: "signals", "summaries", "ask", "plain_rules", "rewrites", each only while `ai` is on too;
        "meaning" where vectors can be made now, and "model" where a language model can be asked now.

        With the master switch off it is empty. It loads no model. `Changes.settings` tells when to ask again.
        """
        if not self._settings["ai"]:
            return frozenset()
        found = {feature for feature, switch in SWITCHES.items() if self._settings[switch]}
        if self._models.writes():
            found.add("model")
        if self._models.embedder() is not None:
            found.add("meaning")
        return frozenset(found)

    def _require_feature(self, feature: str) -> None:
        """Raises InputError, which names the switch, where a feature is switched off."""
        for switch in ("ai", SWITCHES[feature]):
            if not self._settings[switch]:
                label = by_name(switch).label
                raise InputError(
                    f"“{label}” is switched off. Switch it on in Settings under Models, or with:  millpond settings {switch} on"
                )
