package sqlinsert

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"math/big"
	"time"

	"github.com/greptime-go/greptime/internal/column"
	"github.com/greptime-go/greptime/internal/sqlarg"
	"github.com/greptime-go/greptime/sqltype"
)

// SetArg sets an argument. It accepts the types that CheckNamedValue of the driver returns.
func (c *Cell) SetArg(t column.Type, v driver.Value) error {
	switch v := v.(type) {
	case nil:
		c.SetNull()
		return nil
	case string:
		return c.SetString(t, v)
	case float64:
		return c.SetFloat64(t, v)
	case float32:
		return c.SetFloat32(t, v)
	case int64:
		return c.SetInt(t, v)
	case int:
		return c.SetInt(t, int64(v))
	case int32:
		return c.SetInt(t, int64(v))
	case int16:
		return c.SetInt(t, int64(v))
	case int8:
		return c.SetInt(t, int64(v))
	case uint64:
		return c.SetUint(t, v)
	case uint:
		return c.SetUint(t, uint64(v))
	case uint32:
		return c.SetUint(t, uint64(v))
	case uint16:
		return c.SetUint(t, uint64(v))
	case uint8:
		return c.SetUint(t, uint64(v))
	case bool:
		return c.SetBool(t, v)
	case time.Time:
		return c.SetTime(t, v)
	case []byte:
		return c.SetBytes(t, v)
	case json.RawMessage:
		return c.SetJSON(t, v)
	case sqltype.Vector:
		return c.SetVector(t, v)
	case sqltype.Decimal:
		return c.SetDecimal(t, string(v))
	case sqltype.Date:
		days, err := v.EpochDays()
		if err != nil {
			return err
		}
		return c.SetDate(t, v.Year, days)
	case *big.Rat:
		if v == nil {
			c.SetNull()
			return nil
		}
		text, err := sqlarg.RatText(v)
		if err != nil {
			return err
		}
		return c.SetDecimal(t, text)
	}
	return fmt.Errorf("a %T is left to the server to read", v)
}

// mayLoseArg reports whether the server may misread an argument.
func mayLoseArg(arg driver.Value) bool {
	switch v := arg.(type) {
	case int64:
		return mayLoseInt(v)
	case int:
		return mayLoseInt(int64(v))
	case int32:
		return mayLoseInt(int64(v))
	case int16:
		return mayLoseInt(int64(v))
	case int8:
		return mayLoseInt(int64(v))
	case uint64:
		return mayLoseUint(v)
	case uint:
		return mayLoseUint(uint64(v))
	case uint32:
		return mayLoseUint(uint64(v))
	case uint16:
		return mayLoseUint(uint64(v))
	case uint8:
		return mayLoseUint(uint64(v))
	case float64:
		return mayLoseFloat(v)
	case float32:
		return mayLoseFloat(float64(v))
	case string:
		return mayLoseText(v)
	case sqltype.Decimal:
		return mayLoseText(string(v))
	case *big.Rat:
		return v != nil && v.Sign() != 0
	case []byte:
		return mayLoseBytes(v)
	case json.RawMessage:
		return mayLoseText(string(v))
	}
	return false
}
