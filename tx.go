package greptime

import (
	"context"
	"database/sql/driver"
	"sync/atomic"
)

var _ driver.Tx = (*transaction)(nil)

// transaction is the value that BeginTx returns with transactions=ignore. It only
// remembers whether anything was written.
type transaction struct {
	conn     *Conn
	readOnly bool
	wrote    atomic.Bool
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

// checkWrite refuses a statement that writes in a read-only transaction.
func (c *Conn) checkWrite(st statement) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tx != nil && c.tx.readOnly && !st.readOnly {
		return transactionError("with transactions=ignore a read-only transaction refuses writes, and the statement may write")
	}
	return nil
}

// noteWrite records that a statement may have written something.
func (c *Conn) noteWrite(st statement) {
	if st.readOnly {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tx != nil {
		c.tx.wrote.Store(true)
	}
}

// Commit ends the transaction.
func (tx *transaction) Commit() error {
	tx.end()
	return nil
}

// Rollback ends the transaction. It returns an error if anything may have been written.
func (tx *transaction) Rollback() error {
	tx.end()
	if tx.wrote.Load() {
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
