"""Why an utterance was understood so, in words the person who edits the lexicon can follow."""

from contract.events import Intent
from device.understand.rules import Verdict

WORDS = {
    Intent.fine: "元気",
    Intent.as_usual: "いつもどおり",
    Intent.unwell: "具合が悪い",
    Intent.pain: "痛み",
    Intent.emergency: "緊急",
    Intent.wants_talk: "話したい・来てほしい",
    Intent.going_out: "出かける",
    Intent.declined: "断り",
    Intent.repeat: "もう一度",
    Intent.unrelated: "関係のない言葉",
}


def rule_voice(verdict: Verdict) -> str:
    """The rule that spoke, and what it heard."""
    heard = "・".join(dict.fromkeys(f"「{hit.found}」" for hit in verdict.hits))
    return f"規則「{verdict.rule.name}」: {heard}"


def learnt_voice(shares: dict[Intent, float], best: Intent, with_meaning: bool) -> str:
    """What was learnt says about the best intent, and about the next."""
    other = max((one for one in shares if one is not best), key=lambda one: shares[one])
    by = "" if with_meaning else "、文の意味は使えず音と概念だけ"
    return f"学習: {WORDS[best]} {shares[best]:.2f}、次は {WORDS[other]} {shares[other]:.2f}{by}"
