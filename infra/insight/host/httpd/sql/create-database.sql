-- Makes the database :name unless it is there. Two web servers may try at once: the one
-- that comes second fails, is started again and finds it.
SELECT format('CREATE DATABASE %I', :'name')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name')
\gexec
