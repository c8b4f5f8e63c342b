package lost

import (
	"bufio"
	_ "embed" // for the page
	"fmt"
	"html/template"
	"io"
)

//go:embed page.html
var pageHTML string

// WriteHTML writes the page as one file that needs no other, no script and no
// network, and prints on one sheet or two.
func WriteHTML(out io.Writer, p *Page) error {
	t, err := template.New("page").Parse(pageHTML)
	if err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	buffered := bufio.NewWriter(out)
	if err = t.Execute(buffered, p); err == nil {
		err = buffered.Flush()
	}
	if err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	return nil
}
