package workspace

import (
	"context"
	"embed"

	"parlatory"
)

// Version is the version in force of the two policies. A change of a text is a new version: everybody is asked again.
const Version = "2026-11"

//go:embed policies/*.md
var policyTexts embed.FS

// Policy is one document.
type Policy struct{ Version, Title, Text string }

// Policies are the documents that everybody who signs up or in agrees to.
type Policies struct{ Security, Privacy Policy }

// Policies gives the documents in force.
func (w *Room) Policies(ctx context.Context, actor parlatory.Actor) (Policies, error) {
	if _, err := w.o.Law.Permit(ctx, actor, ActPolicies); err != nil {
		return Policies{}, err
	}
	return policies()
}

func policies() (Policies, error) {
	security, err := policyTexts.ReadFile("policies/security.md")
	if err != nil {
		return Policies{}, parlatory.Internal("read security policy", err)
	}
	privacy, err := policyTexts.ReadFile("policies/privacy.md")
	if err != nil {
		return Policies{}, parlatory.Internal("read privacy policy", err)
	}
	return Policies{
		Security: Policy{Version, "Security policy", string(security)},
		Privacy:  Policy{Version, "Privacy policy", string(privacy)},
	}, nil
}

// Agreed judges the versions that somebody agrees to: only the ones in force count.
func Agreed(security, privacy string) error {
	if security != Version {
		return parlatory.Invalid("security_version", "is not the version in force, please read the current text")
	}
	if privacy != Version {
		return parlatory.Invalid("privacy_version", "is not the version in force, please read the current text")
	}
	return nil
}
