"""Roles as data: which resource each may read or write, in which districts, with how many fields."""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Literal

from msgspec import Struct

from contract.datafile import read_toml
from contract.refusal import Refused

ROLES = Path(__file__).parents[1] / "roles.toml"


class Resource(StrEnum):
    """What a role may be let at."""

    outreach_queue = "outreach_queue"
    residents = "residents"
    slots = "slots"
    devices = "devices"
    households = "households"
    events = "events"
    absences = "absences"


class Role(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One role of `roles.toml`."""

    title: str
    scope: Literal["city", "district"]
    """`district`: only what lies in the district of the account or token."""
    fields: Literal["all", "six"]
    """`six`: name, address, ward, birth date, sex, current flag."""
    read: list[Resource]
    write: list[Resource]


class _Roles(Struct, frozen=True, forbid_unknown_fields=True):
    roles: dict[str, Role]


@cache
def load_roles(path: Path = ROLES) -> Mapping[str, Role]:
    """The roles by name; raises `Refused` with the line that is wrong."""
    found = read_toml(path, _Roles).roles
    for name, role in found.items():
        if role.fields == "six" and (
            role.scope != "district" or role.read != [Resource.residents] or role.write
        ):
            raise Refused(
                f"{path} (roles.{name}): 六つの項目だけを見る役割は、scope が district、read が residents だけ、write が空です。"
            )
    return found


def role_named(name: str) -> Role:
    """One role; raises `Refused` naming those that exist."""
    roles = load_roles()
    if name not in roles:
        raise Refused(f"役割「{name}」はありません。使えるのは {'・'.join(roles)} です。")
    return roles[name]


def check_district(name: str, district: str | None, known: Mapping[str, str]) -> None:
    """Raise `Refused` if a district-bound role has none, or one that is not on file (`known`: code to name)."""
    role = role_named(name)
    if role.scope == "district" and district is None:
        raise Refused(
            f"役割「{name}」({role.title}) には地区が要ります。--district に地区コードを指定してください。"
        )
    if district is not None and district not in known:
        listed = "・".join(f"{code}({word})" for code, word in known.items()) or "まだ一つも登録がありません"
        raise Refused(f"地区「{district}」はありません。使えるのは {listed} です。")


class Viewer(Struct, frozen=True, kw_only=True):
    """Whoever is looking: an account behind a session, or a program behind a token."""

    actor: str
    """As it stands in the access log and in histories: the login, or `token:ID`."""
    name: str
    role_name: str
    role: Role
    district: str | None

    def may_read(self, resource: Resource) -> bool:
        """Whether the role reads it at all."""
        return resource in self.role.read

    def may_write(self, resource: Resource) -> bool:
        """Whether the role writes it at all."""
        return resource in self.role.write

    @property
    def bound_to(self) -> str | None:
        """The only district this viewer sees, or None for the whole city.

        A district-bound viewer without one sees nothing, rather than everything.
        """
        return (self.district or "") if self.role.scope == "district" else None

    def sees(self, district: str) -> bool:
        """Whether what lies in `district` (its code) may be shown."""
        return self.bound_to is None or self.bound_to == district
