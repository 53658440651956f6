"""What `mimamori device` prints: how the line is and how each asking ended. No names, no words that were heard."""

import sys

from contract.events import Outcome
from device.config import DeviceConfig
from device.steps import Asked, AskingEnded, ConfigTaken, Connected, Disconnected, EventMade, Step

OUTCOMES = {
    Outcome.answered: "応答がありました",
    Outcome.no_sound: "応答がありませんでした",
    Outcome.no_words: "声が聞き取れませんでした",
    Outcome.not_understood: "意味が分かりませんでした",
    Outcome.muted: "マイクが切ってあります",
    Outcome.mic_fault: "マイクから音が来ません",
    Outcome.not_played: "声かけを再生できませんでした",
}


class Console:
    """An observer of steps; one sentence a line on standard error."""

    def __init__(self, config: DeviceConfig) -> None:
        self._broker = f"{config.broker.host}:{config.broker.port}"

    def __call__(self, step: Step) -> None:
        """Print the step, if it is one of those worth a line."""
        sentence = self._sentence(step)
        if sentence:
            print(f"mimamori device: {sentence}", file=sys.stderr, flush=True)

    def _sentence(self, step: Step) -> str | None:
        match step:
            case Connected():
                return f"ブローカー {self._broker} につながりました。"
            case Disconnected(why):
                return f"ブローカー {self._broker} につながりません ({why})。つながるまで試し続けます。"
            case ConfigTaken(config):
                times = "、".join(slot.at for slot in config.slots) or "なし"
                return f"ハブの設定 (第 {config.revision} 版) を受け取りました。声かけの時刻: {times}。"
            case Asked(slot, attempt, _):
                return f"{slot} の {attempt} 回目の声かけをしました。"
            case AskingEnded(check_in):
                return f"{check_in.slot}: {OUTCOMES[check_in.outcome]}。"
            case EventMade(event) if event.type == "sos":
                return "助けを求める知らせを送ります。"
        return None
