-- What a model offers to others, and the models that its calls mean: found when it was deployed, never changed.
ALTER TABLE process_model ADD COLUMN links TEXT NOT NULL DEFAULT '{}';
