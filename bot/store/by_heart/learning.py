"""From a statement to what the driver is given and what its rows mean."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Delete, Dialect, Executable, Insert, Select, Table, Update, inspect
from sqlalchemy.engine import Result
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.visitors import iterate

from bot.store.by_heart.reading import Part, parts_of, whole

MARK = "_siyu_by_heart"
DECIDED_BY = "siyu_decided_by"
"""An option of a statement: the entities whose waiting changes could change its answer, where not all of its own do."""
MET_BEFORE = 2
"""So often a statement is asked SQLAlchemy's way, which costs less than to learn it."""
MOST_LISTED = 8
"""Values in one list: each number of them is a text of its own."""

Values = Mapping[str, Any]
Rows = Sequence[tuple[Any, ...]]


class Slot(NamedTuple):
    """Where one value of the text comes from."""

    name: str
    key: str | None
    """The name of the value that is given; None where it is always the same."""
    place: int | None
    """In a list."""
    always: Any
    written: Any
    """What its type makes of it, if anything."""


class Form(NamedTuple):
    sql: str
    slots: tuple[Slot, ...]


class Plan:
    """One statement, for one database and one set of names of values."""

    def __init__(
        self,
        statement: Executable,
        compiled: SQLCompiler,
        keys: tuple[str, ...],
        parts: list[Part],
    ) -> None:
        self.tables = _tables(statement)
        self.deletes = isinstance(statement, Delete)
        self._compiled = compiled
        self._keys = frozenset(keys)
        self._always = {c.key: c.default.arg for c in compiled.insert_prefetch}  # type: ignore[union-attr]
        self._lists = [
            bind.key
            for bind in compiled.bind_names
            if bind in compiled.post_compile_params and bind.key in keys
        ]
        self._forms: dict[tuple[int, ...], Form] = {}
        self._parts = parts
        self._columns: list[Any] | None = None
        self._meaning = SimpleResultMetaData([part.name for part in parts])

    def fits(self, values: Values) -> bool:
        """A list that is empty, or long, is another statement; so is one with other names."""
        return values.keys() == self._keys and all(
            0 < len(values[key]) <= MOST_LISTED for key in self._lists
        )

    def bind(self, values: Values) -> tuple[str, Any]:
        if self._lists:
            values = {**values, **{key: list(values[key]) for key in self._lists}}
        size = tuple([len(values[key]) for key in self._lists])
        form = self._forms.get(size)
        if form is None:
            form = self._forms[size] = self._form(size)
        bound = []
        for slot in form.slots:
            value = slot.always if slot.key is None else values[slot.key]
            if slot.place is not None:
                value = value[slot.place]
            bound.append(value if slot.written is None else slot.written(value))
        if self._compiled.positional:
            return form.sql, bound
        return form.sql, {slot.name: value for slot, value in zip(form.slots, bound, strict=True)}

    def told(self, session: Session, rows: Rows, cursor: Any) -> Result[*tuple[Any, ...]]:
        if self._columns is None:
            self._columns = self._readers(cursor.description)
        if any(self._columns):
            rows = [
                tuple(
                    [
                        v if read is None else read(v)
                        for read, v in zip(self._columns, row, strict=True)
                    ]
                )
                for row in rows
            ]
        if any(part.entity for part in self._parts):
            rows = [tuple([part.of(session, row) for part in self._parts]) for row in rows]
        return IteratorResult(self._meaning, iter(rows))

    def _readers(self, columns: Sequence[Any]) -> list[Any]:
        found = zip(self._compiled._result_columns, columns, strict=True)
        dialect = self._compiled.dialect
        return [entry.type._cached_result_processor(dialect, column[1]) for entry, column in found]

    def _form(self, size: tuple[int, ...]) -> Form:
        compiled, lists = self._compiled, dict(zip(self._lists, size, strict=True))
        given: dict[str, Any] = dict.fromkeys((*self._keys, *self._always), 0)
        sample = given | {key: [0] * length for key, length in lists.items()}
        state = compiled.construct_expanded_state(sample)
        placed = {
            one: (name, place)
            for name, many in state.parameter_expansion.items()
            for place, one in enumerate(many)
        }
        processors = {**compiled._bind_processors, **state.processors}
        names = state.positiontup if compiled.positional else tuple(state.parameters)
        assert names is not None
        binds = {name: bind for bind, name in compiled.bind_names.items()}
        slots = []
        for name in names:
            origin, place = placed.get(name, (name, None))
            key = next((k for k in (binds[origin].key, origin) if k in self._keys), None)
            always = None if key else self._always.get(origin, state.parameters[name])
            place = place if key else None
            slots.append(Slot(name, key, place, always, processors.get(name)))
        return Form(state.statement, tuple(slots))


class _Learnt:
    """Kept with the statement; a copy of it starts anew."""

    def __init__(self, statement: Executable) -> None:
        self.of = statement
        self.plans: dict[tuple[str, tuple[str, ...]], Plan | None] = {}


def plan_of(statement: Executable, several: Sequence[Values], dialect: Dialect) -> Plan | None:
    """None for a statement met for the first times: most of those that are built on the spot never come again."""
    learnt = statement.__dict__.get(MARK)
    if not isinstance(learnt, _Learnt) or learnt.of is not statement:
        learnt = _met(statement, learnt)
    if learnt is None:
        return None
    name = dialect.name, tuple(several[0])
    if name not in learnt.plans:
        learnt.plans[name] = _learn(statement, name[1], dialect)
    plan = learnt.plans[name]
    return plan if plan is not None and all(map(plan.fits, several)) else None


def _met(statement: Executable, mark: Any) -> _Learnt | None:
    """Counted until it is worth learning; by its place in memory, so that the mark on a copy counts for nothing."""
    here, times = mark if isinstance(mark, tuple) else (None, 0)
    times = times + 1 if here == id(statement) else 1
    learnt = None if times <= MET_BEFORE else _Learnt(statement)
    statement.__dict__[MARK] = learnt or (id(statement), times)
    return learnt


def _learn(statement: Any, keys: tuple[str, ...], dialect: Dialect) -> Plan | None:
    if not isinstance(statement, Select | Insert | Update | Delete):
        return None
    if statement._with_options or statement._execution_options.keys() - {DECIDED_BY}:
        return None
    of_entities = statement._propagate_attrs.get("compile_state_plugin") == "orm"
    if of_entities and not isinstance(statement, Select):
        return None  # the session would have to learn what it did to what is loaded
    try:
        compiled = statement.compile(dialect=dialect, column_keys=list(keys))
        if compiled.implicit_returning:  # of use to nobody here
            compiled = statement.compile(
                dialect=dialect, column_keys=list(keys), for_executemany=True
            )
    except SQLAlchemyError:
        return None  # SQLAlchemy will say what is wrong with it
    parts = (
        parts_of(statement, compiled)
        if isinstance(statement, Select) and of_entities
        else whole(compiled)
    )
    return (
        Plan(statement, compiled, keys, parts)
        if parts is not None and _plain(compiled, keys)
        else None
    )


def _tables(statement: Any) -> Collection[Any]:
    named = statement._execution_options.get(DECIDED_BY)
    if named is not None:
        return [inspect(entity).local_table for entity in named]
    return {each for each in iterate(statement) if isinstance(each, Table)}


def _plain(compiled: SQLCompiler, keys: tuple[str, ...]) -> bool:
    """Whether nothing about it is decided only when it is run, but its values and how many are in a list."""
    if compiled.literal_execute_params or compiled.escaped_bind_names or compiled.update_prefetch:
        return False
    if not all(c.default is not None and c.default.is_scalar for c in compiled.insert_prefetch):
        return False
    made = {c.key for c in compiled.insert_prefetch}
    return all(
        not bind.type._is_tuple_type
        and bind.callable is None
        and (not bind.required or bind.key in keys or name in keys or name in made)
        for bind, name in compiled.bind_names.items()
    )
