"""A policy for people: every class, every ladder, every time, in sentences."""

from datetime import timedelta

from hub import words
from hub.policy.model import Policy
from hub.vocabulary import ReasonCode


def told(policy: Policy) -> str:
    """The whole policy as lines of text."""
    watch = policy.watch
    again = "、".join(f"{words.length(after)}後" for after in watch.retry_after) or "なし"
    lines = [
        f"声かけ: もう一度たずねるのは {again}。締切は最後の声かけの {words.length(watch.deadline_grace)}後。",
        f"通信が {words.length(watch.device_lost_after)}切れたら途絶。",
    ]
    if watch.jitter > timedelta():
        lines.append(f"声かけの時刻は家ごとに {words.length(watch.jitter)}までずらす。")
    for name, risk_class in policy.classes.items():
        lines += [
            "",
            f"■ 区分 {name} (順位 {risk_class.rank}): {risk_class.missed_slots_in_a_row} 回続けて、"
            f"または {words.length(risk_class.unanswered_for)}応答がなければ要確認。"
            f"訪問は {risk_class.visit_same_day_until} までに決まればその日のうち。",
        ]
        climbed: dict[str, list[ReasonCode]] = {}
        for code, ladder in risk_class.ladders.items():
            climbed.setdefault(ladder, []).append(code)
        climbed.setdefault(risk_class.recalled_ladder, [])
        for ladder, codes in climbed.items():
            lines.append(f"  {ladder} ({'・'.join(codes) or '取り消された助け'})")
            lines += [
                f"    {step.step}. {step.words} ({words.length(step.wait)})"
                for step in policy.ladders[ladder]
            ]
    return "\n".join(lines)
