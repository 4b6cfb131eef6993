-- +goose Up
CREATE TABLE readings (
	code STRING PRIMARY KEY,
	celsius DOUBLE,
	ts TIMESTAMP(3) TIME INDEX
);

-- +goose Down
DROP TABLE readings;
