package checks

// complete checks that nothing needed is missing.
func (r *requirementReader) complete(q Requirement, m map[string]field, item field) {
	for _, want := range []struct {
		key     string
		missing bool
	}{
		{"title", q.Title == ""},
		{"source", q.Source.Key == ""},
		{"level", m["level"].value == nil},
		{"basis", m["basis"].value == nil},
		{"check", q.Kind == Machine && m["check"].value == nil},
	} {
		if want.missing {
			r.errorAt(item, "add "+want.key+": ...", "%s is missing", want.key)
		}
	}
	if q.Kind != Machine && m["check"].value != nil {
		r.errorAt(m["check"], "leave check out, or make it kind: machine", "a %s requirement has no check", q.Kind)
	}
	if q.Kind == Machine && q.Scope == OrganisationScope {
		r.errorAt(item, "use kind: manual", "no device's answers decide a requirement of the organisation")
	}
	if q.Kind != Machine && m["attestable"].value != nil {
		r.errorAt(m["attestable"], "leave it out", "a %s requirement has no reasons to attest by: a manual one can be attested, an info one cannot", q.Kind)
	}
	if q.Kind == Info && m["contradicted_by"].value != nil {
		r.errorAt(m["contradicted_by"], "leave it out", "nobody attests an info requirement")
	}
	if q.Kind != Machine && m["settings"].value != nil {
		r.errorAt(m["settings"], "leave settings out", "no profile decides a %s requirement", q.Kind)
	}
	if q.Kind == Manual && len(q.Cases) > 0 {
		r.errorAt(m["cases"], "leave cases out", "a manual requirement has no cases")
	}
	for _, key := range []string{"result", "reason"} {
		if m[key].value != nil && q.Kind != Info && (q.Kind != Manual || key == "result") {
			r.errorAt(m[key], "leave it out", "a %s requirement has no %s of its own", q.Kind, key)
		}
	}
}
