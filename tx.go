package greptime

import (
	"context"
	"database/sql/driver"

	internalsession "github.com/greptime-go/greptime/internal/session"
)

var _ driver.Tx = (*transaction)(nil)

// transaction is the value that BeginTx returns with transactions=ignore. It only
// counts the writes.
type transaction struct {
	conn     *Conn
	readOnly bool
	writes   internalsession.Writes
}

// transactionError is an ErrTransactions for programs that already set transactions=ignore.
type transactionError string

// Error returns the text.
func (e transactionError) Error() string {
	return "greptime: GreptimeDB has no transactions: " + string(e)
}

// Is reports whether target is ErrTransactions.
func (transactionError) Is(target error) bool { return target == ErrTransactions }

// BeginTx returns ErrTransactions, because GreptimeDB has no transactions. The DSN
// key transactions=ignore is for tools that cannot do without. With it, statements
// take effect at once, Commit does nothing, and Rollback is an error if anything was
// written. A read-only transaction refuses writes, and isolation levels are refused.
// The texts BEGIN, COMMIT, ROLLBACK, SAVEPOINT and so on do nothing then.
func (c *Conn) BeginTx(_ context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if _, err := c.current(); err != nil {
		return nil, err
	}
	if c.connector.cfg.Transactions != transactionsIgnore {
		return nil, ErrTransactions
	}
	if opts.Isolation != 0 {
		return nil, transactionError("isolation levels are not supported, even with transactions=ignore")
	}
	tx := &transaction{conn: c, readOnly: opts.ReadOnly}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tx = tx
	return tx, nil
}

// Begin calls BeginTx. It implements driver.Conn.
//
// Deprecated: database/sql calls BeginTx.
func (c *Conn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

// writes returns the writes of the open transaction, to which a write must be added. It
// is nil if there is no transaction. A read-only transaction refuses writes.
func (c *Conn) writes() (*internalsession.Writes, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.tx == nil:
		return nil, nil
	case c.tx.readOnly:
		return nil, transactionError("with transactions=ignore a read-only transaction refuses writes, and the statement may write")
	}
	return &c.tx.writes, nil
}

// Commit ends the transaction.
func (tx *transaction) Commit() error {
	tx.end()
	return nil
}

// Rollback ends the transaction. It returns an error if anything may have been written.
func (tx *transaction) Rollback() error {
	tx.end()
	if tx.writes.Any() {
		return transactionError("the rollback undoes nothing, and what was written remains")
	}
	return nil
}

// end ends the transaction, if it is still that of the connection.
func (tx *transaction) end() {
	tx.conn.mu.Lock()
	defer tx.conn.mu.Unlock()
	if tx.conn.tx == tx {
		tx.conn.tx = nil
	}
}
