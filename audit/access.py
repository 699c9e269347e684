"""Who may do what: one table of roles and permissions, denied by default.

A role is a Django group of the same name. Administrators cannot trade or approve (separation of duties).
Whether a program or project is a person's *own* is decided where the object is known, on top of this table.
"""

from collections.abc import Mapping
from enum import StrEnum

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request


class Role(StrEnum):
    VIEWER = "viewer"
    TRADER = "trader"
    RISK = "risk"
    AUDITOR = "auditor"
    PM = "pm"
    OPS = "ops"
    ADMIN = "admin"


_WATCHERS = frozenset({Role.VIEWER, Role.TRADER, Role.RISK, Role.AUDITOR, Role.PM, Role.OPS})

PERMISSIONS: Mapping[str, frozenset[Role]] = {
    "board.read": _WATCHERS,
    "venues.read": _WATCHERS,
    "alerts.read": _WATCHERS,
    "limits.read": _WATCHERS,
    "programs.edit": frozenset({Role.TRADER}),
    "programs.arm": frozenset({Role.TRADER}),
    "programs.disarm": frozenset({Role.TRADER, Role.RISK, Role.OPS}),
    "programs.unwind": frozenset({Role.TRADER, Role.RISK}),
    "programs.flatten": frozenset({Role.TRADER, Role.RISK}),
    "residuals.accept": frozenset({Role.RISK}),
    "positions.adjust": frozenset({Role.TRADER, Role.RISK, Role.OPS}),
    "operations.approve": frozenset({Role.RISK}),
    "foreign.release": frozenset({Role.RISK}),
    "kill.use": frozenset({Role.TRADER, Role.RISK, Role.OPS}),
    "kill.lift_request": frozenset({Role.TRADER, Role.RISK}),
    "kill.lift_approve": frozenset({Role.RISK}),
    "limits.tighten": frozenset({Role.RISK}),
    "limits.loosen_request": frozenset({Role.TRADER, Role.RISK, Role.PM}),
    "limits.loosen_approve": frozenset({Role.RISK}),
    "alerts.acknowledge": frozenset({Role.TRADER, Role.RISK, Role.OPS}),
    "alerts.silence": frozenset({Role.RISK, Role.OPS}),
    "audit.read": frozenset({Role.TRADER, Role.RISK, Role.AUDITOR, Role.PM}),
    "audit.read_settings": frozenset({Role.AUDITOR, Role.ADMIN}),
    "audit.verify": frozenset({Role.AUDITOR}),
    "audit.export": frozenset({Role.AUDITOR}),
    "projects.read": frozenset({Role.TRADER, Role.RISK, Role.AUDITOR, Role.PM, Role.OPS}),
    "projects.edit": frozenset({Role.PM}),
    "projects.edit_own_items": frozenset({Role.PM, Role.OPS}),
    "projects.approve": frozenset({Role.RISK}),
    "venues.reconnect": frozenset({Role.OPS}),
    "users.read": frozenset({Role.AUDITOR, Role.ADMIN}),
    "users.manage": frozenset({Role.ADMIN}),
}

User = AbstractBaseUser | AnonymousUser


def roles_of(user: User) -> frozenset[Role]:
    """Return the roles a person holds now; none for somebody unknown or switched off."""
    if not (user.is_authenticated and user.is_active):
        return frozenset()
    held = user.groups.values_list("name", flat=True)  # type: ignore[union-attr]
    return frozenset(role for role in Role if role.value in held)


def permissions_of(user: User) -> list[str]:
    """Return the names of everything the person may do, in the table's order."""
    roles = roles_of(user)
    return [name for name, allowed in PERMISSIONS.items() if roles & allowed]


def can(user: User, permission: str) -> bool:
    """Say whether the person may do `permission`. Raises KeyError for a name the table does not have."""
    allowed = PERMISSIONS[permission]
    return bool(roles_of(user) & allowed)


class HasPermission(BasePermission):
    """Reads `required_permission` of the view: a name, or names by HTTP method. Nothing stated: denied."""

    def has_permission(self, request: Request, view: object) -> bool:
        required = getattr(view, "required_permission", None)
        if isinstance(required, Mapping):
            required = required.get("GET" if request.method == "HEAD" else request.method)
        return required is not None and can(request.user, required)


def requires(permission: str) -> type[HasPermission]:
    """Return a permission class for function views: `@permission_classes([requires("board.read")])`."""
    allowed = PERMISSIONS[permission]

    class Requires(HasPermission):
        def has_permission(self, request: Request, view: object) -> bool:
            return bool(roles_of(request.user) & allowed)

    return Requires
