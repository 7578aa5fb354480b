package security

import (
	"fmt"
	"strconv"
	"unicode/utf8"

	"parlatory"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/guard/policy"
)

// Bounds of the settings.
const (
	LengthLeast      = 8
	LengthMost       = 64
	LengthAlone      = 12 // the least where the password is the only factor (NIST SP 800-63B-4 §3.1.1 asks for 15, and 8 beside a factor)
	HistoryMost      = 24
	AgeMost          = 365
	ThresholdLeast   = 3
	ThresholdMost    = 20
	LockMinutesLeast = 5
	LockMinutesMost  = 24 * 60
	MessageMost      = 200
	TrustDaysMost    = 90
	IdleMinutesLeast = 15
	IdleMinutesMost  = 24 * 60
	LifeHoursLeast   = 1
	LifeHoursMost    = 30 * 24
)

func within(field string, n, least, most int) error {
	if n < least || n > most {
		return parlatory.Invalid(field, fmt.Sprintf("must be from %d to %d", least, most))
	}
	return nil
}

// sound judges a password policy beside the factor policy that it stands with.
func (p PasswordPolicy) sound(f FactorPolicy) error {
	if err := within("min_length", p.MinLength, LengthLeast, LengthMost); err != nil {
		return err
	}
	if p.MinLength < LengthAlone && !f.Required {
		return parlatory.Invalid("min_length", fmt.Sprintf("can be under %d only where a second factor is required", LengthAlone))
	}
	if err := within("history", p.History, 0, HistoryMost); err != nil {
		return err
	}
	return within("max_age_days", p.MaxAgeDays, 0, AgeMost)
}

func (p LockoutPolicy) sound() error {
	if p.Threshold != 0 {
		if err := within("threshold", p.Threshold, ThresholdLeast, ThresholdMost); err != nil {
			return parlatory.Invalid("threshold", fmt.Sprintf("must be 0 (off) or from %d to %d", ThresholdLeast, ThresholdMost))
		}
	}
	switch p.Ends {
	case EndsByTime:
		return within("minutes", p.Minutes, LockMinutesLeast, LockMinutesMost)
	case EndsByReset, EndsByAdministrator:
		return nil
	}
	return parlatory.Invalid("ends", "must be time, reset or administrator")
}

// sound judges a factor policy and gives its message in canonical form.
func (p FactorPolicy) sound(pass PasswordPolicy) (FactorPolicy, error) {
	if p.Message != "" {
		message, err := policy.Name(p.Message, 1, MessageMost)
		if err != nil || utf8.RuneCountInString(message) > MessageMost {
			return p, parlatory.Invalid("message", fmt.Sprintf("may have up to %d characters, on one line", MessageMost))
		}
		if workspace.Linklike(message) {
			return p, parlatory.Invalid("message", "must not hold a web address: people learn to trust links in mails by it")
		}
		p.Message = message
	}
	if err := within("trust_days", p.TrustDays, 0, TrustDaysMost); err != nil {
		return p, err
	}
	if p.Resistant && !p.Required {
		return p, parlatory.Invalid("phishing_resistant", "can be asked only where a factor is required")
	}
	if !p.Required && pass.MinLength < LengthAlone {
		return p, parlatory.Invalid("required", fmt.Sprintf("can't be switched off while passwords may have fewer than %d characters", LengthAlone))
	}
	return p, nil
}

func (p SessionPolicy) sound() error {
	if err := within("idle_minutes", p.IdleMinutes, IdleMinutesLeast, IdleMinutesMost); err != nil {
		return err
	}
	if err := within("life_hours", p.LifeHours, LifeHoursLeast, LifeHoursMost); err != nil {
		return err
	}
	if p.Idle() > p.Life() {
		return parlatory.Invalid("idle_minutes", "must not be longer than a whole session")
	}
	return nil
}

// values are the settings by name, as the ledger keeps them.
func (p PasswordPolicy) values() map[string]string {
	return map[string]string{"min_length": strconv.Itoa(p.MinLength), "history": strconv.Itoa(p.History), "max_age_days": strconv.Itoa(p.MaxAgeDays)}
}

func (p LockoutPolicy) values() map[string]string {
	return map[string]string{"lockout_threshold": strconv.Itoa(p.Threshold), "lockout_ends": string(p.Ends), "lockout_minutes": strconv.Itoa(p.Minutes)}
}

func (p FactorPolicy) values() map[string]string {
	return map[string]string{"required": strconv.FormatBool(p.Required), "phishing_resistant": strconv.FormatBool(p.Resistant),
		"message": p.Message, "trust_days": strconv.Itoa(p.TrustDays)}
}

func (p SessionPolicy) values() map[string]string {
	return map[string]string{"idle_minutes": strconv.Itoa(p.IdleMinutes), "life_hours": strconv.Itoa(p.LifeHours)}
}

// differing keeps of two sets of values what is not the same in both.
func differing(before, after map[string]string) (o, n map[string]string) {
	o, n = map[string]string{}, map[string]string{}
	for k, v := range after {
		if before[k] != v {
			o[k], n[k] = before[k], v
		}
	}
	return o, n
}
