package main

import "slices"

// A metric is one name that /metrics has. The tables below are the reference in
// docs/metrics.md too.
type metric struct {
	name   string
	kind   string // counter or gauge
	help   string
	labels []string
}

// The kinds of metrics.
const (
	counter = "counter"
	gauge   = "gauge"
)

// metrics are all that /metrics can have, in the order in which it has them. No
// label tells devices apart: there are as many values as baselines, files and a
// few words.
func metrics() []metric {
	return slices.Concat(processMetrics(), roundMetrics(), resultMetrics(), webhookMetrics())
}

func processMetrics() []metric {
	return []metric{
		{"wardround_build_info", gauge, "1, with the version, revision and Go that this program was built from.", []string{"version", "revision", "goversion"}},
		{"wardround_start_time_seconds", gauge, "When serve began, in Unix seconds.", nil},
		{"wardround_goroutines", gauge, "Goroutines that exist.", nil},
		{"wardround_heap_bytes", gauge, "Memory in use on the heap, in bytes.", nil},
		{"wardround_ready", gauge, "1 if the part of /readyz is as it should be, else 0.", []string{"part"}},
		{"wardround_canary", gauge, "1 if the canary failed its requirement when it was last asked, as it must, 0 if not: the auditor is broken. Missing when there is none.", nil},
		{"wardround_reloads_total", counter, "Reloads on SIGHUP: done, or failed, which kept what was before.", []string{"outcome"}},
		{"wardround_scrape_failures", gauge, "Sources that could not be read for this answer; what they tell is missing from it.", nil},
		{"wardround_store_bytes", gauge, "Size of a file in the data folder with its write-ahead log, in bytes.", []string{"file"}},
		{"wardround_certificate_expiry_days", gauge, "Days until what the MDM server needs to reach devices ends; below 0 when it has.", []string{"what"}},
	}
}

func roundMetrics() []metric {
	return []metric{
		{"wardround_sweeps_total", counter, "Sweeps that have begun since the data folder was made.", nil},
		{"wardround_sweep_running", gauge, "1 while a round is under way, else 0.", nil},
		{"wardround_sweep_open_commands", gauge, "Commands of the round under way that nobody has answered yet.", nil},
		{"wardround_sweep_due_enrollments", gauge, "Enrollments whose turn in the round under way has yet to come.", nil},
		{"wardround_last_sweep_started_timestamp_seconds", gauge, "When the last round that has ended began, in Unix seconds. The inspection of devices that enrol is none.", nil},
		{"wardround_last_sweep_ended_timestamp_seconds", gauge, "When it ended, in Unix seconds.", nil},
		{"wardround_last_sweep_duration_seconds", gauge, "How long it took, in seconds.", nil},
		{"wardround_last_sweep_enrollments", gauge, "Enrollments of the last round that has ended by what became of them; answered and the others are parts of asked, but for settling and unreached.", []string{"outcome"}},
		{"wardround_last_sweep_commands", gauge, "Commands that were asked in it.", nil},
		{"wardround_last_sweep_lost_answers", gauge, "Answers that were lost in it.", nil},
		{"wardround_answers_lost_total", counter, "Answers that were lost in sweeps that ended since serve began.", nil},
		{"wardround_commands_total", counter, "Commands by whether the MDM server took them, since serve began.", []string{"outcome"}},
		{"wardround_pushes_total", counter, "Pushes to devices by whether the push service took them, since serve began.", []string{"outcome"}},
	}
}

func resultMetrics() []metric {
	return []metric{
		{"wardround_evidence_kept_total", counter, "Messages of devices that were kept since the data folder was made.", nil},
		{"wardround_evidence_unjudged", gauge, "Of those, the ones that came after the last judging.", nil},
		{"wardround_judged_timestamp_seconds", gauge, "When the fleet was last judged, in Unix seconds.", nil},
		{"wardround_devices", gauge, "Devices by how they stand against a baseline: met, not_met or undetermined.", []string{"baseline", "status"}},
		{"wardround_fleet", gauge, "What the above are of: devices expected, enrolled, asked, answered and judged.", []string{"baseline", "count"}},
		{"wardround_coverage_ratio", gauge, "Judged of the enrolled devices, 0 to 1; missing when none is enrolled.", []string{"baseline"}},
		{"wardround_chain_entry", gauge, "Number of the newest entry of the chain.", nil},
	}
}

func webhookMetrics() []metric {
	return []metric{
		{"wardround_webhook_events_total", counter, "Events of an attached MDM server by what became of them, as listed below, since serve began; 0 without one.", []string{"outcome"}},
		{"wardround_forwarded_events_total", counter, "Events passed on to others by what became of them, since serve began.", []string{"outcome"}},
		{"wardround_forward_pending_events", gauge, "Events that wait to be passed on.", nil},
	}
}
