package security

import (
	"time"

	"parlatory"
)

// Settings are what one workspace asks of its staff. They close the own door only; what belongs to the account (length, history,
// refused words) is judged by the strictest of the person's active memberships.
type Settings struct {
	Password PasswordPolicy
	Lockout  LockoutPolicy
	Factor   FactorPolicy
	Sessions SessionPolicy
}

// PasswordPolicy is the first card.
type PasswordPolicy struct {
	MinLength  int `json:"min_length"`   // 8 to 64 characters; under 12 only where a factor is required
	History    int `json:"history"`      // 0 to 24 earlier passwords that are refused
	MaxAgeDays int `json:"max_age_days"` // 0: never; 1 to 365
}

// LockoutEnd is how a lock at this door ends; a mailed reset ends it always.
type LockoutEnd string

// The ways.
const (
	EndsByTime          LockoutEnd = "time"          // after Minutes
	EndsByReset         LockoutEnd = "reset"         // by a mailed reset
	EndsByAdministrator LockoutEnd = "administrator" // by an administrator or a mailed reset
)

// LockoutPolicy counts failures in a row from devices that the person has not signed in on.
type LockoutPolicy struct {
	Threshold int        `json:"threshold"` // 0: the server's own floor alone; 3 to 20
	Ends      LockoutEnd `json:"ends"`
	Minutes   int        `json:"minutes"` // 5 to 1440, where Ends is time
}

// FactorPolicy is the second card.
type FactorPolicy struct {
	Required  bool   `json:"required"`
	Resistant bool   `json:"phishing_resistant"` // passkeys alone count
	Message   string `json:"message"`            // up to 200 characters to the staff
	TrustDays int    `json:"trust_days"`         // 0: devices are never trusted; 1 to 90
}

// Counts reports whether a factor given at sign-in is enough at this door.
func (p FactorPolicy) Counts(f parlatory.Factor) bool {
	if !p.Required {
		return true
	}
	if p.Resistant {
		return f == parlatory.Passkey
	}
	return f != parlatory.NoFactor
}

// SessionPolicy bounds sessions (ASVS 7.3.1, 7.3.2).
type SessionPolicy struct {
	IdleMinutes int `json:"idle_minutes"` // 15 to 1440
	LifeHours   int `json:"life_hours"`   // 1 to 720
}

// Idle is the longest pause.
func (p SessionPolicy) Idle() time.Duration { return time.Duration(p.IdleMinutes) * time.Minute }

// Life is the longest session.
func (p SessionPolicy) Life() time.Duration { return time.Duration(p.LifeHours) * time.Hour }

// Default is what holds where nothing was set.
func Default() Settings {
	return Settings{
		Password: PasswordPolicy{MinLength: 12},
		Lockout:  LockoutPolicy{Ends: EndsByTime, Minutes: 15},
		Sessions: SessionPolicy{IdleMinutes: 8 * 60, LifeHours: 7 * 24},
	}
}
