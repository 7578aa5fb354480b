package app

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"strings"

	"parlatory"
	"parlatory/internal/domain/chat"
	"parlatory/internal/domain/role"
	"parlatory/internal/domain/signin"
	"parlatory/internal/domain/workspace"
	"parlatory/internal/outbound/mail"
)

// seeder fills the sample workspace as people would: sign-up, mailed links, invitations, a listed site, visitors.
type seeder struct {
	*Program
	kept   *mail.Kept
	random *rand.Rand
	site   string
	people []DemoPerson
	actors []parlatory.Actor
}

// demoRandom is the source of the demo's passwords.
func demoRandom(seed uint64) *rand.Rand {
	if seed != 0 {
		return rand.New(rand.NewPCG(seed, seed))
	}
	var b [32]byte
	_, _ = crand.Read(b[:]) // never fails (crypto/rand)
	return rand.New(rand.NewChaCha8(b))
}

// password is four short words of consonant and vowel and a number: 12 syllables of 85 and two digits, over 80 bits.
func (s *seeder) password() parlatory.Secret {
	const consonants, vowels = "bdfghjklmnprstvwz", "aeiou"
	var b strings.Builder
	for word := range 4 {
		if word > 0 {
			b.WriteByte('-')
		}
		for range 3 {
			b.WriteByte(consonants[s.random.IntN(len(consonants))])
			b.WriteByte(vowels[s.random.IntN(len(vowels))])
		}
	}
	return parlatory.NewSecret(fmt.Sprintf("%s-%02d", b.String(), s.random.IntN(100)))
}

func (s *seeder) guest(ws parlatory.WorkspaceID) parlatory.Actor {
	return parlatory.Actor{Kind: parlatory.Anonymous, Workspace: ws, Address: netip.AddrFrom4([4]byte{127, 0, 0, 1}), Device: "parlatory demo"}
}

func (s *seeder) sow(ctx context.Context) error {
	ws, err := s.found(ctx)
	if err != nil {
		return err
	}
	for _, m := range []DemoPerson{
		{Name: "Robin Vale", Role: role.Supervisor, Email: "robin@acme.example"},
		{Name: "Sam Ito", Role: role.Agent, Email: "sam@acme.example"},
	} {
		if err := s.hire(ctx, ws, m); err != nil {
			return err
		}
	}
	if _, err := s.Rooms.Workspace.AddSite(ctx, s.actors[0], s.site); err != nil {
		return fmt.Errorf("list site: %w", err)
	}
	return s.enquiries(ctx, ws)
}

func (s *seeder) found(ctx context.Context) (parlatory.WorkspaceID, error) {
	admin := DemoPerson{Name: "Dana Okafor", Role: role.Administrator, Email: "dana@acme.example"}
	security, privacy := workspace.Version, workspace.Version
	house := s.guest(parlatory.House)
	err := s.Rooms.Signin.RequestSignup(ctx, house, signin.Signup{
		Company: "Harbour & Pine", Subdomain: demoSubdomain, Email: admin.Email, SecurityVersion: security, PrivacyVersion: privacy,
	})
	if err != nil {
		return parlatory.WorkspaceID{}, fmt.Errorf("sign up: %w", err)
	}
	token, err := s.mailed(ctx, admin.Email)
	if err != nil {
		return parlatory.WorkspaceID{}, err
	}
	password := s.password()
	founded, err := s.Rooms.Signin.CompleteSignup(ctx, house, token, admin.Name, password)
	if err != nil {
		return parlatory.WorkspaceID{}, fmt.Errorf("complete sign-up: %w", err)
	}
	result, err := s.Rooms.Signin.Enter(ctx, s.guest(founded.Workspace), signin.Try{Email: admin.Email, Password: password})
	if err != nil {
		return parlatory.WorkspaceID{}, fmt.Errorf("sign in: %w", err)
	}
	return founded.Workspace, s.settle(ctx, founded.Workspace, admin, password, result)
}

func (s *seeder) hire(ctx context.Context, ws parlatory.WorkspaceID, m DemoPerson) error {
	if _, err := s.Rooms.Staff.Invite(ctx, s.actors[0], m.Email, m.Name, m.Role); err != nil {
		return fmt.Errorf("invite: %w", err)
	}
	token, err := s.mailed(ctx, m.Email)
	if err != nil {
		return err
	}
	password := s.password()
	result, err := s.Rooms.Signin.AcceptInvitation(ctx, s.guest(ws), token, m.Name, password)
	if err != nil {
		return fmt.Errorf("accept invitation: %w", err)
	}
	return s.settle(ctx, ws, m, password, result)
}

// settle pays the one step that a first sign-in owes, and keeps the session's actor.
func (s *seeder) settle(ctx context.Context, ws parlatory.WorkspaceID, m DemoPerson, password parlatory.Secret, result signin.Result) error {
	guest := s.guest(ws)
	if result.Owed != "" {
		half, err := s.store.Attempt(ctx, ws, result.Token.Reveal(), guest)
		if err != nil {
			return fmt.Errorf("sign in: %w", err)
		}
		security, privacy := workspace.Version, workspace.Version
		if result, err = s.Rooms.Signin.Agree(ctx, half, security, privacy); err != nil {
			return fmt.Errorf("agree: %w", err)
		}
	}
	actor, err := s.store.Session(ctx, ws, result.Token.Reveal(), guest)
	if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	m.Password = password.Reveal()
	s.people, s.actors = append(s.people, m), append(s.actors, actor)
	return nil
}

var linkToken = regexp.MustCompile(`#token=([A-Za-z0-9_-]{43})`)

// mailed delivers what waits, and takes the token from the newest mail to an address.
func (s *seeder) mailed(ctx context.Context, to string) (parlatory.Secret, error) {
	if _, err := s.Rooms.Workspace.Outbox().Deliver(ctx); err != nil {
		return parlatory.Secret{}, fmt.Errorf("deliver mail: %w", err)
	}
	for _, m := range s.kept.Letters() {
		if found := linkToken.FindStringSubmatch(m.Text); m.To == to && found != nil {
			return parlatory.NewSecret(found[1]), nil
		}
	}
	return parlatory.Secret{}, errors.New("the mail with the link did not come")
}

// sample is one conversation: lines by the visitor and, after >, by staff.
type sample struct {
	name, email, page, question string
	staff                       int // index of who picked it up; -1: it waits
	lines                       []string
	closed                      bool
	files                       map[int]string // by the index of the line that brings one
}

var samples = []sample{
	{"Jonas Lindqvist", "jonas@example.com", "/delivery", "Do you deliver to Gotland, and how long does it take?", 1, []string{
		">Good morning Jonas, yes we do: three working days, and the ferry day comes on top.", "That works for me, thank you!", ">You are welcome. Enjoy the lamp.",
	}, true, nil},
	{"Amara Okoye", "amara@example.com", "/", "Invoice 2026-0417 shows a VAT number that is not ours; it ends in 88 and ours ends in 38.", 0, []string{
		">Good morning Amara, thank you for telling us. Could you send the right number, so that I can correct the invoice?", "It is DE 811 234 538. Our accounting period closes this evening, could you send the new invoice today?",
	}, false, nil},
	{"Priya Raman", "", "/", "Is the oak bench treated for outdoor use?", 2, []string{
		">Hello Priya, it is oiled, and it stands outside well if you oil it again once a year.", "Ours has gone grey on the seat. Is it too late?",
		">Not at all: that is only the surface. Here is how to do it.",
	}, false, map[int]string{1: samplePicture, 2: sampleDocument}},
	{"Mateo Fernández", "mateo@example.com", "/delivery", "My parcel says delivered, but nothing has come. Order 10442.", -1, []string{"I asked the neighbours too."}, false, nil},
	{"Yuki Tanaka", "", "/", "こんにちは。この棚は日本に送ってもらえますか?", -1, nil, false, nil},
}

func (s *seeder) enquiries(ctx context.Context, ws parlatory.WorkspaceID) error {
	for _, c := range samples {
		if err := s.converse(ctx, ws, c); err != nil {
			return fmt.Errorf("sample conversation: %w", err)
		}
	}
	return nil
}

func (s *seeder) converse(ctx context.Context, ws parlatory.WorkspaceID, c sample) error {
	visitor := s.guest(ws)
	visitor.Site = s.site
	privacy := workspace.Version
	begun, err := s.Rooms.Chat.Begin(ctx, visitor, chat.Beginning{
		Client: parlatory.NewID[parlatory.ClientKind](s.Clock), Name: c.name, Email: c.email, Question: c.question, Page: s.site + c.page, Language: "en", Privacy: privacy,
	})
	if err != nil {
		return err
	}
	if visitor, err = s.Rooms.Contact.Visitor(ctx, ws, begun.Token.Reveal(), s.site, visitor); err != nil {
		return err
	}
	if c.staff >= 0 {
		if _, err := s.Rooms.Chat.Pickup(ctx, s.actors[c.staff], begun.Enquiry); err != nil {
			return err
		}
	}
	for i, line := range c.lines {
		who := visitor
		if text, said := strings.CutPrefix(line, ">"); said {
			who, line = s.actors[c.staff], text
		}
		post := chat.Post{Room: begun.Room, Client: parlatory.NewID[parlatory.ClientKind](s.Clock), Body: line}
		if name, brings := c.files[i]; brings {
			id, err := s.upload(ctx, who, begun.Room, name)
			if err != nil {
				return err
			}
			post.Files = []parlatory.FileID{id}
		}
		if _, err := s.Rooms.Chat.Post(ctx, who, post); err != nil {
			return err
		}
	}
	if c.closed {
		_, err = s.Rooms.Chat.CloseEnquiry(ctx, s.actors[c.staff], begun.Enquiry)
	}
	return err
}
