package evidence

import (
	"encoding/hex"
	"encoding/json"
	"errors"
)

func hexOf(d Digest) string { return hex.EncodeToString(d[:]) }

// UnmarshalJSON reads 64 hexadecimal digits.
func (d *Digest) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(d) {
		return errors.New("a digest is 64 hexadecimal digits")
	}
	copy(d[:], b)
	return nil
}
