"""From concepts to an intent, by the table in `rules.toml`."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from contract.datafile import read_toml
from contract.events import Intent
from contract.refusal import Refused
from device.understand.scope import Scope
from device.understand.words import Hit

_PLAIN = frozenset({"said", "linking"})


class Rule(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """One row: which concepts together mean what."""

    name: str
    intent: Intent
    needs: float
    """How large a share the learnt voice must give the intent (0..1) for the rule to count."""
    all: list[str] = []
    any: list[str] = []
    none: list[str] = []


class RuleFile(Scope, forbid_unknown_fields=True):
    """`rules.toml` as a whole."""

    rule: list[Rule]


class Verdict(Struct, frozen=True):
    """A rule that holds, and the hits it holds for."""

    rule: Rule
    hits: list[Hit]


class Rules:
    """The table, ready to judge."""

    def __init__(self, file: RuleFile) -> None:
        self.scope: Scope = file
        self._rules = [(rule, _tokens(rule.all), _tokens(rule.any), _tokens(rule.none)) for rule in file.rule]

    @classmethod
    def read(cls, path: Path, concepts: set[str]) -> "Rules":
        """Read the table; raise `Refused` naming a rule that speaks of a concept nobody knows."""
        file = read_toml(path, RuleFile)
        for rule in file.rule:
            if not rule.all and not rule.any:
                raise Refused(
                    f"{path}: 「{rule.name}」に all も any もありません。どちらかに概念を書いてください。"
                )
            for token in [*rule.all, *rule.any, *rule.none]:
                if token.split(":")[0].split("@")[0] not in concepts:
                    line = _line_of(path, token)
                    raise Refused(
                        f"{path} {line} 行目 (「{rule.name}」): 概念「{token}」が words.tsv にありません。"
                        "つづりを直すか、words.tsv に加えてください。"
                    )
        return cls(file)

    def judge(self, hits: Sequence[Hit]) -> list[Verdict]:
        """Every rule that holds, in the order of the file."""
        out: list[Verdict] = []
        for rule, every, some, no in self._rules:
            if any(_matching(token, hits) for token in no):
                continue
            found = [_matching(token, hits) for token in every]
            if not all(found):
                continue
            either = [hit for token in some for hit in _matching(token, hits)]
            if some and not either:
                continue
            out.append(Verdict(rule, [*(hit for part in found for hit in part[:1]), *either[:2]]))
        return out


class _Token(Struct, frozen=True):
    concept: str
    forms: frozenset[str] | None
    """None: every form."""
    whose: str


def _tokens(texts: list[str]) -> list[_Token]:
    tokens = []
    for text in texts:
        head, _, forms = text.partition(":")
        concept, _, whose = head.partition("@")
        wanted = None if forms == "*" else frozenset(forms.split("|")) if forms else _PLAIN
        tokens.append(_Token(concept, wanted, whose or "self"))
    return tokens


def _matching(token: _Token, hits: Sequence[Hit]) -> list[Hit]:
    return [
        hit
        for hit in hits
        if hit.concept == token.concept
        and hit.whose == token.whose
        and (token.forms is None or hit.form in token.forms)
    ]


def _line_of(path: Path, token: str) -> int:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if f'"{token}"' in line:
            return number
    return 1
