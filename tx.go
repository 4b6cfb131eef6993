package greptime

import (
	"context"
	"database/sql/driver"
	"sync/atomic"
)

var _ driver.Tx = (*transaction)(nil)

// transaction is what BeginTx returns with transactions=ignore: nothing but a
// memory of whether anything was written.
type transaction struct {
	conn     *Conn
	readOnly bool
	wrote    atomic.Bool
}

// transactionError is an ErrTransactions where transactions=ignore is set already.
type transactionError string

// Error returns the text.
func (e transactionError) Error() string {
	return "greptime: GreptimeDB has no transactions: " + string(e)
}

// Is reports whether target is ErrTransactions.
func (transactionError) Is(target error) bool { return target == ErrTransactions }

// BeginTx returns ErrTransactions: GreptimeDB has none. With
// transactions=ignore, for tools that insist, statements run as they come,
// Commit does nothing, Rollback is an error if anything was written, and what
// writes is refused if the transaction is read-only. The texts BEGIN, COMMIT,
// ROLLBACK, SAVEPOINT and so on do nothing then.
func (c *Conn) BeginTx(_ context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if _, err := c.current(); err != nil {
		return nil, err
	}
	if c.connector.cfg.Transactions != transactionsIgnore {
		return nil, ErrTransactions
	}
	if opts.Isolation != 0 {
		return nil, transactionError("an isolation level cannot be had, not even with transactions=ignore")
	}
	tx := &transaction{conn: c, readOnly: opts.ReadOnly}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tx = tx
	return tx, nil
}

// Begin is BeginTx for the driver.Conn interface.
//
// Deprecated: database/sql calls BeginTx.
func (c *Conn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

// mayWrite refuses a statement that writes in a read-only transaction.
func (c *Conn) mayWrite(st statement) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tx != nil && c.tx.readOnly && !st.readOnly {
		return transactionError("this one, which transactions=ignore lets begin, is read-only, and the statement may write")
	}
	return nil
}

// noteWrite remembers that a statement may have written something.
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

// Rollback ends the transaction; it is an error if anything may have been written.
func (tx *transaction) Rollback() error {
	tx.end()
	if tx.wrote.Load() {
		return transactionError("what was written stays")
	}
	return nil
}

// end ends the transaction, if it is still the connection's.
func (tx *transaction) end() {
	tx.conn.mu.Lock()
	defer tx.conn.mu.Unlock()
	if tx.conn.tx == tx {
		tx.conn.tx = nil
	}
}
