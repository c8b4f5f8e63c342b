package nano_test

import (
	"testing"

	"github.com/wardround/wardround/mdm/nano"
)

func TestNanoMDMMayNotLogWhatItCannotParse(t *testing.T) {
	event, attrs := nano.Attributes([]any{"msg", "check-in request", "content", "<plist>token</plist>", "id", "GOOD", "mdm-signature", "MII", "odd"})
	if event != "check-in request" || len(attrs) != 1 || attrs[0].Key != "id" {
		t.Errorf("got event %q, attributes %v", event, attrs)
	}
}
