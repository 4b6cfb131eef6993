package greptime

import (
	"context"
	"database/sql/driver"
)

var _ driver.Tx = (*openTx)(nil)

// openTx is the value that BeginTx returns with transactions=ignore.
type openTx struct {
	conn        *Conn
	transaction transaction
}

// BeginTx returns ErrTransactions, because GreptimeDB has no transactions. The DSN
// key transactions=ignore is for tools that insist on them. With it, statements
// take effect at once, Commit does nothing, and Rollback is an error if anything was
// written. A read-only transaction refuses writes. Isolation levels are refused, and so is
// a second transaction of a connection while one is open. The texts BEGIN, COMMIT,
// ROLLBACK, SAVEPOINT and so on do nothing then.
func (c *Conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if _, err := c.current(); err != nil {
		return nil, err
	}
	if c.client.cfg.Transactions != transactionsIgnore {
		return nil, ErrTransactions
	}
	if opts.Isolation != 0 {
		return nil, transactionError("isolation levels are not supported, even with transactions=ignore")
	}
	tx := &openTx{conn: c, transaction: transaction{ctx: ctx, readOnly: opts.ReadOnly}}
	c.mu.Lock()
	defer c.mu.Unlock()
	if open := c.session.tx; open != nil && open.ctx.Err() == nil { // which would not learn of the writes behind this one, nor refuse them
		return nil, transactionError("the connection has begun one with transactions=ignore that is still open; commit it or roll it back first, or take another connection")
	}
	c.session.tx = &tx.transaction
	return tx, nil
}

// Begin calls BeginTx. It implements driver.Conn.
//
// Deprecated: database/sql calls BeginTx.
func (c *Conn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

// Commit ends the transaction.
func (tx *openTx) Commit() error {
	tx.end()
	return nil
}

// Rollback ends the transaction. It returns an error if anything may have been written.
func (tx *openTx) Rollback() error {
	tx.end()
	if tx.transaction.writes.Any() {
		return transactionError("the rollback undoes nothing, and what was written remains")
	}
	return nil
}

// end ends the transaction, if it is still that of the connection.
func (tx *openTx) end() {
	tx.conn.mu.Lock()
	defer tx.conn.mu.Unlock()
	if tx.conn.session.tx == &tx.transaction {
		tx.conn.session.tx = nil
	}
}
