package lost

import (
	"slices"
	"time"

	"github.com/wardround/wardround/checks/fact"
	"github.com/wardround/wardround/mdm"
)

// Apps are the clinical apps of the configuration, and whether they were there.
type Apps struct {
	Source       // of the list of managed apps
	List   []App `json:"list"` // empty: none is configured
}

// An App is one clinical app.
type App struct {
	Identifier string   `json:"identifier"`
	State      AppState `json:"state"`
	Status     string   `json:"status"`  // of ManagedApplicationList, as Apple spells it; empty if it is not listed there
	Version    string   `json:"version"` // empty if not reported
}

// An AppState is what is known of an app.
type AppState string

// The states of an app.
const (
	Managed   AppState = "managed"    // installed by device management
	Installed AppState = "installed"  // there, and whether it is managed is not known or it is not
	Removed   AppState = "removed"    // managed once, and not installed
	NotListed AppState = "not-listed" // in no answer: it was not there, or was not asked for
	NoAnswer  AppState = "no-answer"
)

func (w *writer) apps(before []Run) {
	apps := Apps{List: []App{}}
	installed := w.atLoss.Facts.Get("apps")
	listed, _ := installed.Value.([]fact.Object)
	managed, f := w.managedApps(before)
	apps.Source = w.source(f, mdm.QueryKey(mdm.ManagedApplicationList), w.Lost)
	if !f.Known() && installed.Known() {
		apps.Source = w.source(installed, mdm.QueryKey(mdm.InstalledApplicationList), w.Lost)
	}
	for _, id := range slices.Compact(slices.Sorted(slices.Values(w.Apps))) {
		apps.List = append(apps.List, appOf(id, listed, managed, installed.Known() || f.Known()))
	}
	w.page.Apps = apps
}

func appOf(id string, listed []fact.Object, managed []mdm.ManagedApp, answered bool) App {
	app := App{Identifier: shown(id), State: NoAnswer}
	if answered {
		app.State = NotListed
	}
	for _, o := range listed {
		if o.Fields["identifier"].Value == id {
			app.State, app.Version = Installed, textIn(o, "version")
		}
	}
	for _, m := range managed {
		if m.Identifier != id {
			continue
		}
		app.Status = shown(m.Status)
		switch {
		case m.Status == "Managed":
			app.State = Managed
		case app.State != Installed:
			app.State = Removed
		}
	}
	return app
}

// managedApps reads the last list of managed apps that came before the loss and
// in the same enrollment, and how it is known.
func (w *writer) managedApps(before []Run) ([]mdm.ManagedApp, fact.Fact) {
	const query = mdm.QueryKey(mdm.ManagedApplicationList)
	var list, no Run
	var void time.Time
	for _, r := range before {
		e := r.Evidence
		switch {
		case e.Enrollment.UserChannel():
		case e.Class == mdm.CheckIn && (e.Query == mdm.Authenticate || e.Query == mdm.CheckOut):
			void = latest(void, r.Last)
		case e.Class != mdm.Report || e.Query != query:
		case e.Status == mdm.Acknowledged:
			list = r
		case no.Count == 0 || r.Last.After(no.Last):
			no = r
		}
	}
	if list.Count == 0 || list.Last.Before(void) {
		return nil, fact.Fact{Absent: w.silence(query, no)}
	}
	reply, err := mdm.Decode(list.Evidence)
	switch {
	case err != nil:
		return nil, fact.Fact{Absent: fact.Undecodable}
	case !reply.Payload:
		return nil, fact.Fact{Absent: fact.NoPayload}
	}
	return reply.ManagedApps, fact.Fact{Value: true, Sources: []fact.Source{{
		Evidence: list.Evidence.ID, SHA256: hexOf(list.Evidence.SHA256), Collected: list.Last,
	}}}
}

// silence is why a query has no answer: what came in place of one, if anything
// did, else whether it was asked.
func (w *writer) silence(query mdm.QueryKey, no Run) fact.Absence {
	switch {
	case no.Count > 0 && no.Evidence.Status == mdm.NotNow:
		return fact.NotNow
	case no.Count > 0:
		return fact.Refused
	}
	for _, owed := range w.Device.Owed {
		if owed.Query == query && !owed.AskedAt.After(w.Lost) {
			return fact.Silent
		}
	}
	return fact.NotAsked
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
