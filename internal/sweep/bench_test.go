package sweep_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/wardround/wardround/internal/plist"
	"github.com/wardround/wardround/internal/store/sqlite"
	"github.com/wardround/wardround/internal/sweep"
	"github.com/wardround/wardround/mdm"
)

// Nobody takes questions and does nothing with them.
type nobody struct{}

func (nobody) Ask(context.Context, string, ...mdm.Command) error        { return nil }
func (nobody) Wake(context.Context, []string) (map[string]error, error) { return nil, nil }

// One operation is a fleet of which it is found out what to ask, once it is
// known what each device is.
func BenchmarkPlan(b *testing.B) {
	const devices = 1000
	state, err := sqlite.OpenState(b.Context(), filepath.Join(b.TempDir(), "state.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer state.Close()
	results, err := sqlite.OpenResults(b.Context(), filepath.Join(b.TempDir(), "results.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer results.Close()
	intake := sweep.NewIntake(state)
	deliver := func(message map[string]any) {
		body, err := plist.WriteXML(message)
		if err != nil {
			b.Fatal(err)
		}
		e, _, err := mdm.Receive(body, time.Now())
		if err != nil {
			b.Fatal(err)
		}
		if err := intake.Deliver(b.Context(), e); err != nil {
			b.Fatal(err)
		}
	}
	for i := range devices {
		id := fmt.Sprintf("00008120-%016X", i)
		deliver(map[string]any{"MessageType": "Authenticate", "UDID": id, "Topic": "t", "ProductName": "iPad14,1", "OSVersion": "18.7.2", "SerialNumber": serialOf(id)})
		deliver(map[string]any{"MessageType": "TokenUpdate", "UDID": id, "Topic": "t", "PushMagic": "m", "Token": []byte("t")})
		deliver(map[string]any{
			"UDID": id, "Status": "Acknowledged", "CommandUUID": "C" + id,
			"QueryResponses": map[string]any{"ProductName": "iPad14,1", "OSVersion": "18.7.2"},
		})
	}
	rounder := sweep.NewRounder(sweep.Config{}, state, results, intake, nobody{}, discard())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := rounder.Plan(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/devices, "us/device")
}
