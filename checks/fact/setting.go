package fact

// A Setting declares one key of a payload type that a profile can manage:
// where it exists, what it is when nobody sets it, and what it needs to take
// effect. The rows are in settings.tsv, drawn from Apple's device-management
// schema (mdm/profiles).
type Setting struct {
	Domain     string            // payload type
	Key        string            // as Apple spells it today
	Type       Type              // Bool, Int, Double, String or StringList
	Default    string            // value when nobody sets it: "true", "1000", "[]"; "-" if there is none
	Aliases    []string          // older or other spellings that devices and profiles use
	Since      map[string]string // platform -> first OS version; a platform that is missing does not have the key
	Until      map[string]string // platform -> last OS version that honours it; "" or missing: still does
	Supervised map[string]bool   // platform -> the key needs supervision there
	UserEnroll bool              // a User Enrollment may carry it
	SharedIPad bool              // honoured on Shared iPad
	Reported   bool              // the Restrictions answer shows it in force
	Doc        string
}
