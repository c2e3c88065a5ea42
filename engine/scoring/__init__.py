"""The timeline's order, kept in memory: what ranking needs of every post, kept in step with the store.

Loading reads the store once (about a second for 200,000 posts); until then the order that was stored last holds.
"""

from engine.scoring.order import Scorer

__all__ = ["Scorer"]
