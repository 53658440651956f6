"""A sign of change in the words of the queue: what is other, from what to what, and that it is no emergency."""

from collections.abc import Sequence

from hub.trends.judging import Measure, Reading

MEASURES = {
    Measure.slower: "答え始めるまでの時間",
    Measure.asked_again: "二度以上たずねた応答",
    Measure.missed: "応答なし",
    Measure.worse: "体調などのよくない答え",
}
"""What is looked at, for a table or a legend."""
RETURNED = "ふだんの様子に戻りました"
ACCEPTED = "この状態が続いたので、今後はこれをふだんの様子として比べます"


def sign(changed: Sequence[Reading]) -> str:
    """変化の兆し: 応答なしが増えた(ふだん 4% → 最近7日 36%)."""
    return f"変化の兆し: {'、'.join(_one(reading) for reading in changed)}"


def amount(measure: Measure, value: float) -> str:
    """1.8秒, or 36%."""
    return f"{value / 1000:.1f}秒" if measure is Measure.slower else f"{value * 100:.0f}%"


def _one(reading: Reading) -> str:
    what = f"{MEASURES[reading.measure]}が{'長くなった' if reading.measure is Measure.slower else '増えた'}"
    before, now = amount(reading.measure, reading.usual), amount(reading.measure, reading.recent)
    return f"{what}(ふだん {before} → 最近{reading.days}日 {now})"
