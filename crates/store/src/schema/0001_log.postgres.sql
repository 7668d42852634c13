-- The message log. `text` stands last: it is the only long column.
CREATE TABLE record (
    seq     BIGINT PRIMARY KEY,
    at      BIGINT NOT NULL,
    kind    SMALLINT NOT NULL,
    id_key  BIGINT NOT NULL,
    closes  BIGINT,
    leaf    BYTEA NOT NULL,
    nonce   BYTEA,
    text    TEXT NOT NULL
);

-- Rows stay whole in their page up to its size: moving texts over 2 kB to a side table and
-- compressing them would cost more than everything else an append does.
ALTER TABLE record ALTER COLUMN text SET STORAGE EXTERNAL;
ALTER TABLE record SET (toast_tuple_target = 8160);

-- A run of 4,096 rows has its own part of this index, so that a group of new rows touches a few
-- pages of the newest part and not one page per row all over the index.
CREATE INDEX record_id ON record ((seq >> 12), id_key);

-- Answers "which nonces" and "which calls are open" without reading the rows themselves.
CREATE INDEX record_at ON record (at) INCLUDE (seq, kind, closes, nonce);

CREATE TABLE tree_node (
    level   SMALLINT NOT NULL,
    idx     BIGINT NOT NULL,
    hash    BYTEA NOT NULL,
    PRIMARY KEY (level, idx)
);

CREATE TABLE checkpoint (
    size        BIGINT PRIMARY KEY,
    at          BIGINT NOT NULL,
    text        TEXT NOT NULL,
    signature   BYTEA NOT NULL,
    certificate BYTEA NOT NULL,
    stamp       BYTEA
);

CREATE INDEX checkpoint_unstamped ON checkpoint (size) WHERE stamp IS NULL;

CREATE TABLE certificate (
    fingerprint BYTEA PRIMARY KEY,
    kind        SMALLINT NOT NULL,
    der         BYTEA NOT NULL
);
