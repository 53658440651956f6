-- psql -U postgres -f create.sql ; then: \password mimamori
-- Collation C: ids and カナ keys sort as on SQLite, and the months of the events by the bytes of their ids.
CREATE ROLE mimamori LOGIN;
CREATE DATABASE mimamori OWNER mimamori ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0;
-- What write() returned must survive a power cut: leave fsync and synchronous_commit on (the default).
