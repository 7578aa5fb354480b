package db

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"

	"parlatory"
)

// sqlValue is what ids and sealed values offer.
type sqlValue interface{ SQL() any }

// argument turns a value into what drivers take. The zero time is NULL, as the zero id is.
func argument(v any) (driver.Value, error) {
	switch x := v.(type) {
	case nil:
		return nil, nil
	case string:
		return x, nil
	case []byte:
		if x == nil {
			return nil, nil
		}
		return x, nil
	case int64:
		return x, nil
	case int:
		return int64(x), nil
	case bool:
		if x {
			return int64(1), nil
		}
		return int64(0), nil
	case float64:
		return x, nil
	case time.Time:
		if x.IsZero() {
			return nil, nil
		}
		return parlatory.Micros(x), nil
	case sqlValue:
		if r := reflect.ValueOf(v); r.Kind() == reflect.Pointer && r.IsNil() {
			return nil, nil
		}
		return argument(x.SQL())
	case parlatory.Secret:
		return nil, fmt.Errorf("argument: a secret is no column value")
	}
	return reflected(v)
}

func reflected(v any) (driver.Value, error) {
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Pointer:
		if r.IsNil() {
			return nil, nil
		}
		return argument(r.Elem().Interface())
	case reflect.String:
		return r.String(), nil
	case reflect.Bool:
		return argument(r.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return r.Int(), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if r.Uint() > math.MaxInt64 {
			return nil, fmt.Errorf("argument: %s over 63 bits", r.Type())
		}
		return int64(r.Uint()), nil
	case reflect.Float32, reflect.Float64:
		return r.Float(), nil
	case reflect.Slice:
		if r.Type().Elem().Kind() == reflect.Uint8 {
			return argument(r.Bytes())
		}
	case reflect.Array:
		if r.Type().Elem().Kind() == reflect.Uint8 {
			b := make([]byte, r.Len())
			reflect.Copy(reflect.ValueOf(b), r)
			return b, nil
		}
	}
	return nil, fmt.Errorf("argument: %T is no column value", v)
}

// assign puts a column value into a destination. NULL becomes the zero value.
func assign(dest any, src driver.Value) error {
	switch d := dest.(type) {
	case *string:
		return assignText(d, src)
	case *int64:
		n, err := integer(src)
		*d = n
		return err
	case *int:
		n, err := integer(src)
		*d = int(n)
		return err
	case *bool:
		n, err := integer(src)
		*d = n != 0
		return err
	case *[]byte:
		return assignBytes(d, src)
	case *time.Time:
		n, err := integer(src)
		if *d = (time.Time{}); n != 0 {
			*d = parlatory.FromMicros(n)
		}
		return err
	case sql.Scanner:
		return d.Scan(src)
	case *any:
		*d = src
		return nil
	}
	return assignReflected(dest, src)
}

func assignText(d *string, src driver.Value) error {
	switch s := src.(type) {
	case nil:
		*d = ""
	case string:
		*d = s
	case []byte:
		*d = string(s)
	default:
		return mismatch(d, src)
	}
	return nil
}

func assignBytes(d *[]byte, src driver.Value) error {
	switch s := src.(type) {
	case nil:
		*d = nil
	case []byte:
		*d = s
	case string:
		*d = []byte(s)
	default:
		return mismatch(d, src)
	}
	return nil
}

// integer reads whole numbers; PostgreSQL gives sums as text.
func integer(src driver.Value) (int64, error) {
	switch s := src.(type) {
	case nil:
		return 0, nil
	case int64:
		return s, nil
	case bool:
		if s {
			return 1, nil
		}
		return 0, nil
	case string:
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n, nil
		}
	}
	return 0, fmt.Errorf("scan: %T is no whole number", src)
}

func assignReflected(dest any, src driver.Value) error {
	p := reflect.ValueOf(dest)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return fmt.Errorf("scan: destination %T is no pointer", dest)
	}
	e := p.Elem()
	switch e.Kind() {
	case reflect.Pointer:
		if src == nil {
			e.SetZero()
			return nil
		}
		e.Set(reflect.New(e.Type().Elem()))
		return assign(e.Interface(), src)
	case reflect.String:
		var s string
		err := assignText(&s, src)
		e.SetString(s)
		return err
	case reflect.Bool:
		n, err := integer(src)
		e.SetBool(n != 0)
		return err
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, err := integer(src)
		if err == nil && e.OverflowInt(n) {
			return mismatch(dest, src)
		}
		e.SetInt(n)
		return err
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, err := integer(src)
		if err == nil && (n < 0 || e.OverflowUint(uint64(n))) {
			return mismatch(dest, src)
		}
		e.SetUint(uint64(n))
		return err
	}
	return assignRest(e, dest, src)
}

func assignRest(e reflect.Value, dest any, src driver.Value) error {
	switch {
	case e.Kind() == reflect.Float64 || e.Kind() == reflect.Float32:
		switch s := src.(type) {
		case nil:
			e.SetFloat(0)
			return nil
		case float64:
			e.SetFloat(s)
			return nil
		case int64:
			e.SetFloat(float64(s))
			return nil
		}
	case e.Kind() == reflect.Slice && e.Type().Elem().Kind() == reflect.Uint8:
		var b []byte
		err := assignBytes(&b, src)
		e.SetBytes(b)
		return err
	case e.Kind() == reflect.Array && e.Type().Elem().Kind() == reflect.Uint8:
		if b, ok := src.([]byte); ok && len(b) == e.Len() {
			reflect.Copy(e, reflect.ValueOf(b))
			return nil
		}
	}
	return mismatch(dest, src)
}

func mismatch(dest any, src driver.Value) error {
	return fmt.Errorf("scan: %T does not fit %T", src, dest)
}
