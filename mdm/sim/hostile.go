package sim

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// attack returns the n-th body of a hostile device, round and round.
func attack(n int, commandUUID, udid string) []byte {
	envelope := func(rest string) []byte {
		return fmt.Appendf(nil, `<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict>`+
			`<key>CommandUUID</key><string>%s</string><key>Status</key><string>Acknowledged</string>`+
			`<key>UDID</key><string>%s</string>%s</dict></plist>`, commandUUID, udid, rest)
	}
	attacks := []func() []byte{
		cyclicBinary,
		func() []byte { return entityBomb(commandUUID, udid) },
		func() []byte {
			const levels = 3 << 20 / len("<array></array>")
			return envelope("<key>ProfileList</key>" + strings.Repeat("<array>", levels) + strings.Repeat("</array>", levels))
		},
		func() []byte { b := envelope("<key>ProfileList</key><array/>"); return b[:len(b)/2] },
		hugeBinary,
		laughingBinary,
		func() []byte { return envelope("<key>Status</key><integer>7</integer>") },
		func() []byte { return []byte("<!DOCTYPE html><title>502 Bad Gateway</title>") },
		func() []byte { return nil },
		func() []byte { return envelope("<key>SecurityInfo</key><dict><key>FDE_Enabled</key><tru") },
	}
	return attacks[n%len(attacks)]()
}

// entityBomb is a billion laughs.
func entityBomb(commandUUID, udid string) []byte {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0"?><!DOCTYPE plist [<!ENTITY a0 "ha">`)
	for i := 1; i < 12; i++ {
		fmt.Fprintf(&b, `<!ENTITY a%d "%s">`, i, strings.Repeat(fmt.Sprintf("&a%d;", i-1), 10))
	}
	fmt.Fprintf(&b, `]><plist version="1.0"><dict><key>CommandUUID</key><string>%s</string>`+
		`<key>Status</key><string>Acknowledged</string><key>UDID</key><string>%s&a11;</string></dict></plist>`, commandUUID, udid)
	return []byte(b.String())
}

// cyclicBinary is a binary property list of 47 bytes: an array that holds
// itself. It ends a process that decodes it without looking.
func cyclicBinary() []byte {
	return binaryPlist([]byte{0xA5, 0, 0, 0, 0, 0}, []byte{8}, 1)
}

// hugeBinary says that its array has 2^60 items.
func hugeBinary() []byte {
	return binaryPlist([]byte{0xAF, 0x13, 0x10, 0, 0, 0, 0, 0, 0, 0, 0}, []byte{8}, 1)
}

// laughingBinary is ten arrays, each of which holds the next one ten times.
func laughingBinary() []byte {
	var objects, offsets []byte
	for i := range 10 {
		offsets = append(offsets, byte(8+len(objects)))
		objects = append(objects, 0xAA)
		for range 10 {
			objects = append(objects, byte(i+1))
		}
	}
	offsets = append(offsets, byte(8+len(objects)))
	objects = append(objects, 0x51, 'x')
	return binaryPlist(objects, offsets, 11)
}

// binaryPlist frames objects and their offsets, one byte each.
func binaryPlist(objects, offsets []byte, count uint64) []byte {
	b := append([]byte("bplist00"), objects...)
	table := uint64(len(b))
	b = append(b, offsets...)
	b = append(b, 0, 0, 0, 0, 0, 0, 1, 1)
	b = binary.BigEndian.AppendUint64(b, count)
	b = binary.BigEndian.AppendUint64(b, 0)
	return binary.BigEndian.AppendUint64(b, table)
}
