-- What follows from one thing that somebody did, without a person or a worker in between, is one chain: its id stands with the
-- messages and signals that instances told, and with the instances that these reached or began.
ALTER TABLE process_letter ADD COLUMN chain TEXT;
ALTER TABLE process_instance ADD COLUMN chain TEXT;

-- Whose the instance is that begins with it, where its process does not say.
ALTER TABLE process_letter ADD COLUMN agency TEXT;

-- What people call an instance by never changes, and stands beside its work and incidents so that lists are one query.
ALTER TABLE process_task ADD COLUMN business_key TEXT;
ALTER TABLE process_incident ADD COLUMN business_key TEXT;
UPDATE process_task SET business_key = (SELECT i.business_key FROM process_instance i WHERE i.id = process_task.instance);
UPDATE process_incident SET business_key = (SELECT i.business_key FROM process_instance i WHERE i.id = process_incident.instance);
