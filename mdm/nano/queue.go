package nano

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// A queue keeps the commands that devices have yet to answer: a folder per
// device, in it one per channel, in it a file per command whose name begins
// with its place in the queue.
//
// NanoMDM's key-value storage keeps a linked list instead, which loses what a
// device has put off with NotNow as soon as the last command of the list is
// answered, and all of it when a report names a command that is not in it.
//
// Ids and CommandUUIDs have passed checkID and word. A queue is safe for
// concurrent use: each change of it is one change of the file system.
type queue struct {
	dir string
	now func() time.Time

	mu   sync.Mutex
	last int64 // place given last; guarded by mu
}

const (
	deviceFolder = "_device" // of the device channel, beside those of its users
	commandFile  = ".plist"
)

// folder is where the commands of an enrollment are.
func (q *queue) folder(id string) string {
	device, user, isUser := strings.Cut(id, ":")
	if !isUser {
		user = deviceFolder
	}
	return filepath.Join(q.dir, device, user)
}

// place returns a number above those given before, also before a restart.
func (q *queue) place() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.last = max(q.last+1, q.now().UnixNano())
	return q.last
}

// add puts a command at the end.
func (q *queue) add(id, uuid string, raw []byte) error {
	folder := q.folder(id)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	place := q.place()
	half := filepath.Join(folder, fmt.Sprintf("%d.tmp", place))
	if err := os.WriteFile(half, raw, 0o600); err != nil {
		return err
	}
	return os.Rename(half, filepath.Join(folder, fmt.Sprintf("%020d-%s%s", place, uuid, commandFile)))
}

// list returns the CommandUUIDs in the queue, first to last.
func (q *queue) list(id string) ([]string, error) {
	names, err := q.files(id)
	for i, name := range names {
		names[i] = uuidOf(name)
	}
	return names, err
}

// get returns a command, and nil if it is not in the queue.
func (q *queue) get(id, uuid string) ([]byte, error) {
	name, err := q.find(id, uuid)
	if name == "" || err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(filepath.Join(q.folder(id), name))
	if errors.Is(err, fs.ErrNotExist) { // removed since
		return nil, nil
	}
	return raw, err
}

// remove takes a command out; that it is not there is no error.
func (q *queue) remove(id, uuid string) error {
	name, err := q.find(id, uuid)
	if name == "" || err != nil {
		return err
	}
	err = os.Remove(filepath.Join(q.folder(id), name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// clear removes all commands of a channel, and of the users of a device too.
func (q *queue) clear(id string) error {
	folder := q.folder(id)
	if filepath.Base(folder) == deviceFolder {
		folder = filepath.Dir(folder)
	}
	return os.RemoveAll(folder)
}

// find returns the name of a command's file, empty if there is none.
func (q *queue) find(id, uuid string) (string, error) {
	names, err := q.files(id)
	i := slices.IndexFunc(names, func(name string) bool { return uuidOf(name) == uuid })
	if i < 0 {
		return "", err
	}
	return names[i], err
}

// files lists the files of a channel's commands, in order.
func (q *queue) files(id string) ([]string, error) {
	entries, err := os.ReadDir(q.folder(id)) // sorted by name
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), commandFile) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// uuidOf reads the CommandUUID in the name of a file.
func uuidOf(name string) string {
	_, uuid, _ := strings.Cut(strings.TrimSuffix(name, commandFile), "-")
	return uuid
}
