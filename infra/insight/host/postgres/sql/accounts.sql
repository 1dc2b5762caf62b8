-- Makes the role :role and the database :database that it owns, and gives the role the
-- password in INSIGHT_NEW_PASSWORD. May run again.

-- A statement that fails would be logged with the password in it.
SET log_min_error_statement = panic;
SET log_statement = none;
SET log_min_duration_statement = -1;

\getenv password INSIGHT_NEW_PASSWORD

SELECT format('CREATE ROLE %I', :'role')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role')
\gexec

SELECT format(
  'ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD %L',
  :'role', :'password'
)
\gexec

SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'role')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database')
\gexec

SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', :'database')
\gexec
