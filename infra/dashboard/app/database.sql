-- Creates the dashboard's database, its table and the first two rows, for psql
-- connected to any other database of the server:
--
--   psql --dbname=postgres --file=database.sql
--
-- It may be run again, and by several instances at once. The name of the database
-- can be changed with --set=db_name=NAME.

\set ON_ERROR_STOP on
\set QUIET on
\if :{?db_name}
\else
  \set db_name dashboard
\endif

SET client_min_messages = warning;

-- CREATE DATABASE and CREATE TABLE IF NOT EXISTS both fail when someone else does
-- the same at that moment. A lock lasts no longer than its session, so a run that
-- dies does not stop the next one.
SET lock_timeout = '60s';
SELECT pg_advisory_lock(hashtext('dashboard/database.sql')) \g /dev/null

-- template0 takes no connections; copying template1 fails while it has one.
SELECT format('CREATE DATABASE %I TEMPLATE template0', :'db_name')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'db_name')
\gexec

SELECT pg_advisory_unlock(hashtext('dashboard/database.sql')) \g /dev/null

\connect :"db_name"

SET client_min_messages = warning;
SET lock_timeout = '60s';

BEGIN;

SELECT pg_advisory_xact_lock(hashtext('dashboard/database.sql')) \g /dev/null

CREATE TABLE IF NOT EXISTS hardware (
  id integer PRIMARY KEY,
  provider text NOT NULL,
  name text NOT NULL
);

INSERT INTO hardware (id, provider, name) VALUES
  (1, 'Amazon', 'c5'),
  (2, 'Azure', 'H16mr')
ON CONFLICT (id) DO NOTHING;

COMMIT;
