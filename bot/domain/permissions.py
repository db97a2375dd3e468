"""The permission matrix: a row per right, a cell per role."""

from __future__ import annotations

from collections.abc import Mapping

Matrix = Mapping[str, Mapping[str, str]]


def scope(matrix: Matrix, permission: str, role: str) -> str | None:
    """A, S, O, p or 2 as the matrix says; None is a refusal. A right without a row is refused to all."""
    return matrix.get(permission, {}).get(role)


def may(matrix: Matrix, permission: str, role: str) -> bool:
    """Whether the role may act by itself; proposing is not acting."""
    return scope(matrix, permission, role) in {"A", "S", "O"}
