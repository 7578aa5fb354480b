package keyserver

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"parlatory/internal/guard/vault"
)

// answer is what the line reads of the API's JSON; all else in it is passed over.
type answer struct {
	LeaseID       string `json:"lease_id"`
	LeaseDuration int64  `json:"lease_duration"` // seconds
	Renewable     bool   `json:"renewable"`
	Data          struct {
		Ciphertext  string `json:"ciphertext"`
		Plaintext   string `json:"plaintext"` // base64 of a raw key
		Username    string `json:"username"`
		Password    string `json:"password"`
		Type        string `json:"type"`
		Latest      int    `json:"latest_version"`
		Exportable  bool   `json:"exportable"`
		PlainBackup bool   `json:"allow_plaintext_backup"`
		Derived     bool   `json:"derived"`
		// What the token may do at the one path that was asked about.
		Capabilities []string `json:"capabilities"`
	} `json:"data"`
	Auth struct {
		Token         string `json:"client_token"`
		LeaseDuration int64  `json:"lease_duration"`
		Renewable     bool   `json:"renewable"`
	} `json:"auth"`
	Errors []string `json:"errors"`
}

// errForbidden is a 403: the token is gone, or its policy does not allow it.
var errForbidden = errors.New("permission denied")

// parse reads a reply: nil and an answer, vault.ErrAway, vault.ErrOpen, vault.ErrWithdrawn or errForbidden. A text of the server decides, and
// goes no further.
func parse(r reply) (answer, error) {
	var a answer
	if r.status == http.StatusNoContent {
		return a, nil
	}
	err := json.Unmarshal(r.body, &a)
	if r.status == http.StatusOK {
		if err != nil {
			return answer{}, &fault{is: vault.ErrAway, what: "the answer cannot be read"}
		}
		return a, nil
	}
	// What stands between us and the server answers in forms of its own. That is no refusal by the server.
	own := err == nil && a.Errors != nil
	return answer{}, refusal(r.status, own, strings.ToLower(strings.Join(a.Errors, "\n")))
}

// What Check tells apart.
const (
	notThere      = "there is no such key or path"
	denied        = "permission denied"
	signInRefused = "the sign-in is refused"
)

// What the transit engine says of a ciphertext that was not made by this key from these data.
var notOurs = []string{"message authentication failed", "invalid ciphertext"}

func refusal(status int, own bool, said string) error {
	code := "status " + strconv.Itoa(status)
	switch {
	case !own:
		return &fault{is: vault.ErrAway, what: code + " that is not the key server's own"}
	case status == http.StatusServiceUnavailable:
		return &fault{is: vault.ErrAway, what: "it is sealed or not ready"}
	case status == http.StatusTooManyRequests:
		return &fault{is: vault.ErrAway, what: "it is asked too often"}
	case status == http.StatusForbidden:
		return errForbidden
	case status == http.StatusBadRequest:
		for _, s := range notOurs {
			if strings.Contains(said, s) {
				return &fault{is: vault.ErrOpen, what: "the key server did not make this"}
			}
		}
		return &fault{is: vault.ErrWithdrawn, what: code}
	case status == http.StatusNotFound:
		return &fault{is: vault.ErrWithdrawn, what: notThere}
	case status == http.StatusMethodNotAllowed:
		return &fault{is: vault.ErrWithdrawn, what: code}
	}
	return &fault{is: vault.ErrAway, what: code}
}
