-- Instances that are not over: they are counted, and listed apart from the many that are.
CREATE INDEX process_instance_open ON process_instance (id) WHERE ended IS NULL;
