package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// A letter is what was decided to be told on a channel and is not known to have
// arrived. It is remembered before it is sent and forgotten after.
type letter struct {
	Kind     MessageKind `json:"kind"`
	From     time.Time   `json:"from"`
	Through  time.Time   `json:"through"`
	Due      time.Time   `json:"due"`
	Attempts int         `json:"attempts"`
	LeftOut  int         `json:"left_out"`
	Sections []Section   `json:"sections"`

	key, channel string
}

// letterKey names a letter. What is decided twice is one letter.
func letterKey(channel string, at time.Time, part string) string {
	return fmt.Sprintf("%s%s/%020d-%s", letterPrefix, channel, at.UnixNano(), part)
}

// letterOf writes down what was collected for a channel.
func letterOf(d *digest, kind MessageKind, from, through, due time.Time) letter {
	m := d.message(kind, through)
	return letter{Kind: kind, From: from.UTC(), Through: through.UTC(), Due: due.UTC(), LeftOut: m.LeftOut, Sections: m.Sections}
}

// letters reads what is to be sent, in order of channel and time. One that
// cannot be read is named in spoilt.
func letters(ctx context.Context, m Memory) (list []letter, spoilt []string, err error) {
	all, err := m.Recall(ctx, letterPrefix)
	if err != nil {
		return nil, nil, fmt.Errorf("recall what is to be sent: %w", err)
	}
	for _, key := range sortedKeys(all, letterPrefix) {
		var l letter
		channel, _, ok := strings.Cut(strings.TrimPrefix(key, letterPrefix), "/")
		if !ok || json.Unmarshal(all[key], &l) != nil {
			spoilt = append(spoilt, key)
			continue
		}
		l.key, l.channel = key, channel
		list = append(list, l)
	}
	return list, spoilt, nil
}

// bundle makes one message of letters of one channel and kind, in order of time.
func bundle(list []letter, named int, at time.Time) Message {
	d := newDigest(named)
	sum := sha256.New()
	kind := Changes
	for _, l := range list {
		_, _ = io.WriteString(sum, l.key+"\n") // a hash never errs
		d.leftOut += l.LeftOut
		kind = l.Kind
		for _, s := range l.Sections {
			d.merge(s)
		}
	}
	m := d.message(kind, at)
	m.ID = hex.EncodeToString(sum.Sum(nil))[:32]
	for i, l := range list {
		if i == 0 || l.From.Before(m.From) {
			m.From = l.From
		}
		if l.Through.After(m.Through) {
			m.Through = l.Through
		}
	}
	return m
}
