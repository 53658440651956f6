"""The city's numbers: when a silence counts, who is asked next, how long each step may take. Data, checked at load.

`policy.toml` is the town's, `policy_demo.toml` the demonstration's, where minutes become seconds. A ladder with a
loop, a hole, a step out of order, an unknown party or a missing class is refused with its line, never repaired.
What a city brings in force on a day is a version in the store (`versions`); `docs/ladder.md` says how.
"""

from hub.policy.loading import check_residents, load, load_demo, packaged_text, parse
from hub.policy.model import Policy
from hub.policy.sections import (
    AreaSize,
    Caseload,
    Duty,
    Mode,
    Outage,
    Provider,
    RiskClass,
    Step,
    Telling,
    Visit,
    Watch,
    of_day,
)
from hub.policy.versions import InForce, PolicyBook, Version, bring_in_force, in_force, versions

__all__ = [
    "AreaSize",
    "Caseload",
    "Duty",
    "InForce",
    "Mode",
    "Outage",
    "Policy",
    "PolicyBook",
    "Provider",
    "RiskClass",
    "Step",
    "Telling",
    "Version",
    "Visit",
    "Watch",
    "bring_in_force",
    "check_residents",
    "in_force",
    "load",
    "load_demo",
    "of_day",
    "packaged_text",
    "parse",
    "versions",
]
