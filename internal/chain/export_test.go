package chain

// CheckCanonical is what Parse and Decode begin with.
func CheckCanonical(data []byte) error { return checkCanonical(data) }

// Relink gives an entry the hash that it ought to have, as whoever has no key
// but write access could.
func Relink(e Entry) Entry {
	e.Hash = e.sum()
	return e
}
