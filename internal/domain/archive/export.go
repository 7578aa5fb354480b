package archive

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"strings"
	"time"

	"parlatory"
	"parlatory/internal/domain/contact"
	"parlatory/internal/storage/db"
	"parlatory/internal/storage/ledger"
)

// manifestForm is the first line of what signs an export.
const manifestForm = "parlatory contact export 1"

// Export writes all that is kept on a contact as one zip archive. The download is an entry of the ledger before its first byte goes out
// (AC-128). It reads page by page, so that its memory does not grow with what is kept; what is said meanwhile may be in it or not.
//
// Members are named by the server, whatever files were called (AC-095). manifest.json has the SHA-256 of each; manifest.json.note is signed
// by the workspace's archive key over the hash of manifest.json.
func (r *Room) Export(ctx context.Context, actor parlatory.Actor, who parlatory.ContactID, w io.Writer) error {
	permit, err := r.o.Law.Permit(ctx, actor, ActExport)
	if err != nil {
		return err
	}
	if err := full(permit); err != nil {
		return err
	}
	c, err := r.o.Contacts.Find(ctx, actor.Workspace, who)
	if err != nil {
		return err
	}
	if c.Erased {
		return contact.ErrErased()
	}
	signer, err := r.signer(ctx, actor.Workspace)
	if err != nil {
		return err
	}
	pen, err := r.o.Ledger.Pen(ctx, actor.Workspace)
	if err != nil {
		return err
	}
	x := &export{room: r, ctx: ctx, ws: actor.Workspace, contact: c, at: r.o.Clock.Now().UTC()}
	err = r.o.DB.Write(ctx, permit, func(tx *db.Tx) error {
		if err := r.may(tx, permit); err != nil {
			return err
		}
		if err := contact.Stands(tx, who); err != nil {
			return err
		}
		if x.tokens, err = contact.Tokens(tx, who); err != nil {
			return err
		}
		return pen.Witness(tx, ledger.Entry{Action: ledger.Downloaded, Element: elementContact, ID: who.Raw()})
	})
	if err != nil {
		return err
	}
	x.zip = zip.NewWriter(w)
	return x.run(signer)
}

// export is one that runs.
type export struct {
	room    *Room
	ctx     context.Context //nolint:containedctx // it lives for one call
	ws      parlatory.WorkspaceID
	contact contact.Contact
	tokens  []contact.TokenInfo
	at      time.Time
	zip     *zip.Writer
	members []member
}

// member is a line of the manifest.
type member struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

func (x *export) run(signer *Signer) error {
	for _, part := range []func() error{x.readme, x.profile, x.enquiries, x.entries, x.files} {
		if err := part(); err != nil {
			return err
		}
	}
	manifest, err := json.MarshalIndent(map[string]any{
		"form": manifestForm, "workspace": x.ws.String(), "contact": x.contact.ID.String(), "exported_at": x.at, "members": x.members,
	}, "", "  ")
	if err != nil {
		return fmt.Errorf("encode manifest: %w", err)
	}
	manifest = append(manifest, '\n')
	if err := x.text("manifest.json", manifest); err != nil {
		return err
	}
	sum := sha256.Sum256(manifest)
	note, err := signer.Sign(strings.Join([]string{
		manifestForm, "workspace: " + x.ws.String(), "contact: " + x.contact.ID.String(), "exported at: " + x.at.Format(time.RFC3339Nano),
		"sha-256 of manifest.json: " + hex.EncodeToString(sum[:]), "",
	}, "\n"))
	if err != nil {
		return err
	}
	if err := x.text("manifest.json.note", []byte(note)); err != nil {
		return err
	}
	if err := x.zip.Close(); err != nil {
		return fmt.Errorf("end archive: %w", err)
	}
	return nil
}

// tally counts and hashes what goes into a member.
type tally struct {
	w   io.Writer
	sum hash.Hash
	n   int64
}

func (t *tally) Write(b []byte) (int, error) {
	n, err := t.w.Write(b)
	t.sum.Write(b[:n])
	t.n += int64(n)
	return n, err
}

// member writes one; name comes from the program alone.
func (x *export) member(name string, fill func(io.Writer) error) error {
	w, err := x.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: x.at})
	if err != nil {
		return fmt.Errorf("archive member: %w", err)
	}
	t := &tally{w: w, sum: sha256.New()}
	if err := fill(t); err != nil {
		return err
	}
	x.members = append(x.members, member{name, t.n, hex.EncodeToString(t.sum.Sum(nil))})
	return nil
}

func (x *export) text(name string, b []byte) error {
	return x.member(name, func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}

func (x *export) json(name string, v any) error {
	return x.member(name, func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	})
}

const readmeText = `This archive holds all that is kept on one contact of a workspace.

contact.json          name, address, and the browsers that hold a token: site and times, never the token itself
enquiries.json        each conversation: state, times, who answered
messages/NNNNNN.jsonl what was said in it, by whom and when, one message a line; also notes of the staff, since they are kept on the contact
ledger.jsonl          entries of the audit log about the contact, with their values. Address and device are given where the contact acted, not those of the staff
files.jsonl           what the files under files/ were called, and of what type they are
manifest.json         the SHA-256 of each member
manifest.json.note    the workspace's signature over the SHA-256 of manifest.json (https://c2sp.org/signed-note)

Times are UTC. Names of members are made by the server.
`

func (x *export) readme() error { return x.text("README.txt", []byte(readmeText)) }

func (x *export) profile() error {
	type token struct {
		Site    string    `json:"site"`
		Created time.Time `json:"created_at"`
		Seen    time.Time `json:"seen_at"`
		Expires time.Time `json:"expires_at"`
	}
	tokens := make([]token, 0, len(x.tokens))
	for _, t := range x.tokens {
		tokens = append(tokens, token{t.Site, t.CreatedAt, t.SeenAt, t.Expires})
	}
	return x.json("contact.json", struct {
		ID      parlatory.ContactID `json:"id"`
		Name    string              `json:"name"`
		Email   string              `json:"email,omitempty"`
		Created time.Time           `json:"created_at"`
		Tokens  []token             `json:"tokens"`
	}{x.contact.ID, x.contact.Name, x.contact.Email, x.contact.CreatedAt, tokens})
}

// files copies them under names of the server's own.
func (x *export) files() error {
	if x.room.o.Files == nil {
		return nil
	}
	type line struct {
		Member string `json:"member"`
		Name   string `json:"name"`
		Type   string `json:"type"`
		Bytes  int64  `json:"bytes"`
	}
	index := newSpool()
	n := 0
	err := x.room.o.Files.Export(x.ctx, x.ws, x.contact.ID, func(name, mediaType string, size int64, in io.Reader) error {
		n++
		at := fmt.Sprintf("files/%06d", n)
		if err := x.member(at, func(w io.Writer) error { _, err := io.Copy(w, in); return err }); err != nil {
			return err
		}
		return index.put(line{at, name, mediaType, size})
	})
	if err != nil {
		return fmt.Errorf("export files: %w", err)
	}
	return x.text("files.jsonl", index.b.Bytes())
}
