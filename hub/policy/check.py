"""What a policy must be before the hub trusts it: nothing in it may leave a silence without an owner."""

import itertools
from datetime import timedelta

from contract.datafile import line_of
from contract.refusal import Refused
from hub.policy.model import Policy
from hub.policy.sections import RiskClass, Step, of_day
from hub.vocabulary import Party, ReasonCode, Severity

NEEDED_CLASSES = ("standard", "high")
"""Every policy has these; a city may add more."""
OPENING_CODES = tuple(code for code in ReasonCode if code is not ReasonCode.away)
"""The reasons that open a case; `away` only ever stands on a slot."""
_MUST_END_IN_A_VISIT = (ReasonCode.missed, ReasonCode.call_for_help)


def check(policy: Policy, text: str, name: str) -> None:
    """Raise `Refused` for the first thing that is wrong, with its line of `text`, the file called `name`."""
    _Check(policy, text, name).everything()


class _Check:
    def __init__(self, policy: Policy, text: str, name: str) -> None:
        self._policy = policy
        self._text = text
        self._name = name

    def _refuse(self, path: str, sentence: str) -> Refused:
        line = line_of(self._text, path)
        spot = f" {line} 行目" if line else ""
        return Refused(f"{self._name}{spot} ({path}): {sentence}")

    def everything(self) -> None:
        for needed in NEEDED_CLASSES:
            if needed not in self._policy.classes:
                raise self._refuse(
                    "classes", f"リスク区分「{needed}」がありません。[classes.{needed}] を書いてください。"
                )
        for ladder, steps in self._policy.ladders.items():
            self._ladder(f"ladders.{ladder}", steps)
        for name, risk_class in self._policy.classes.items():
            self._risk_class(f"classes.{name}", risk_class)
        for severity in Severity:
            if severity not in self._policy.acknowledgement:
                raise self._refuse(
                    "acknowledgement", f"「{severity}」の時間がありません。書き足してください。"
                )
        self._watch()
        self._outage()
        self._providers()
        if of_day(self._policy.duty.until) <= of_day(self._policy.duty.opens):
            raise self._refuse("duty.until", "from より後の時刻にしてください。")

    def _ladder(self, path: str, steps: list[Step]) -> None:
        if not steps:
            raise self._refuse(path, "段がひとつもありません。段を書いてください。")
        seen: set[str] = set()
        for index, step in enumerate(steps):
            here = f"{path}[{index}]"
            if step.name in seen:
                raise self._refuse(
                    f"{here}.name",
                    f"段「{step.name}」が二度あり、はしごが輪になっています。名前は一度だけ使ってください。",
                )
            seen.add(step.name)
            if step.step != index + 1:
                what = "順番が逆です" if step.step <= index else "穴があります"
                raise self._refuse(
                    f"{here}.step",
                    f"{what}: ここは {index + 1} 段目ですが、{step.step} と書かれています。番号を直してください。",
                )
            if step.wait <= timedelta():
                raise self._refuse(f"{here}.wait", "待つ時間は 0 より長くしてください。")
            if step.party is Party.visit and index != len(steps) - 1:
                raise self._refuse(
                    f"{here}.party", "順番が逆です: 訪問のあとに段があります。訪問を最後にしてください。"
                )

        if steps[-1].party not in (Party.office, Party.visit):
            raise self._refuse(
                f"{path}[{len(steps) - 1}].party",
                '穴があります: 相手がいなければ誰の番でもなくなります。最後の段は "office" か "visit" にしてください。',
            )

    def _risk_class(self, path: str, risk_class: RiskClass) -> None:
        if risk_class.unanswered_for <= timedelta():
            raise self._refuse(f"{path}.unanswered_for", "0 より長くしてください。")
        if risk_class.recalled_ladder not in self._policy.ladders:
            raise self._refuse(
                f"{path}.recalled_ladder",
                f"はしご「{risk_class.recalled_ladder}」がありません。名前を直してください。",
            )
        for code in OPENING_CODES:
            ladder = risk_class.ladders.get(code)
            if ladder is None:
                raise self._refuse(f"{path}.ladders", f"理由「{code}」がどのはしごを登るかを書いてください。")
            if ladder not in self._policy.ladders:
                raise self._refuse(
                    f"{path}.ladders.{code}",
                    f"はしご「{ladder}」がありません。[[ladders.{ladder}]] を書くか、名前を直してください。",
                )
            if code in _MUST_END_IN_A_VISIT and self._policy.ladders[ladder][-1].party is not Party.visit:
                last = len(self._policy.ladders[ladder]) - 1
                raise self._refuse(
                    f"ladders.{ladder}[{last}].party",
                    f'穴があります: 「{code}」のはしごは訪問 (party = "visit") で終わらなければなりません。',
                )

    def _watch(self) -> None:
        watch = self._policy.watch
        for name in (
            "deadline_grace",
            "device_lost_after",
            "device_settle",
            "settle_after_start",
            "blind_after",
        ):
            if getattr(watch, name) <= timedelta():
                raise self._refuse(f"watch.{name}", "0 より長くしてください。")
        for index in range(1, len(watch.retry_after)):
            if watch.retry_after[index] <= watch.retry_after[index - 1]:
                raise self._refuse("watch.retry_after", "短い順に、同じ時間なしで並べてください。")
        if watch.jitter < timedelta():
            raise self._refuse("watch.jitter", "0 より短くはできません。")

    def _outage(self) -> None:
        outage = self._policy.outage
        if outage.within <= timedelta():
            raise self._refuse("outage.within", "0 より長くしてください。")
        for index, size in enumerate(outage.sizes):
            here = f"outage.sizes[{index}]"
            if index and size.devices <= outage.sizes[index - 1].devices:
                raise self._refuse(f"{here}.devices", "台数の少ない順に並べてください。")
            if size.lost > size.devices:
                raise self._refuse(
                    f"{here}.lost", f"{size.devices} 台の地区では {size.lost} 台が途切れることはありません。"
                )
        if outage.over_share < outage.recovering_share:
            raise self._refuse("outage.over_share", "recovering_share と同じか、それより大きくしてください。")

    def _providers(self) -> None:
        if self._policy.caseload.longest_held <= timedelta():
            raise self._refuse("caseload.longest_held", "0 より長くしてください。")
        members: dict[str, str] = {}
        ids: set[str] = set()
        for index, provider in enumerate(self._policy.providers):
            here = f"providers[{index}]"
            if provider.id in ids:
                raise self._refuse(f"{here}.id", f"「{provider.id}」が二度あります。")
            ids.add(provider.id)
            for one, following in itertools.pairwise(provider.modes):
                if following.since <= one.since:
                    raise self._refuse(f"{here}.modes", "日付の古い順に並べてください。")
            for member in provider.members:
                if member in members:
                    raise self._refuse(
                        f"{here}.members",
                        f"「{member}」は {members[member]} にもいます。どちらかひとつにしてください。",
                    )
                members[member] = provider.id
