"""The manifest of the speech models, `models.toml`: what each is called, where it comes from, how it is recognized."""

import hashlib
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from contract.datafile import read_toml

PACKAGED = Path(__file__).with_name("models.toml")

Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
Md5 = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$")]
Size = Annotated[int, Meta(ge=1)]
"""Bytes."""
RelativePath = Annotated[str, Meta(pattern=r"^(?!/)(?!.*(^|/)\.\.(/|$)).*$")]
FolderName = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,79}$")]


class Take(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"member": "from"}):
    """What to take out of an archive, and where to put it. Several with one `to` are joined in order."""

    member: RelativePath
    """A file in one of the source's archives; with a `/` at its end a whole folder."""
    to: RelativePath


class UrlSource(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="url"):
    """One zip file at an address."""

    url: Annotated[str, Meta(pattern=r"^https?://")]
    size: Size
    take: Annotated[list[Take], Meta(min_length=1)]
    sha256: Sha256 | None = None
    md5: Md5 | None = None
    """Stands in where a publisher gives nothing better; too weak against an attacker, enough against accidents."""

    def __post_init__(self) -> None:
        if not self.sha256 and not self.md5:
            raise ValueError("sha256 か md5 が必要です")


class Package(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One wheel of a package registry."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    version: Annotated[str, Meta(pattern=r"^[0-9][0-9a-z.]*$")]
    size: Size
    sha256: Sha256


class RegistrySource(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="registry"
):
    """Wheels that pip fetches, from whichever registry or mirror it is configured for."""

    packages: Annotated[list[Package], Meta(min_length=1)]
    take: Annotated[list[Take], Meta(min_length=1)]


class InstalledFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of an installed model."""

    path: RelativePath
    size: Size
    sha256: Sha256


class Model(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One model; its name is its folder."""

    name: FolderName
    engine: Literal["vosk", "whisper"]
    language: Annotated[str, Meta(pattern=r"^[a-z]{2}$")]
    licence: str
    sources: Annotated[list[UrlSource | RegistrySource], Meta(min_length=1)]
    files: list[InstalledFile] = []
    """What must be there in the end, whichever source it came from."""

    def fingerprint(self) -> str:
        """Changes when anything in this entry changes, so that an installed model is known to be this one."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()


class Manifest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything of `models.toml`."""

    purposes: dict[str, list[Annotated[list[str], Meta(min_length=1)]]]
    """For each kind of machine what it needs: of the models in an inner list the first that can be had."""
    models: list[Model]

    def __post_init__(self) -> None:
        known = [model.name for model in self.models]
        for purpose, needs in self.purposes.items():
            for name in (name for need in needs for name in need):
                if name not in known:
                    raise ValueError(f"purposes.{purpose} の {name} というモデルが models にありません")

    def model(self, name: str) -> Model:
        """The entry called `name`; KeyError when there is none."""
        return {model.name: model for model in self.models}[name]


def load_manifest(path: Path = PACKAGED) -> Manifest:
    """Read a manifest; raise `Refused` with the line that is wrong."""
    return read_toml(path, Manifest)
