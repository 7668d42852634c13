-- Whose instances and open work are, as codes of agencies. `calendar` says with which calendars the moments of an instance were
-- computed that depend on them: empty when with several, null when none does.
ALTER TABLE process_instance ADD COLUMN agency TEXT;
ALTER TABLE process_instance ADD COLUMN calendar TEXT;
ALTER TABLE process_task ADD COLUMN agency TEXT;

CREATE INDEX process_instance_agency ON process_instance (agency, id) WHERE agency IS NOT NULL;
CREATE INDEX process_task_agency ON process_task (agency, instance, exec) WHERE kind = 0 AND agency IS NOT NULL;
CREATE INDEX process_instance_calendar ON process_instance (id) WHERE calendar IS NOT NULL;
