"""The permission matrix: a row per right, a cell per role."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Matrix = Mapping[str, Mapping[str, str]]


def scope(matrix: Matrix, permission: str, role: str) -> str | None:
    """A, S or O as the matrix says; None is a refusal. A right without a row is refused to all."""
    cell = matrix.get(permission, {}).get(role) or ""
    return cell.rstrip("2p") or None


def may(matrix: Matrix, permission: str, role: str) -> bool:
    """Whether the role may act, by itself or with a second person; proposing is not acting."""
    return asks(matrix, permission, role) and not matrix[permission][role].endswith("p")


def asks(matrix: Matrix, permission: str, role: str) -> bool:
    """Whether the role may act or at least propose."""
    return scope(matrix, permission, role) is not None


def needs_second(matrix: Matrix, permission: str, role: str) -> bool:
    """Whether what this role does waits for the yes of somebody else who has the right."""
    return matrix.get(permission, {}).get(role, "").endswith(("2", "p"))


APART = frozenset({"key", "webhook"})
"""Areas that `*` does not open: what a program could widen itself with is asked for by name."""


def area(permission: str) -> str:
    """`customer.list` is of the area `customer`."""
    return permission.partition(".")[0]


def areas(matrix: Matrix) -> set[str]:
    return {area(permission) for permission in matrix}


def opens(scopes: Iterable[str], permission: str, *, writes: bool) -> bool:
    """Whether a key with these scopes reaches this right: `customer:read`, `customer:write`, `*:read`, `*:write`.

    Who may write may read. No scope gives more than the key's role has.
    """
    mine = area(permission)
    names = {mine} if mine in APART else {mine, "*"}
    wanted = {"write"} if writes else {"read", "write"}
    return any(
        name in names and verb in wanted
        for name, _, verb in (scope.partition(":") for scope in scopes)
    )
