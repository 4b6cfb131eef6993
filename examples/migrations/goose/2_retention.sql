-- +goose Up
ALTER TABLE readings SET 'ttl'='30d';

-- +goose Down
ALTER TABLE readings UNSET 'ttl';
