package profiles

import (
	"strconv"
	"strings"
)

// A trail is the way from the root of a property list to a value. It is built
// while walking down and only spelt out for a problem.
type trail struct {
	up    *trail
	key   string
	index int // of an array element; -1 under a key
}

// child is the trail to the value of a key.
func (t *trail) child(key string) *trail { return &trail{up: t, key: key, index: -1} }

// item is the trail to an element of an array.
func (t *trail) item(index int) *trail { return &trail{up: t, index: index} }

// String spells the trail, as in "PayloadContent[0].SSID_STR".
func (t *trail) String() string {
	if t == nil {
		return ""
	}
	up := t.up.String()
	switch {
	case t.index >= 0:
		return up + "[" + strconv.Itoa(t.index) + "]"
	case up == "":
		return clip(t.key)
	case strings.Contains(t.key, "."):
		return up + `["` + clip(t.key) + `"]`
	default:
		return up + "." + clip(t.key)
	}
}
