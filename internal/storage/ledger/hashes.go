package ledger

import (
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"parlatory/internal/storage/db"
)

// Hashes are stored in blocks of 256, in the order of tlog.StoredHashIndex: the tree only ever grows at its end, so
// that numbering a batch rewrites the last block and adds new ones, and a proof reads a handful.
const (
	blockHashes = 256
	readAtOnce  = 8
)

// hashes is a tlog.HashReader over ledger_hashes within one transaction, with what the transaction adds.
type hashes struct {
	tx     *db.Tx
	log    int64
	count  int64 // hashes known, stored and added
	blocks map[int64][]byte
	dirty  map[int64]bool
}

func newHashes(tx *db.Tx, log, size int64) *hashes {
	return &hashes{tx: tx, log: log, count: tlog.StoredHashCount(size), blocks: map[int64][]byte{}, dirty: map[int64]bool{}}
}

// ReadHashes is tlog.HashReader.
func (h *hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	if err := h.load(indexes); err != nil {
		return nil, err
	}
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		at := x % blockHashes * tlog.HashSize
		block := h.blocks[x/blockHashes]
		if x >= h.count || int64(len(block)) < at+tlog.HashSize {
			return nil, fmt.Errorf("ledger hash %d is missing", x)
		}
		copy(out[i][:], block[at:])
	}
	return out, nil
}

// load fetches the blocks of some hashes that are not at hand, eight in a statement.
func (h *hashes) load(indexes []int64) error {
	var missing []int64
	for _, x := range indexes {
		b := x / blockHashes
		if _, ok := h.blocks[b]; !ok && !slices.Contains(missing, b) {
			missing = append(missing, b)
		}
	}
	for part := range slices.Chunk(missing, readAtOnce) {
		args := []any{h.log}
		for i := range readAtOnce {
			args = append(args, part[min(i, len(part)-1)])
		}
		if err := h.fetch(args); err != nil {
			return err
		}
	}
	return nil
}

func (h *hashes) fetch(args []any) error {
	rows, err := h.tx.Query(selectBlocks, args...)
	if err != nil {
		return fmt.Errorf("ledger hashes: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var n int64
		var block []byte
		if err := rows.Scan(&n, &block); err != nil {
			return fmt.Errorf("ledger hashes: %w", err)
		}
		h.blocks[n] = slices.Clone(block)
	}
	return rows.Err()
}

// add appends the hashes of one more leaf.
func (h *hashes) add(number int64, leaf []byte) error {
	fresh, err := tlog.StoredHashes(number-1, leaf, h)
	if err != nil {
		return fmt.Errorf("ledger hashes: %w", err)
	}
	for _, x := range fresh {
		n := h.count / blockHashes
		if h.count%blockHashes != 0 {
			if err := h.load([]int64{h.count}); err != nil {
				return err
			}
		}
		// What an earlier, shorter tree left behind the end is not part of this one.
		h.blocks[n] = append(h.blocks[n][:h.count%blockHashes*tlog.HashSize], x[:]...)
		h.dirty[n] = true
		h.count++
	}
	return nil
}

// store writes the blocks that grew.
func (h *hashes) store() error {
	for n := range h.dirty {
		if _, err := h.tx.Exec(putBlock, h.log, n, h.blocks[n]); err != nil {
			return fmt.Errorf("ledger hashes: %w", err)
		}
	}
	return nil
}
