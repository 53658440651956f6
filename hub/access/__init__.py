"""Who may look, and who looked: accounts, sessions, tokens, roles and the access log."""

from hub.access.accounts import (
    AccountRow,
    Door,
    create_account,
    disable_account,
    ensure_first_admin,
    has_account,
    known_districts,
    list_accounts,
    reset_password,
)
from hub.access.log import Access, Action, note, what_did, who_saw
from hub.access.roles import Resource, Role, Viewer, load_roles
from hub.access.secrets import Busy, Passwords
from hub.access.sessions import (
    LASTS,
    Session,
    end_session,
    find_session,
    find_session_by_hash,
    open_session,
)
from hub.access.tokens import TokenRow, create_token, find_token, list_tokens, revoke_token

__all__ = [
    "LASTS",
    "Access",
    "AccountRow",
    "Action",
    "Busy",
    "Door",
    "Passwords",
    "Resource",
    "Role",
    "Session",
    "TokenRow",
    "Viewer",
    "create_account",
    "create_token",
    "disable_account",
    "end_session",
    "ensure_first_admin",
    "find_session",
    "find_session_by_hash",
    "find_token",
    "has_account",
    "known_districts",
    "list_accounts",
    "list_tokens",
    "load_roles",
    "note",
    "open_session",
    "reset_password",
    "revoke_token",
    "what_did",
    "who_saw",
]
