package rig

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Password is that of every staff member of a test.
const Password = "correct horse 7 battery staple"

// SiteOrigin is the site that carries the widget.
const SiteOrigin = "https://shop.example"

// Workspace is a company on the server, founded through the same doors as anybody's.
type Workspace struct {
	Subdomain string
	Server    *Server
	Founder   *Client // signed in, administrator
}

// Policies are the versions that one agrees to.
type Policies struct {
	Security struct {
		Version string `json:"version"`
	} `json:"security"`
	Privacy struct {
		Version string `json:"version"`
	} `json:"privacy"`
}

// Found signs a company up, signs its founder in, and lists the site.
func (s *Server) Found(ctx context.Context, subdomain, company, name string) (*Workspace, error) {
	return s.FoundWith(ctx, s.Client(Domain), subdomain, company, name)
}

// FoundWith is Found with a browser of one's own for the sign-up.
func (s *Server) FoundWith(ctx context.Context, bare *Client, subdomain, company, name string) (*Workspace, error) {
	var policies Policies
	if err := bare.Do(ctx, "GET", "/api/v1/policies", nil, &policies); err != nil {
		return nil, err
	}
	address := "founder@" + subdomain + ".example"
	request := map[string]any{"company": company, "subdomain": subdomain, "email": address,
		"security_version": policies.Security.Version, "privacy_version": policies.Privacy.Version}
	if err := bare.Do(ctx, "POST", "/api/v1/signups", request, nil); err != nil {
		return nil, err
	}
	token, err := s.Token(ctx, address)
	if err != nil {
		return nil, err
	}
	if err = bare.Do(ctx, "POST", "/api/v1/signups/complete", map[string]any{"token": token, "name": name, "password": Password}, nil); err != nil {
		return nil, err
	}
	w := &Workspace{Subdomain: subdomain, Server: s}
	if w.Founder, err = w.SignIn(ctx, address); err != nil {
		return nil, err
	}
	return w, w.Founder.Do(ctx, "POST", "/api/v1/sites", map[string]any{"origin": SiteOrigin}, nil)
}

// Token waits for the letter to an address, and gives the key of its link.
func (s *Server) Token(ctx context.Context, address string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return s.Mail.Token(ctx, address)
}

// Host is the workspace's own name.
func (w *Workspace) Host() string { return w.Subdomain + "." + Domain }

// SignIn opens a session of a staff member without a second factor, in a browser that nobody has seen before.
func (w *Workspace) SignIn(ctx context.Context, address string) (*Client, error) {
	c := w.Server.Client(w.Host())
	return c, c.SignIn(ctx, Person{Address: address})
}

// Hire invites a person by mail and accepts for them.
func (w *Workspace) Hire(ctx context.Context, address, name, role string) (*Client, error) {
	return w.HireWith(ctx, w.Server.Client(w.Host()), address, name, role)
}

// HireWith is Hire with a browser of one's own.
func (w *Workspace) HireWith(ctx context.Context, c *Client, address, name, role string) (*Client, error) {
	if err := w.Founder.Do(ctx, "POST", "/api/v1/staff", map[string]any{"email": address, "role": role}, nil); err != nil {
		return nil, err
	}
	token, err := w.Server.Token(ctx, address)
	if err != nil {
		return nil, err
	}
	var step Step
	if err = c.Do(ctx, "POST", "/api/v1/invitations/accept", map[string]any{"token": token, "name": name, "password": Password}, &step); err != nil {
		return nil, err
	}
	return c, c.Pay(ctx, step, Person{Address: address})
}

// Visitor is a person on the site, with one enquiry.
type Visitor struct {
	*Client
	Token   string
	Contact string
	Enquiry string
	Room    string
}

// Visit opens an enquiry as a new visitor.
func (w *Workspace) Visit(ctx context.Context, name, question string) (*Visitor, error) {
	v := &Visitor{Client: w.Server.Client(w.Host())}
	v.Header.Set("Origin", SiteOrigin)
	var config struct {
		Privacy struct {
			Version string `json:"version"`
		} `json:"privacy"`
	}
	if err := v.Do(ctx, "GET", "/widget/v1/config", nil, &config); err != nil {
		return nil, err
	}
	var opened struct {
		Token   string `json:"token"`
		Contact string `json:"contact"`
		Enquiry struct {
			ID   string `json:"id"`
			Room string `json:"room"`
		} `json:"enquiry"`
	}
	request := map[string]any{"id": UUID(), "name": name, "question": question, "privacy_version": config.Privacy.Version}
	if err := v.Do(ctx, "POST", "/widget/v1/enquiries", request, &opened); err != nil {
		return nil, err
	}
	if opened.Token == "" || opened.Enquiry.Room == "" {
		return nil, errors.New("opening an enquiry gave no token or no room")
	}
	v.Token, v.Contact, v.Enquiry, v.Room = opened.Token, opened.Contact, opened.Enquiry.ID, opened.Enquiry.Room
	v.Header.Set("Authorization", "Bearer "+v.Token)
	return v, nil
}

// Paths of the live protocol.
const (
	StaffLive   = "/api/v1/live"
	VisitorLive = "/widget/v1/live"
)

// Live connects a staff member's client.
func (c *Client) Live(ctx context.Context, push func([]byte)) (*Live, error) {
	ws, err := c.WebSocket(ctx, StaffLive)
	if err != nil {
		return nil, err
	}
	return NewLive(ctx, ws, nil, push)
}

// Live connects the visitor's widget: a browser can't send headers with a WebSocket, so the token goes with connect.
func (v *Visitor) Live(ctx context.Context, push func([]byte)) (*Live, error) {
	return v.LiveFrom(ctx, SiteOrigin, push)
}

// LiveFrom is Live from a page of another site.
func (v *Visitor) LiveFrom(ctx context.Context, origin string, push func([]byte)) (*Live, error) {
	plain := &Client{Host: v.Host, Header: http.Header{"Origin": {origin}}, server: v.server, http: v.http, dialer: v.dialer}
	ws, err := plain.WebSocket(ctx, VisitorLive)
	if err != nil {
		return nil, err
	}
	return NewLive(ctx, ws, map[string]string{"token": v.Token}, push)
}

// UUID makes a random one (RFC 9562 §5.4).
func UUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
