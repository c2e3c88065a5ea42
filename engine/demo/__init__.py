"""A sample internet on loopback, and the whole job run on it: what `millpond demo` and the window's "try it" show."""

from engine.demo.internet import SampleInternet, sample_internet
from engine.demo.job import run_demo

__all__ = ["SampleInternet", "run_demo", "sample_internet"]
