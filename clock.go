package parlatory

import "time"

// Clock tells the time. Rooms hold one as a field, so that tests can move it.
type Clock interface{ Now() time.Time }

// SystemClock is the machine's clock in UTC.
type SystemClock struct{}

// Now is the current time, cut to microseconds as the database keeps it.
func (SystemClock) Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// Micros is the column value of a time: microseconds since 1970 UTC.
func Micros(t time.Time) int64 { return t.UnixMicro() }

// FromMicros reads the column value.
func FromMicros(us int64) time.Time { return time.UnixMicro(us).UTC() }
