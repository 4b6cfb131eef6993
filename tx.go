package greptime

import (
	"context"
	"database/sql/driver"
	"fmt"
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

// BeginTx returns ErrTransactions: GreptimeDB has none. With
// transactions=ignore, for tools that insist, statements run as they come,
// Commit does nothing, Rollback is an error if anything was written, and what
// writes is refused if the transaction is read-only.
func (c *Conn) BeginTx(_ context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if _, err := c.current(); err != nil {
		return nil, err
	}
	if c.connector.cfg.Transactions != transactionsIgnore {
		return nil, ErrTransactions
	}
	if opts.Isolation != 0 {
		return nil, fmt.Errorf("%w: an isolation level cannot be had, not even with transactions=ignore", ErrTransactions)
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
		return fmt.Errorf("%w: this one is read-only, and the statement may write", ErrTransactions)
	}
	return nil
}

// noteWrite remembers that a statement that writes was sent.
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

func (tx *transaction) Commit() error {
	tx.end()
	return nil
}

func (tx *transaction) Rollback() error {
	tx.end()
	if tx.wrote.Load() {
		return fmt.Errorf("%w: what was written stays", ErrTransactions)
	}
	return nil
}

func (tx *transaction) end() {
	tx.conn.mu.Lock()
	defer tx.conn.mu.Unlock()
	if tx.conn.tx == tx {
		tx.conn.tx = nil
	}
}
