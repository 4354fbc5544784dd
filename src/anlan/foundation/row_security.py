"""The second lock: what the database itself lets the application see and change.

The application connects as a role that owns nothing. Three migration operations decide what it holds:
`Privileges` gives it the ordinary rights, `AppendOnly` takes UPDATE and DELETE away again, and `RowPolicy`
lets it touch only rows in the areas (or of the one matter) that the running transaction has named with
`SET LOCAL`. A transaction that names nothing sees nothing.

The form is the one that also works when a city is a schema of a distributed database: no sub-select in a
policy, no trigger, no `set_config()`.
"""

from django.db import migrations

APP_ROLE = "anlan_app"

IN_SCOPE = (
    "coalesce({area} <@ any(string_to_array(nullif(current_setting('app.area', true), ''), ',')::ltree[]), false)"
)
IS_MATTER = "coalesce({matter} = nullif(current_setting('app.matter', true), '')::uuid, false)"


class Privileges(migrations.RunSQL):
    """Create the application's role where it is missing and let it use every table made from now on."""

    def __init__(self) -> None:
        super().__init__(
            f"""
            DO $$ BEGIN
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{APP_ROLE}') THEN
                    CREATE ROLE {APP_ROLE} NOLOGIN NOSUPERUSER NOBYPASSRLS;
                    EXECUTE format('GRANT {APP_ROLE} TO %I', current_user);
                END IF;
                EXECUTE format('GRANT USAGE ON SCHEMA %I TO {APP_ROLE}', current_schema());
                EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I '
                    'GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP_ROLE}', current_schema());
                EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I '
                    'GRANT USAGE, SELECT ON SEQUENCES TO {APP_ROLE}', current_schema());
            END $$;
            """,
            migrations.RunSQL.noop,
        )


class AppendOnly(migrations.RunSQL):
    """History: the application may add to this table and read it, never change or remove."""

    def __init__(self, table: str) -> None:
        super().__init__(
            f'REVOKE UPDATE, DELETE, TRUNCATE ON "{table}" FROM {APP_ROLE}',
            f'GRANT UPDATE, DELETE ON "{table}" TO {APP_ROLE}',
        )


class RowPolicy(migrations.RunSQL):
    """Rows of `table` are visible and writable if, and only if, `condition` holds for them."""

    def __init__(self, table: str, condition: str) -> None:
        super().__init__(
            f"""
            ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY;
            CREATE POLICY "{table}_scope" ON "{table}" TO {APP_ROLE} USING ({condition}) WITH CHECK ({condition});
            """,
            f"""
            DROP POLICY "{table}_scope" ON "{table}";
            ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY;
            """,
        )
