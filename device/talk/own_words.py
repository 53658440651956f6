"""Our own prompt at the microphone: what sounds like it is taken out of what was heard."""

from difflib import SequenceMatcher

from device.understand.reading import read

SHORTEST = 3
"""Kana in a row that must agree to count as ours; two may be anybody's."""


def without_ours(heard: str, ours: str) -> str:
    """The kana of `heard` that do not stand in `ours`; empty when nothing else was said."""
    theirs, mine = read(heard).kana, read(ours).kana
    if not mine:
        return heard
    blocks = SequenceMatcher(None, theirs, mine, autojunk=False).get_matching_blocks()
    left, at = [], 0
    for block in blocks:
        if block.size >= SHORTEST or block.size == 0:
            left.append(theirs[at : block.a])
            at = block.a + block.size
    rest = [part for part in left if len(part) >= SHORTEST]
    return "、".join(rest) if "".join(left) != theirs else heard
