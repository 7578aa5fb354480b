package parlatory

import (
	"errors"
	"fmt"
	"time"
)

// Kind sorts errors by what the caller can do about them. Doors translate it; no HTTP status below edge.
type Kind uint8

const (
	KindInternal        Kind = iota // our fault; the caller learns nothing of the cause
	KindInvalid                     // the request is wrong: Fields says where
	KindUnauthenticated             // sign in first
	KindForbidden                   // known, but not allowed
	KindNotFound                    // does not exist, or must look so
	KindConflict                    // the state has moved on
	KindExpired                     // a link or token is used up or too old
	KindTooLarge                    // over a size limit
	KindTooMany                     // over a rate limit: RetryAfter says when
	KindUnavailable                 // a part is out of reach; try again
	KindStepUp                      // signed in, but password or factor must be given again for this
)

var kinds = [...]string{"internal", "invalid", "unauthenticated", "forbidden", "not-found", "conflict", "expired", "too-large", "too-many", "unavailable", "step-up"}

func (k Kind) String() string {
	if int(k) < len(kinds) {
		return kinds[k]
	}
	return "internal"
}

// Field names one wrong part of a request, in the words of the API.
type Field struct {
	Name   string
	Reason string
}

// Error is the one error that crosses floors. Public may be shown to anybody who made the request; the cause is
// for the log, and holds no content and no secret either.
type Error struct {
	Kind       Kind
	Public     string
	Fields     []Field
	RetryAfter time.Duration
	cause      error
}

func (e *Error) Error() string {
	s := e.Kind.String() + ": " + e.Public
	for _, f := range e.Fields {
		s += "; " + f.Name + " " + f.Reason
	}
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.cause }

// Fail makes an error of a kind with a public sentence.
func Fail(kind Kind, public string) *Error { return &Error{Kind: kind, Public: public} }

// Because attaches the cause.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// Invalid is a request with one wrong field.
func Invalid(field, reason string) *Error {
	return &Error{Kind: KindInvalid, Public: "Please check what you entered.", Fields: []Field{{field, reason}}}
}

// NotFound is what an absent thing and a hidden one have in common.
func NotFound() *Error { return Fail(KindNotFound, "This does not exist, or you may not see it.") }

// Forbidden is for those who may know that the thing exists.
func Forbidden() *Error { return Fail(KindForbidden, "Your role does not allow this.") }

// Conflict says which state stands in the way.
func Conflict(public string) *Error { return Fail(KindConflict, public) }

// Internal wraps a fault of ours with a noun phrase for the log.
func Internal(what string, cause error) *Error {
	return &Error{Kind: KindInternal, Public: "Something went wrong on our side. Nothing was saved.", cause: fmt.Errorf("%s: %w", what, cause)}
}

// KindOf gives the kind of an error; anything that is no *Error is internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return KindInternal
}
