"""Packages that a worker leaves out, tried in a process of their own."""

from __future__ import annotations

import subprocess
import sys


def said_by(program: str) -> str:
    begin = "from engine.workers.lean import leave_out\nleave_out('sklearn', 'scipy')\n"
    done = subprocess.run([sys.executable, "-c", begin + program], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_names_of_a_package_that_is_left_out_can_be_imported_without_loading_it() -> None:
    said = said_by("from scipy.sparse import coo_matrix\nimport sklearn.metrics, sys\nprint(sklearn.metrics.__spec__.origin)")
    assert said.strip() == "None"


def test_what_is_left_out_says_so_when_it_is_called() -> None:
    said = said_by("from sklearn.metrics import f1_score\nf1_score([1], [1])")
    assert "ImportError: sklearn.metrics.f1_score is left out of this process." in said


def test_other_packages_are_loaded_as_ever() -> None:
    assert said_by("import numpy\nprint(numpy.zeros(2).sum())").strip() == "0.0"
