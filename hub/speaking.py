"""What speakers ask and say beside the check-in: further questions, reminders, quiet hours. A file the city edits.

Named sets, given to everybody, to a risk class or to one resident; the nearest counts. The sentences of the further
questions are the speakers' own (`device/talk/prompts.toml`); here stand their names.
"""

from importlib import resources
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from contract.commands import QuietHours, Reminder
from contract.datafile import line_of, read_toml
from contract.events import QuestionKey
from contract.refusal import Refused


class SpeakingSet(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One set."""

    extras: Annotated[list[QuestionKey], Meta(max_length=5)] = []
    reminders: Annotated[list[Reminder], Meta(max_length=24)] = []


NOTHING = SpeakingSet()


class Speaking(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`speaking.toml`."""

    quiet: QuietHours | None = None
    sets: dict[str, SpeakingSet] = {}
    everybody: str = ""
    risk_classes: dict[str, str] = {}
    residents: dict[str, str] = {}

    def of(self, resident_id: str, risk_class: str) -> SpeakingSet:
        """What is asked and said at this resident's home."""
        name = self.residents.get(resident_id, self.risk_classes.get(risk_class, self.everybody))
        return self.sets.get(name, NOTHING)


def load(path: Path | None = None) -> Speaking:
    """Read the file, the packaged one by default; `Refused` names the line that is wrong."""
    if path is None:
        with resources.as_file(resources.files("hub") / "speaking.toml") as packaged:
            return load(packaged)
    speaking = read_toml(path, Speaking)
    written = path.read_text(encoding="utf-8")

    def refuse(where: str, what: str) -> Refused:
        return Refused(f"{path} {line_of(written, where)} 行目 ({where}): {what}。")

    named = {"everybody": speaking.everybody} if speaking.everybody else {}
    named |= {f"risk_classes.{key}": name for key, name in speaking.risk_classes.items()}
    named |= {f"residents.{key}": name for key, name in speaking.residents.items()}
    for where, name in named.items():
        if name and name not in speaking.sets:
            known = "、".join(speaking.sets) or "なし"
            raise refuse(where, f"「{name}」という組はありません。[sets] にあるのは {known} です")
    for name, one in speaking.sets.items():
        names = [reminder.name for reminder in one.reminders]
        if len(set(names)) < len(names):
            raise refuse(
                f"sets.{name}.reminders", "同じ name のお知らせが二つあります。別の名前にしてください"
            )
        if len(set(one.extras)) < len(one.extras):
            raise refuse(f"sets.{name}.extras", "同じ質問が二つあります")
    return speaking
