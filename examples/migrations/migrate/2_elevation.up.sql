ALTER TABLE stations ADD COLUMN elevation DOUBLE;
