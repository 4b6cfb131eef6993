CREATE TABLE stations (
	code STRING PRIMARY KEY,
	"name" STRING,
	ts TIMESTAMP(3) TIME INDEX
);
INSERT INTO stations VALUES ('EWR', 'Newark', 0), ('JFK', 'Kennedy', 0), ('LGA', 'LaGuardia', 0);
