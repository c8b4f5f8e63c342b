package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/internal/judge"
	"github.com/wardround/wardround/internal/store"
	"github.com/wardround/wardround/mdm"
	"github.com/wardround/wardround/mdm/webhook"
)

// An attachRound asks one device what a round would ask it.
type attachRound struct {
	*attachTrial
	e         *embedded // of a folder that is thrown away
	patience  context.Context
	baselines []*checks.Baseline
	woken     bool // its push was told of
}

// device asks one device, and tells of each answer and what they add up to.
func (t *attachTrial) device(ctx context.Context, baselines []*checks.Baseline) (err error) {
	cfg := t.cfg
	cfg.Attach.Only = t.opts.device // of others nothing would be left
	if cfg.Dir, err = os.MkdirTemp("", "wardround-attach-*"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(cfg.Dir)) }()
	e, err := openEmbedded(ctx, cfg, t.logger)
	if errors.Is(err, syscall.EADDRINUSE) {
		return usage(err, "the webhook comes to that address: stop the 'wardround serve' that has it for as long as the device is tried")
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	patience, enough := context.WithTimeout(ctx, t.opts.wait)
	defer enough()
	r := &attachRound{attachTrial: t, e: e, patience: patience, baselines: baselines}
	if err := r.make(ctx); err != nil {
		return err
	}
	if others := r.e.attached.receiver.Counts().Busy; others > 0 {
		r.say(attachNote, "webhook", fmt.Sprintf("%s of other devices came meanwhile and %s not taken", counted(int(others), "event"), wasOrWere(others)), othersHint)
	}
	return nil
}

// othersHint says what became of the events of other devices: the folder is
// thrown away, and nobody is passed anything on.
const othersHint = "The server was answered 503 and does not send them again: nobody else got them either. Rounds ask those devices anew."

// make asks in two steps, as rounds do: what the device is, and then what that
// lets it be asked. The second waits until the first is answered, for NanoMDM's
// key-value storages lose what is queued while a device takes something else.
func (r *attachRound) make(ctx context.Context) error {
	id := r.opts.device
	unknown := mdm.Target{Enrollment: mdm.Enrollment{ID: id, Type: mdm.Device}}
	first := slices.DeleteFunc(mdm.QueriesFor(unknown), func(q mdm.Query) bool { return q.RequestType() != mdm.DeviceInformation })
	came, err := r.put(ctx, first)
	if err != nil || came == nil {
		return err
	}
	if len(came) == 0 {
		return r.sayNothingCame(ctx)
	}
	r.say(attachOK, "webhook", "the answer of the device came by it", "")
	device, enrollment, err := r.known(ctx)
	if err != nil {
		return err
	}
	target := judge.Target(device, enrollment, time.Now())
	target.AppManagement, target.Apps = r.cfg.AppManagement, r.cfg.ClinicalApps
	queries := mdm.QueriesFor(target)
	if came, err = r.put(ctx, queries); err != nil || came == nil {
		return err
	}
	for _, q := range queries {
		e, answered := came[q.Key()]
		r.sayAnswer(q, e, answered)
	}
	return r.judge(ctx)
}

// put queues queries, has the device woken, and waits for what comes of them. It
// returns nil if they could not be queued.
func (r *attachRound) put(ctx context.Context, queries []mdm.Query) (map[mdm.QueryKey]mdm.Evidence, error) {
	before, err := r.newest(ctx, nil)
	if err != nil {
		return nil, err
	}
	id, commands := r.opts.device, make([]mdm.Command, 0, len(queries))
	for _, q := range queries {
		commands = append(commands, mdm.Command{Query: q, CommandUUID: mdm.NewCommandUUID()})
	}
	switch err := r.e.attached.client.Ask(ctx, id, commands...); {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, webhook.ErrNotEnrolled):
		r.say(attachFailed, "queue", err.Error(), "Is that its enrollment id at the server? Of most devices it is the UDID.")
		return nil, nil
	case err != nil:
		r.say(attachFailed, "queue", err.Error(), "")
		return nil, nil
	}
	if failed, err := r.e.attached.client.Wake(ctx, []string{id}); !r.woken && (err != nil || failed[id] != nil) {
		r.say(attachNote, "push", "the device was not woken: "+cmp.Or(failed[id], err).Error(), "It is asked when it polls by itself.")
	}
	r.woken = true
	return r.wait(ctx, before, len(queries))
}

// wait returns what came since before: of all queries, or of as many as have been
// answered when patience ends.
func (r *attachRound) wait(ctx context.Context, before map[mdm.QueryKey]store.Observation, queries int) (map[mdm.QueryKey]mdm.Evidence, error) {
	again := time.NewTicker(time.Second)
	defer again.Stop()
	for late, all := false, false; ; {
		now, err := r.newest(ctx, before)
		if err != nil {
			return nil, err
		}
		settled := all // for a second: the server has put the last answer away
		if all = len(now) >= queries; all && settled || late {
			came := make(map[mdm.QueryKey]mdm.Evidence, len(now))
			for key, o := range now {
				came[key] = o.Evidence
			}
			return came, nil
		}
		select {
		case <-again.C:
		case <-r.patience.Done():
			late = true
		}
	}
}

// newest returns the newest answer of the device to each query, of those that are
// not before.
func (r *attachRound) newest(ctx context.Context, before map[mdm.QueryKey]store.Observation) (map[mdm.QueryKey]store.Observation, error) {
	all, err := r.e.state.Observations(ctx, r.opts.device)
	if err != nil {
		return nil, err
	}
	found := make(map[mdm.QueryKey]store.Observation)
	for _, o := range all {
		key := o.Evidence.Query
		old, known := before[key]
		same := known && o.Evidence.ID <= old.Evidence.ID && o.Count <= old.Count
		if o.Evidence.Class != mdm.Report || o.Evidence.Status == mdm.Idle || key == "" || o.Evidence.Enrollment.ID != r.opts.device || same {
			continue
		}
		if last, twice := found[key]; !twice || !o.Last.Before(last.Last) {
			found[key] = o
		}
	}
	return found, nil
}

// known is what the device has said of itself.
func (r *attachRound) known(ctx context.Context) (judge.Device, mdm.Enrollment, error) {
	device := judge.Device{ID: r.opts.device}
	enrollment := mdm.Enrollment{ID: r.opts.device, Type: mdm.Device}
	all, err := r.e.state.Observations(ctx, r.opts.device)
	for _, o := range all {
		device.Observations = append(device.Observations, judge.Observation{Evidence: o.Evidence, Since: o.Since, Last: o.Last})
		if o.Evidence.Enrollment.ID == enrollment.ID {
			enrollment = o.Evidence.Enrollment
		}
	}
	return device, enrollment, err
}

// sayNothingCame tells which part of the way the answer was lost on, as far as
// the webhook shows.
func (r *attachRound) sayNothingCame(ctx context.Context) error {
	device, _, err := r.known(ctx)
	if err != nil {
		return err
	}
	const what = "webhook"
	counts := r.e.attached.receiver.Counts()
	waited := "in " + r.opts.wait.String()
	switch {
	case counts.Unsigned > 0:
		r.say(attachFailed, what, fmt.Sprintf("%s came that %s not signed with the key of %s", counted(int(counts.Unsigned), "event"), isOrAre(counts.Unsigned), r.opts.hmacKeyFile),
			"Start the server with the same text as -webhook-hmac-key.")
	case len(device.Observations) > 0:
		r.say(attachFailed, what, "the device polled and answered nothing "+waited, "Is its queue at the server stuck? With the storages inmem and filekv it can be, until it enrols anew: docs/attached.md.")
	case counts.Busy > 0:
		r.say(attachFailed, what, "events of other devices came and none of this one "+waited, "The webhook works. Is the device on, on a network, and does the id say what the server calls it?")
	default:
		r.say(attachFailed, what, "nothing came by it "+waited, "Is the server started with the flags below, does it reach that address, and is the device on and on a network?")
	}
	return nil
}

func wasOrWere(n int64) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

func isOrAre(n int64) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func (r *attachRound) sayAnswer(q mdm.Query, e mdm.Evidence, came bool) {
	what := string(q.Key())
	switch {
	case !came:
		r.say(attachFailed, what, "no answer in "+r.opts.wait.String(), "")
	case e.Status == mdm.Acknowledged:
		r.say(attachOK, what, "answered", "")
	case e.Status == mdm.NotNow:
		r.say(attachNote, what, "put off (NotNow)", "Of a device that is locked that is as it should be. Unlock it, and try again.")
	default:
		var chain []mdm.ErrorLink
		if reply, err := mdm.Decode(e); err == nil {
			chain = reply.ErrorChain
		}
		r.say(attachFailed, what, refusalText(e.Status, chain), refusalMeaning(q.Key(), e.Status, chain))
	}
}

// judge tells what the device would be found to be. That is no part of whether
// the trial went well.
func (r *attachRound) judge(ctx context.Context) error {
	device, _, err := r.known(ctx)
	if err != nil {
		return err
	}
	result := judge.Judge(device, r.e.live.Load().catalog.Catalog(), r.baselines, time.Now().UTC()).Result
	for _, b := range r.baselines {
		var pass, open int
		var fails []string
		for _, v := range result.Verdicts {
			switch {
			case v.Baseline != b.ID || v.Level != checks.Required:
			case v.Result == checks.Pass:
				pass++
			case v.Result == checks.Fail:
				fails = append(fails, v.Requirement)
			case v.Result != checks.NotApplicable:
				open++
			}
		}
		text := fmt.Sprintf("%s; of its required rows %d pass, %d fail, %d are open", cmp.Or(string(result.Status[b.ID]), "not for this device"), pass, len(fails), open)
		if len(fails) > 0 {
			text += "; failing: " + strings.Join(fails, ", ")
		}
		r.say(attachNote, b.ID, text, "")
	}
	return nil
}
