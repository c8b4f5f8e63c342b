package webhook

import (
	"context"
	"fmt"
	"time"

	"github.com/wardround/wardround/mdm"
)

const (
	// awaitFor is how long a command is remembered that nobody has answered:
	// a device may lie in a drawer over a school year.
	awaitFor = 400 * 24 * time.Hour
	// repeatFor is how long one is remembered that was answered, so that a late
	// repeat can be told.
	repeatFor = 7 * 24 * time.Hour
	// pruneAtOnce bounds how many are forgotten with one that is asked.
	pruneAtOnce = 100
)

// remember writes down which query each CommandUUID asks, before the server
// hears of them: an answer may come before the server has answered.
func remember(ctx context.Context, journal mdm.Journal, id string, commands []mdm.Command, now time.Time) error {
	err := journal.Write(ctx, nil, func(tx mdm.Tx) error {
		for _, c := range commands {
			_, err := tx.Exec(`INSERT INTO webhook_command (command_uuid, enrollment, query, expires_at) VALUES (?, ?, ?, ?)
				ON CONFLICT (command_uuid, enrollment) DO NOTHING`,
				c.CommandUUID, id, c.Query.Key(), now.Add(awaitFor).UnixMilli())
			if err != nil {
				return err
			}
		}
		_, err := tx.Exec(`DELETE FROM webhook_command WHERE (command_uuid, enrollment) IN
			(SELECT command_uuid, enrollment FROM webhook_command WHERE expires_at < ? LIMIT ?)`, now.UnixMilli(), pruneAtOnce)
		return err
	})
	if err != nil {
		return fmt.Errorf("note what is asked: %w", err)
	}
	return nil
}

// asked returns the query of a command that the enrollment was asked by us, ""
// if it is not known.
func asked(ctx context.Context, journal mdm.Journal, id, uuid string) (query mdm.QueryKey, err error) {
	if uuid == "" {
		return "", nil
	}
	err = journal.Read(ctx, func(tx mdm.Tx) error {
		_, err := tx.Row(`SELECT query FROM webhook_command WHERE command_uuid = ? AND enrollment = ?`, []any{uuid, id}, []any{&query})
		return err
	})
	if err != nil {
		return "", fmt.Errorf("look up command %.40q: %w", uuid, err)
	}
	return query, nil
}

// answered notes that a command has its answer.
func answered(tx mdm.Tx, e *mdm.Evidence, now time.Time) error {
	if e == nil || e.CommandUUID == "" || e.Status == mdm.NotNow {
		return nil
	}
	_, err := tx.Exec(`UPDATE webhook_command SET expires_at = ?3 WHERE command_uuid = ?1 AND enrollment = ?2 AND expires_at > ?3`,
		e.CommandUUID, e.Enrollment.ID, now.Add(repeatFor).UnixMilli())
	return err
}
