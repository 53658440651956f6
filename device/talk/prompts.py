"""What the speaker says, as data: `prompts.toml`, checked whole before the first word."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from contract.datafile import line_of, read_toml
from contract.refusal import Refused
from device.talk.plain import plain
from device.talk.turns import ExtraQuestion, Prompt

PACKAGED = Path(__file__).with_name("prompts.toml")

_PLACEHOLDER = re.compile(r"\{[^}]*\}?|\}")
_BESIDE_NAME = "、, 　"
_QUESTION_KEY = re.compile(r"[a-z0-9_]{1,40}")


class Extra(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A further question for はい or いいえ."""

    ask: str
    worrying: Literal["yes", "no"]
    """The answer that staff should see."""
    yes: list[Annotated[str, Meta(min_length=1)]] = []
    """Other words for はい, as they are said in answer to this question."""
    no: list[Annotated[str, Meta(min_length=1)]] = []


class PromptsFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file as it is written."""

    prompts: dict[str, str]
    questions: dict[str, str]
    extras: dict[str, Extra] = {}
    announcements: dict[str, str] = {}


class Prompts:
    """Every sentence by its key, with the resident's name filled in on request."""

    def __init__(self, file: PromptsFile) -> None:
        asks = {key: extra.ask for key, extra in file.extras.items()}
        self._texts = {**file.prompts, **asks, **file.announcements, **file.questions}
        self.questions = frozenset(file.questions)
        """The keys a slot may name."""
        self.extras = file.extras
        """Further questions by key."""
        self.announcements = frozenset(file.announcements)
        """The keys a reminder may name."""
        self._spelled = {
            key: ([plain(word) for word in extra.no], [plain(word) for word in extra.yes])
            for key, extra in file.extras.items()
        }

    def text(self, key: str, name: str) -> str:
        """The sentence of `key`, spoken to `name`; an empty name leaves no comma behind."""
        return self._texts[key].replace("{name}", name).lstrip(_BESIDE_NAME)

    def extra_questions(self, keys: Iterable[str]) -> tuple[ExtraQuestion, ...]:
        """Those of `keys` that are known, in their order."""
        return tuple(
            ExtraQuestion(key, self.extras[key].worrying == "yes") for key in keys if key in self.extras
        )

    def answers(self, key: str, text: str) -> bool | None:
        """Whether `text` answers the further question `key` by a word of its own; a no is looked for first."""
        said = plain(text)
        for words, means in zip(self._spelled[key], (False, True), strict=True):
            if any(word in said for word in words):
                return means
        return None

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
    taken = dict.fromkeys(Prompt.__members__, "prompts")
    tables: tuple[tuple[str, Iterable[str]], ...] = (
        ("extras", file.extras),
        ("announcements", file.announcements),
        ("questions", file.questions),
    )
    for table, keys in tables:
        for key in keys:
            if not _QUESTION_KEY.fullmatch(key):
                raise refuse(f"{table}.{key}", "名前は英小文字・数字・_ の 40 字までにしてください")
            if key in taken:
                raise refuse(f"{table}.{key}", f"{key} は [{taken[key]}] の名前です。別の名前にしてください")
            taken[key] = table
    asks = {f"{key}.ask": extra.ask for key, extra in file.extras.items()}
    texts_of = (
        ("prompts", file.prompts),
        ("extras", asks),
        ("announcements", file.announcements),
        ("questions", file.questions),
    )
    for table, texts in texts_of:
        for key, text in texts.items():
            if not text.replace("{name}", "").strip(_BESIDE_NAME + "。"):
                raise refuse(f"{table}.{key}", "文がありません")
            for found in _PLACEHOLDER.findall(text):
                if found != "{name}":
                    raise refuse(f"{table}.{key}", f"{found} は使えません。使えるのは {{name}} だけです")
    return Prompts(file)
