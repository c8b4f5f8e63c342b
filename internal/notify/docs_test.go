package notify_test

import (
	"os"
	"strings"
	"testing"

	"github.com/go-viper/mapstructure/v2"
	"go.yaml.in/yaml/v3"

	"github.com/wardround/wardround/internal/notify"
)

// The settings in the guide are ones that there are, and right.
func TestTheSettingsInTheGuideAreTaken(t *testing.T) {
	guide, err := os.ReadFile("../../docs/notify.md")
	check(t, err)
	for _, kind := range notify.Kinds() {
		if !strings.Contains(string(guide), "| `"+string(kind)+"` |") {
			t.Errorf("the guide does not tell what %s is", kind)
		}
	}
	blocks := strings.Split(string(guide), "```yaml\n")[1:]
	if len(blocks) != 2 {
		t.Fatalf("%d blocks of settings, want 2", len(blocks))
	}
	for _, b := range blocks {
		b, _, _ = strings.Cut(b, "```")
		var file map[string]any
		check(t, yaml.Unmarshal([]byte(b), &file))
		var cfg struct {
			Notify notify.Config `mapstructure:"notify"`
		}
		decoder, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{
			Result: &cfg, ErrorUnused: true, DecodeHook: mapstructure.StringToTimeDurationHookFunc(),
		})
		check(t, err)
		check(t, decoder.Decode(file))
		check(t, cfg.Notify.Check())
		if len(cfg.Notify.Channels) == 0 {
			t.Error("no channel was read")
		}
	}
}
