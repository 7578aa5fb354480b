package vault

import (
	"crypto/hpke"
	"fmt"

	"parlatory"
)

// The form of a message to an inbox:
//
//	0x01 | encapsulated key, 1120 | ciphertext | tag, 16
//
// It is one-shot HPKE in base mode (RFC 9180 §6.1) with X-Wing, that is ML-KEM-768 with X25519, as the KEM
// (draft-ietf-hpke-pq), HKDF-SHA-256 and AES-256-GCM: what is recorded today does not open to a quantum computer later.
// Each message has a key of its own. Base mode proves nothing about the sender.
const (
	inboxVersion = 0x01
	inboxEnc     = 1120
	inboxPublic  = 1216
	inboxPrivate = 32
	// InboxOverhead is how much longer a message to an inbox is than its text.
	InboxOverhead = 1 + inboxEnc + tagSize
)

// inboxInfo keeps messages of this form apart from all others; the caller's info follows with its length.
func inboxInfo(info []byte) []byte {
	return appendPart(appendPart(nil, []byte("parlatory/v1 inbox")), info)
}

// MintInbox makes a key pair whose private half, sealed for the given place, opens what anybody seals to the public half
// (1,216 bytes), also while the workspace's keys are out of reach.
func MintInbox(h *Held, b Binding) (private Sealed, public []byte, err error) {
	erase(func() {
		var key hpke.PrivateKey
		if key, err = hpke.MLKEM768X25519().GenerateKey(); err != nil {
			return
		}
		var raw []byte
		if raw, err = key.Bytes(); err != nil {
			return
		}
		defer clear(raw)
		public = append(make([]byte, 0, inboxPublic), key.PublicKey().Bytes()...)
		private, err = h.Seal(b, raw)
	})
	if err != nil {
		return Sealed{}, nil, fmt.Errorf("mint inbox: %w", err)
	}
	return private, public, nil
}

// SealInbox seals a message of at most MaxPlain bytes to a public key. info names what the inbox is for, ad what the
// message belongs to; both must be the same at opening.
func SealInbox(public, info, ad, plain []byte) (sealed []byte, err error) {
	if len(plain) > MaxPlain {
		return nil, parlatory.Fail(parlatory.KindTooLarge, "This is too long.")
	}
	erase(func() {
		var key hpke.PublicKey
		if key, err = hpke.MLKEM768X25519().NewPublicKey(public); err != nil {
			return
		}
		enc, sender, fail := hpke.NewSender(key, hpke.HKDFSHA256(), hpke.AES256GCM(), inboxInfo(info))
		if err = fail; err != nil {
			return
		}
		var text []byte
		if text, err = sender.Seal(ad, plain); err != nil {
			return
		}
		sealed = append(append(append(make([]byte, 0, InboxOverhead+len(plain)), inboxVersion), enc...), text...)
	})
	if err != nil {
		return nil, fmt.Errorf("seal to inbox: %w", err)
	}
	return sealed, nil
}

// OpenInbox opens a message with the private key that MintInbox sealed. Any change anywhere is ErrOpen.
func OpenInbox(h *Held, b Binding, private Sealed, info, ad, sealed []byte) (plain []byte, err error) {
	if len(sealed) < InboxOverhead || len(sealed) > InboxOverhead+MaxPlain || sealed[0] != inboxVersion {
		return nil, fmt.Errorf("message to inbox: form: %w", ErrOpen)
	}
	erase(func() {
		var raw []byte
		if raw, err = h.Open(b, private); err != nil {
			return
		}
		defer clear(raw)
		if plain, err = openInbox(raw, info, ad, sealed[1:]); err != nil {
			plain, err = nil, ErrOpen
		}
	})
	if err != nil {
		return nil, fmt.Errorf("message to inbox: %w", err)
	}
	return plain, nil
}

// openInbox must run inside erase.
func openInbox(raw, info, ad, body []byte) ([]byte, error) {
	if len(raw) != inboxPrivate {
		return nil, ErrOpen
	}
	key, err := hpke.MLKEM768X25519().NewPrivateKey(raw)
	if err != nil {
		return nil, err
	}
	r, err := hpke.NewRecipient(body[:inboxEnc], key, hpke.HKDFSHA256(), hpke.AES256GCM(), inboxInfo(info))
	if err != nil {
		return nil, err
	}
	return r.Open(ad, body[inboxEnc:])
}
