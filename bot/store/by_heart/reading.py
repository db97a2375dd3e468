"""What the columns of a row are: values, or entities that the session knows, or knows from now on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, inspect
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.orm.attributes import instance_dict, instance_state, set_committed_value
from sqlalchemy.sql.compiler import SQLCompiler


class Part(NamedTuple):
    """One thing of a row."""

    name: str
    start: int
    entity: type[Any] | None = None
    attributes: tuple[str, ...] = ()
    key: tuple[int, ...] = ()
    """Where the primary key stands among the attributes."""

    def of(self, session: Session, row: Sequence[Any]) -> Any:
        if self.entity is None:
            return row[self.start]
        values = row[self.start : self.start + len(self.attributes)]
        key = tuple([values[place] for place in self.key])
        if None in key:
            return None
        known = session.identity_map.get((self.entity, key, None))
        return self._made(session, values) if known is None else self._renewed(known, values)

    def _made(self, session: Session, values: Sequence[Any]) -> Any:
        return made(session, self.entity, zip(self.attributes, values, strict=True))

    def _renewed(self, known: Any, values: Sequence[Any]) -> Any:
        """What is loaded stays as it is, but for what the session has forgotten of it."""
        forgotten = instance_state(known).expired_attributes
        if forgotten:
            for name, value in zip(self.attributes, values, strict=True):
                if name in forgotten:
                    set_committed_value(known, name, value)
        return known


def made(session: Session, entity: Any, values: Iterable[tuple[str, Any]]) -> Any:
    """An entity as if the session had just loaded it, made as SQLAlchemy makes one of a row."""
    mapper = _mapper(entity)
    instance = mapper.class_manager.new_instance()
    instance_dict(instance).update(values)
    state = instance_state(instance)
    state.key = mapper._identity_key_from_state(state)
    state.session_id = session.hash_key
    session.identity_map.add(state)
    return instance


@cache
def _mapper(entity: type[Any]) -> Mapper[Any]:
    mapper: Mapper[Any] = inspect(entity)
    return mapper


def whole(compiled: SQLCompiler) -> list[Part]:
    """A value for each column."""
    names = [entry.keyname for entry in compiled._result_columns]
    return [Part(name, place) for place, name in enumerate(names)]


def parts_of(statement: Select[Any], compiled: SQLCompiler) -> list[Part] | None:
    """None where something else than entities and values is asked for."""
    parts: list[Part] = []
    place = 0
    for described in statement.column_descriptions:
        if described["expr"] is not described["entity"] or described["entity"] is None:
            parts.append(Part(described["name"], place))
            place += 1
            continue
        mapper = inspect(described["entity"], raiseerr=False)
        if not isinstance(mapper, Mapper):
            return None
        part = _entity(mapper, described["name"], place)
        if not _stand(part, mapper, compiled):
            return None
        parts.append(part)
        place += len(part.attributes)
    return parts if place == len(compiled._result_columns) else None


def _entity(mapper: Mapper[Any], name: str, start: int) -> Part:
    columns: list[Any] = list(mapper.columns)
    attributes = tuple(mapper.get_property_by_column(column).key for column in columns)
    key = tuple(columns.index(column) for column in mapper.primary_key)
    return Part(name, start, mapper.class_, attributes, key)


def _stand(part: Part, mapper: Mapper[Any], compiled: SQLCompiler) -> bool:
    """Whether its columns are where we take them for."""
    found = compiled._result_columns[part.start : part.start + len(part.attributes)]
    columns = [column.name for column in mapper.columns]
    return len(found) == len(columns) and all(
        any(getattr(each, "name", None) == name for each in entry.objects)
        for entry, name in zip(found, columns, strict=True)
    )
