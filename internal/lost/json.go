package lost

import (
	"encoding/json"
	"fmt"
	"io"
)

// WriteJSON writes the page as one JSON object, of Schema.
func WriteJSON(out io.Writer, p *Page) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(p); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	return nil
}
