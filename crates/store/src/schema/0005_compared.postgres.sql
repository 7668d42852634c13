-- What the rows of others' tables were when they were compared last. Nothing can be guessed from it: hashes have a key that
-- is not here, and keys of rows are encrypted with one that is not here.
CREATE TABLE compared (
    id          BIGINT PRIMARY KEY,
    service     TEXT NOT NULL UNIQUE,
    probe       BYTEA NOT NULL,
    base        BIGINT NOT NULL,
    next_place  BIGINT NOT NULL,
    next_number BIGINT NOT NULL,
    token       BIGINT,
    touched     BIGINT NOT NULL,
    read_rows   BIGINT NOT NULL,
    position    BYTEA,
    finished    BIGINT,
    alive       BIGINT NOT NULL
);

-- Places are given in the order in which rows were read, so that a page of the source is a few pages here.
CREATE TABLE compared_row (
    service   BIGINT NOT NULL,
    place     BIGINT NOT NULL,
    number    BIGINT NOT NULL,
    operation SMALLINT NOT NULL,
    key_hash  BYTEA NOT NULL,
    row_hash  BYTEA NOT NULL,
    row_key   BYTEA NOT NULL,
    PRIMARY KEY (service, place)
);

CREATE UNIQUE INDEX compared_row_key ON compared_row (service, key_hash);
CREATE INDEX compared_row_number ON compared_row (service, number) WHERE number > 0;

-- Which places were read in the run that is under way, a bit each: 8,192 places a row. Rows that stay as they were are never written.
CREATE TABLE compared_seen (
    service BIGINT NOT NULL,
    part    BIGINT NOT NULL,
    bits    BYTEA NOT NULL,
    PRIMARY KEY (service, part)
);
