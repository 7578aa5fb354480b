package vault

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"hash"
	"sync"

	"parlatory"
)

// Index is a blind index: HMAC-SHA-256 of a canonical text under a key of its workspace and column. Equal texts have
// equal indexes within one column of one workspace, and nowhere else.
type Index [sha256.Size]byte

// SQL is the column value: 32 bytes, or NULL for none.
func (i Index) SQL() any {
	if i == (Index{}) {
		return nil
	}
	return i[:]
}

// Scan reads a column value.
func (i *Index) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*i = Index{}
		return nil
	case []byte:
		if len(v) == len(i) {
			copy(i[:], v)
			return nil
		}
	}
	return fmt.Errorf("scan blind index: %T of unexpected form", src)
}

// Indexer makes the blind indexes of one workspace. Columns are named by the program, never by a request.
type Indexer struct {
	mute
	workspace parlatory.WorkspaceID
	mu        sync.Mutex
	root      []byte // inside memory that erase made
	columns   map[string]hash.Hash
}

// newIndexer must run inside erase; it keeps its own copy of the key.
func newIndexer(ws parlatory.WorkspaceID, raw []byte) *Indexer {
	return &Indexer{workspace: ws, root: append([]byte(nil), raw...), columns: map[string]hash.Hash{}}
}

// Workspace is whose indexes it makes.
func (ix *Indexer) Workspace() parlatory.WorkspaceID { return ix.workspace }

// Blind is the index of a canonical text in a column, named "table.column". The empty text has no index, so that
// a missing value is NULL and not a value that all rows without one share.
func (ix *Indexer) Blind(column, canonical string) Index {
	var out Index
	if canonical == "" {
		return out
	}
	ix.mu.Lock()
	defer ix.mu.Unlock()
	mac, ok := ix.columns[column]
	if !ok {
		erase(func() {
			key, err := expand(ix.root, "index "+column)
			if err != nil {
				panic("vault: index key: " + err.Error()) // the root has 32 bytes by construction
			}
			mac = hmac.New(sha256.New, key)
			clear(key)
		})
		ix.columns[column] = mac
	}
	mac.Reset()
	mac.Write([]byte(canonical))
	mac.Sum(out[:0])
	return out
}
