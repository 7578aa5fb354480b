package rig

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Person is what somebody has to sign in with.
type Person struct {
	Address  string
	Password string         // Password where empty
	Phone    *Authenticator // nil: no second factor
	Recovery string         // a recovery code, used instead of the phone
	Trust    bool           // asks that this browser be trusted
}

func (p Person) password() string {
	if p.Password != "" {
		return p.Password
	}
	return Password
}

// Step is the answer of each step of a sign-in.
type Step struct {
	State    string `json:"state"`
	Owed     string `json:"owed"`
	Security string `json:"security_version"`
	Privacy  string `json:"privacy_version"`
	Factor   *struct {
		TOTP      bool `json:"totp"`
		Passkey   bool `json:"passkey"`
		Recovery  bool `json:"recovery"`
		TrustDays int  `json:"trust_days"`
	} `json:"factor"`
	Enrol *struct {
		PhishingResistant bool   `json:"phishing_resistant"`
		Message           string `json:"message"`
		MailCode          bool   `json:"mail_code"`
	} `json:"enrol"`
}

// Begin gives the password; what is owed then is left to the caller.
func (c *Client) Begin(ctx context.Context, p Person) (step Step, err error) {
	return step, c.Do(ctx, "POST", "/api/v1/signin", map[string]any{"email": p.Address, "password": p.password()}, &step)
}

// SignIn opens a session with all that the person has, in the browser that c is.
func (c *Client) SignIn(ctx context.Context, p Person) error {
	step, err := c.Begin(ctx, p)
	if err != nil {
		return err
	}
	return c.Pay(ctx, step, p)
}

// Pay pays what a sign-in owes, one step after another.
func (c *Client) Pay(ctx context.Context, step Step, p Person) error {
	for range 5 {
		var next Step
		var err error
		switch {
		case step.State == "signed_in":
			return nil
		case step.Owed == "agreement":
			in := map[string]any{"security_version": step.Security, "privacy_version": step.Privacy}
			err = c.Do(ctx, "POST", "/api/v1/signin/agreement", in, &next)
		case step.Owed == "factor" && p.Recovery != "":
			err = c.Do(ctx, "POST", "/api/v1/signin/factor", map[string]any{"recovery_code": p.Recovery}, &next)
		case step.Owed == "factor" && p.Phone != nil:
			c.phone = p.Phone
			in := map[string]any{"code": p.Phone.Code(ctx)}
			if p.Trust {
				in["trust"] = true
			}
			err = c.Do(ctx, "POST", "/api/v1/signin/factor", in, &next)
		default:
			return fmt.Errorf("sign-in ended at %q, %q owed", step.State, step.Owed)
		}
		if err != nil {
			return err
		}
		step = next
	}
	return fmt.Errorf("sign-in owes without end: %q", step.Owed)
}

// StepUp proves again who this is: by the phone where there is one, else by the password.
func (c *Client) StepUp(ctx context.Context) error {
	if c.phone != nil {
		return c.Do(ctx, "POST", "/api/v1/me/step-up", map[string]any{"code": c.phone.Code(ctx)}, nil)
	}
	return c.Do(ctx, "POST", "/api/v1/me/step-up", map[string]any{"password": Password}, nil)
}

// MailCode waits for the letter with a code of eight digits.
func (s *Server) MailCode(ctx context.Context, address string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		text, err := s.Mail.Text(ctx, address)
		if err != nil {
			return "", err
		}
		if found := eightDigits.FindStringSubmatch(text); found != nil {
			return found[1] + found[2], nil
		}
	}
}

var eightDigits = regexp.MustCompile(`(?:^|[^0-9])([0-9]{4})[ -]?([0-9]{4})(?:[^0-9]|$)`)

// Enrol adds a phone. Where is "/api/v1/me/factors" with a session, or "/api/v1/signin/enrol" with a half one; a first
// factor needs the code that is mailed to the address. The step that follows is paid for a half session.
func (c *Client) Enrol(ctx context.Context, where string, p Person, first bool) (phone *Authenticator, recovery []string, err error) {
	in := map[string]any{"name": "Phone"}
	if first {
		if err = c.Do(ctx, "POST", where+"/mail-code", nil, nil); err != nil {
			return nil, nil, err
		}
		if in["mail_code"], err = c.server.MailCode(ctx, p.Address); err != nil {
			return nil, nil, err
		}
	}
	var begun struct {
		Ceremony string `json:"ceremony"`
		Secret   string `json:"secret"`
	}
	if err = c.Do(ctx, "POST", where+"/totp", map[string]any{}, &begun); err != nil {
		return nil, nil, err
	}
	phone = NewAuthenticator(begun.Secret)
	in["ceremony"], in["code"] = begun.Ceremony, phone.Code(ctx)
	var out struct {
		Step     *Step    `json:"step"`
		Recovery []string `json:"recovery_codes"`
	}
	if err = c.Do(ctx, "POST", where+"/totp/confirm", in, &out); err != nil {
		return nil, nil, err
	}
	c.phone = phone
	if out.Step != nil {
		p.Phone = phone
		err = c.Pay(ctx, *out.Step, p)
	}
	return phone, out.Recovery, err
}

// Bearer makes an API token with scopes, and a client that has nothing but it.
func (c *Client) Bearer(ctx context.Context, in map[string]any) (*Client, error) {
	if err := c.StepUp(ctx); err != nil {
		return nil, err
	}
	var made struct {
		Token string `json:"token"`
	}
	if err := c.Do(ctx, "POST", "/api/v1/me/tokens", in, &made); err != nil {
		return nil, err
	}
	host, _, _ := strings.Cut(c.Host, ":")
	program := c.server.Client(host)
	program.Header.Set("Authorization", "Bearer "+made.Token)
	return program, nil
}
