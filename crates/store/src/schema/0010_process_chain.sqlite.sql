-- What follows from one thing that somebody did, without a person or a worker in between, is one chain: its id stands with the
-- messages and signals that instances told, and with the instances that these reached or began.
ALTER TABLE process_letter ADD COLUMN chain TEXT;
ALTER TABLE process_instance ADD COLUMN chain TEXT;
