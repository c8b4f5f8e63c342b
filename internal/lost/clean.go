package lost

import (
	"encoding/hex"
	"strings"

	"github.com/wardround/wardround/internal/plaintext"
	"github.com/wardround/wardround/mdm"
)

// maxText bounds a text that came from elsewhere, in characters.
const maxText = 200

// shown makes a text from elsewhere harmless, and it ends.
func shown(s string) string {
	return plaintext.Clip(strings.TrimSpace(plaintext.Harmless(s)), maxText)
}

func hexOf(d mdm.Digest) string { return hex.EncodeToString(d[:]) }
