"""What a program reads from standard output is the answer and nothing else."""

import json
import subprocess
import sys

STALE = """
import sys
import device.understand.understanding as room
room.digest = lambda folder: "of another lexicon"
from mimamori.main import main
sys.argv = ["mimamori", "understand", "元気です", "--json"]
main()
"""


def test_a_warning_does_not_get_into_the_json() -> None:
    done = subprocess.run([sys.executable, "-c", STALE], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["intent"] == "fine"
    assert "model_is_older_than_the_lexicon" in done.stderr
