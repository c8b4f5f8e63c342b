package checks

// Result is the outcome of one requirement for one device, in XCCDF's words
// (NISTIR 7275, table 35).
type Result string

// The results.
const (
	Pass          Result = "pass"
	Fail          Result = "fail"
	Unknown       Result = "unknown"
	NotApplicable Result = "notapplicable"
	NotChecked    Result = "notchecked"
	Error         Result = "error"
)

// Status is the outcome of one baseline for one device.
type Status string

// The statuses.
const (
	Met          Status = "met"
	NotMet       Status = "not_met"
	Undetermined Status = "undetermined"
)

// Level says how much a requirement counts: only required ones move a status.
type Level string

// The levels.
const (
	Required      Level = "required"
	Recommended   Level = "recommended"
	Informational Level = "informational"
)

// Severity ranks required and recommended requirements.
type Severity string

// The severities.
const (
	High   Severity = "high"
	Medium Severity = "medium"
	Low    Severity = "low"
)

// Scope says what a requirement is judged on.
type Scope string

// The scopes.
const (
	DeviceScope       Scope = "device"
	OrganisationScope Scope = "organisation"
)

// Kind says who judges a requirement.
type Kind string

// The kinds.
const (
	Machine Kind = "machine" // wardround, from evidence
	Manual  Kind = "manual"  // a person, by attestation
	Info    Kind = "info"    // nobody: the text is the point
)

// Basis says whether the source states a requirement or we infer it.
type Basis string

// The bases.
const (
	Stated  Basis = "stated"
	Derived Basis = "derived"
)

// Assurance says what a pass rests on; it is empty for every other result.
type Assurance string

// The assurances.
const (
	Enforced Assurance = "enforced" // in force, and a named profile imposes it
	Declared Assurance = "declared" // only our copy of an installed profile says so
	Observed Assurance = "observed" // so at the moment; nothing is known to hold it
)

// Reason is a verdict's reason code, in kebab-case. Explain gives its words.
type Reason string
