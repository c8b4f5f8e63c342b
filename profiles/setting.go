package profiles

// A Setting is one value that a payload sets.
type Setting struct {
	Domain      string // payload type, or the preference domain inside com.apple.ManagedClient.preferences
	Key         string // as Apple spells it today, for a key of fact.Settings; keys of nested dictionaries are joined by dots
	Written     string // as the file spells it
	Value       any    // bool, int64, float64, string, []string, time.Time or []byte; nil if it cannot be used
	Forced      bool   // false for a preference that is set once and then the user's
	Preference  bool   // it stands in com.apple.ManagedClient.preferences, which only a Mac reads
	Payload     int    // index of the payload
	Placeholder bool   // no Value: template text stands where it belongs
	Mistyped    bool   // no Value: it is of another type than the key's, or no value of its type (NaN)
	Secret      bool   // no Value: a password or the like is not read
	Known       bool   // fact.Settings declares the key
}

// Settings returns what the payloads set, in the order of the file. A key that
// stands twice in one dictionary comes once, with its last value. The slice is
// the profile's own and must not be changed.
func (p *Profile) Settings() []Setting { return p.settings }
