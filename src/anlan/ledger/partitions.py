"""Tables in partitions, as a migration makes them."""

from typing import Any

from django.db.migrations import CreateModel
from django.db.migrations.state import ProjectState

from anlan.foundation.row_security import APP_ROLE

PARTITIONS = 8


class CreateAppendOnly(CreateModel):
    """A model's table in partitions by the hash of one column, to which the application may only add.

    The application reaches the rows through the table alone, so that no right on a partition goes round its own.
    """

    def __init__(self, *arguments: Any, by: str, **options: Any) -> None:
        self.by = by
        super().__init__(*arguments, **options)

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        table = to_state.apps.get_model(app_label, self.name)._meta.db_table
        plain = schema_editor.sql_create_table
        schema_editor.sql_create_table = f'{plain} PARTITION BY HASH ("{self.by}")'
        try:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        finally:
            schema_editor.sql_create_table = plain
        # Django's second index on a text key serves LIKE alone, and would cost every insert.
        schema_editor.deferred_sql = [each for each in schema_editor.deferred_sql if "_pattern_ops" not in str(each)]
        for number in range(PARTITIONS):
            schema_editor.execute(
                f'CREATE TABLE "{table}_{number}" PARTITION OF "{table}" '
                f"FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {number})"
            )
            schema_editor.execute(f'REVOKE ALL ON "{table}_{number}" FROM {APP_ROLE}')
        schema_editor.execute(f'REVOKE UPDATE, DELETE, TRUNCATE ON "{table}" FROM {APP_ROLE}')
