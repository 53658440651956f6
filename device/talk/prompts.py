"""What the speaker says, as data: `prompts.toml`, checked whole before the first word."""

import re
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from contract.datafile import line_of, read_toml
from contract.refusal import Refused
from device.talk.turns import Prompt

PACKAGED = Path(__file__).with_name("prompts.toml")

_PLACEHOLDER = re.compile(r"\{[^}]*\}?|\}")
_BESIDE_NAME = "、, 　"
_QUESTION_KEY = re.compile(r"[a-z0-9_]{1,40}")


class PromptsFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file as it is written."""

    prompts: dict[str, str]
    questions: dict[str, str]


class Prompts:
    """Every sentence by its key, with the resident's name filled in on request."""

    def __init__(self, texts: dict[str, str], questions: Iterable[str]) -> None:
        self._texts = texts
        self.questions = frozenset(questions)
        """The keys a slot may name."""

    def text(self, key: str, name: str) -> str:
        """The sentence of `key`, spoken to `name`; an empty name leaves no comma behind."""
        return self._texts[key].replace("{name}", name).lstrip(_BESIDE_NAME)

    def all_texts(self, name: str) -> list[str]:
        """Every sentence, for rendering ahead."""
        return [self.text(key, name) for key in self._texts]


def load_prompts(path: Path | None = None) -> Prompts:
    """Read a prompts file (the packaged one by default); raise `Refused` naming file, line and key."""
    path = path or PACKAGED
    file = read_toml(path, PromptsFile)
    written = path.read_text(encoding="utf-8")

    def refuse(where: str, what: str) -> Refused:
        line = line_of(written, where)
        return Refused(f"{path} {line} 行目 ({where}): {what}。")

    for key in file.prompts:
        if key not in Prompt.__members__:
            raise refuse(
                f"prompts.{key}", f"{key} という言葉は使われません。つづりを確かめるか、消してください"
            )
    missing = [key for key in Prompt if key not in file.prompts]
    if missing:
        raise refuse("prompts", f"{'、'.join(missing)} がありません。書き足してください")
    if not file.questions:
        raise refuse("questions", "問いかけが一つもありません。how_are_you などを書き足してください")
    for key in file.questions:
        if not _QUESTION_KEY.fullmatch(key):
            raise refuse(f"questions.{key}", "問いかけの名前は英小文字・数字・_ の 40 字までにしてください")
        if key in Prompt.__members__:
            raise refuse(f"questions.{key}", f"{key} は [prompts] の名前です。別の名前にしてください")
    for table, texts in (("prompts", file.prompts), ("questions", file.questions)):
        for key, text in texts.items():
            if not text.replace("{name}", "").strip(_BESIDE_NAME + "。"):
                raise refuse(f"{table}.{key}", "文がありません")
            for found in _PLACEHOLDER.findall(text):
                if found != "{name}":
                    raise refuse(f"{table}.{key}", f"{found} は使えません。使えるのは {{name}} だけです")
    return Prompts({**file.prompts, **file.questions}, file.questions)
