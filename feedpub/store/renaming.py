"""Carry what is known of a digest over to its new name."""

from sqlalchemy import ColumnElement, Connection, Table, case, delete, literal, select, update

from feedpub.store.database import acquire_advisory_lock
from feedpub.store.schema import insert, issue, ledger, look, waiting

_OTHERS = (ledger, waiting, look)
"""Tables that have a row for each digest, beside that of issues."""


def is_rename_needed(connection: Connection, old: str, new: str) -> bool:
    """Tell whether anything is recorded under the old name that can have the new one."""
    found = [select(issue.c.id).where(*_match_renamable(old, new))]
    found += [select(literal(1)).where(each.c.digest == old) for each in _OTHERS]
    return any(connection.execute(each.limit(1)).first() is not None for each in found)


def rename_digest(connection: Connection, old: str, new: str) -> None:
    """Give the new name to all that has the old one; what has the new one stays."""
    acquire_advisory_lock(connection, "plan")
    named = case((issue.c.named == "", issue.c.digest), else_=issue.c.named)
    connection.execute(
        update(issue).where(*_match_renamable(old, new)).values(named=named, digest=new)
    )
    for table in _OTHERS:
        _move(connection, table, old, new)


def _match_renamable(old: str, new: str) -> tuple[ColumnElement[bool], ...]:
    """Tell the issues of the old name whose slot is free under the new one."""
    other = issue.alias()
    taken = select(other.c.slot).where(other.c.digest == new)
    return issue.c.digest == old, issue.c.slot.not_in(taken)


def _move(connection: Connection, table: Table, old: str, new: str) -> None:
    others = [each for each in table.c if each.name != "digest"]
    rows = select(literal(new), *others).where(table.c.digest == old)
    names = ["digest", *(each.name for each in others)]
    statement = insert(connection, table).from_select(names, rows).on_conflict_do_nothing()
    connection.execute(statement)
    connection.execute(delete(table).where(table.c.digest == old))
