ALTER TABLE stations DROP COLUMN elevation;
