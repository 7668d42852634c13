-- The process engine. State and everything that is found by it grow with what is open; history has a table of its own.

-- Models as they were deployed, byte for byte. `key` is the id of the file's first executable process.
CREATE TABLE process_model (
    id      BIGINT PRIMARY KEY,
    key     TEXT NOT NULL,
    version BIGINT NOT NULL,
    sha256  BYTEA NOT NULL,
    layout  BYTEA NOT NULL,
    xml     BYTEA NOT NULL,
    at      BIGINT NOT NULL,
    who     TEXT NOT NULL,
    claims  TEXT NOT NULL,
    starts  TEXT NOT NULL,
    UNIQUE (key, version)
);

CREATE TABLE process_instance (
    id           TEXT PRIMARY KEY,
    model        BIGINT NOT NULL,
    process      TEXT NOT NULL,
    business_key TEXT,
    state        TEXT NOT NULL,
    version      BIGINT NOT NULL,
    begun        BIGINT NOT NULL,
    ended        BIGINT,
    outcome      TEXT
) WITH (fillfactor = 60);

CREATE INDEX process_instance_business ON process_instance (business_key) WHERE business_key IS NOT NULL;
CREATE INDEX process_instance_model ON process_instance (model, id);

-- Never changed, never deleted. `snapshot` is the state where it did not come from events.
CREATE TABLE process_history (
    instance TEXT NOT NULL,
    number   BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    who      TEXT NOT NULL,
    element  TEXT,
    command  TEXT NOT NULL,
    events   TEXT NOT NULL,
    snapshot TEXT,
    PRIMARY KEY (instance, number)
);

CREATE INDEX process_history_element ON process_history (instance, element) WHERE element IS NOT NULL;

-- By what timers, messages and signals find instances. `kind`: 0 a moment, 1 a message, 2 a signal.
CREATE TABLE process_wait (
    instance    TEXT NOT NULL,
    number      BIGINT NOT NULL,
    kind        BIGINT NOT NULL,
    due         BIGINT,
    name        TEXT,
    correlation TEXT,
    PRIMARY KEY (instance, number)
);

CREATE INDEX process_wait_due ON process_wait (due) WHERE due IS NOT NULL;
CREATE INDEX process_wait_name ON process_wait (name, correlation, instance) WHERE name IS NOT NULL;

-- Open work. `kind`: 0 a task of persons, 1 a job of workers.
CREATE TABLE process_task (
    instance     TEXT NOT NULL,
    exec         BIGINT NOT NULL,
    kind         BIGINT NOT NULL,
    element      TEXT NOT NULL,
    name         TEXT NOT NULL,
    role         TEXT,
    topic        TEXT,
    assignee     TEXT,
    created      BIGINT NOT NULL,
    due          BIGINT,
    retries      BIGINT NOT NULL,
    not_before   BIGINT NOT NULL,
    locked_by    TEXT,
    locked_until BIGINT NOT NULL,
    PRIMARY KEY (instance, exec)
);

CREATE INDEX process_task_role ON process_task (role, instance, exec) WHERE kind = 0;
CREATE INDEX process_task_assignee ON process_task (assignee, instance, exec) WHERE assignee IS NOT NULL;
CREATE INDEX process_task_topic ON process_task (topic, created) WHERE kind = 1;

CREATE TABLE process_incident (
    instance TEXT NOT NULL,
    exec     BIGINT NOT NULL,
    element  TEXT NOT NULL,
    code     TEXT NOT NULL,
    why      TEXT NOT NULL,
    since    BIGINT NOT NULL,
    owner    TEXT,
    PRIMARY KEY (instance, exec)
);

-- On its way to an instance, removed in the transaction that delivers it. `kind`: 0 a message, 1 a signal for one instance, 2 a
-- process that begins.
CREATE TABLE process_letter (
    id          TEXT PRIMARY KEY,
    kind        BIGINT NOT NULL,
    name        TEXT NOT NULL,
    correlation TEXT NOT NULL,
    instance    TEXT,
    model       BIGINT,
    who         TEXT NOT NULL,
    variables   TEXT NOT NULL,
    due         BIGINT NOT NULL,
    until       BIGINT NOT NULL
);

CREATE INDEX process_letter_due ON process_letter (due, id);
CREATE INDEX process_letter_name ON process_letter (name, correlation) WHERE kind = 0;

-- What was answered to whoever asked with a key of their own, so that asking twice does nothing twice.
CREATE TABLE process_answer (
    key    TEXT PRIMARY KEY,
    at     BIGINT NOT NULL,
    asked  TEXT NOT NULL,
    answer TEXT NOT NULL
);

CREATE INDEX process_answer_at ON process_answer (at);
