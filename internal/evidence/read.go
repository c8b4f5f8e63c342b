package evidence

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/wardround/wardround/mdm"
)

// What an export is bounded by before anything is made of it.
const (
	window      = 8 << 20 // bytes that the decompression looks back
	maxLine     = mdm.MaxKept*4/3 + 1<<16
	maxAnswers  = 4096      // of a device
	maxHeld     = 256 << 20 // bytes of a device with its answers
	maxContents = 256 << 20 // bytes of all that comes before the devices
	maxItems    = 1 << 20
	maxRatio    = 1000     // bytes that a byte of the file may become
	ratioLeeway = 16 << 20 // and these on top
)

// A Contents is all of an export but its devices.
type Contents struct {
	Head
	Baselines []Baseline
	Profiles  []Profile
	Items     []Item

	Statements []Statement
}

// A Reader reads an export, one device at a time. It is not safe for concurrent
// use.
type Reader struct {
	zip   *zstd.Decoder
	lines *bufio.Reader
	count int // of lines read
	ahead *line
	seen  end
	err   error
}

// Magic is what a file begins with that may be an export.
func Magic(data []byte) bool { return bytes.HasPrefix(data, []byte{0x28, 0xb5, 0x2f, 0xfd}) }

// NewReader begins to read an export. Close frees what it holds, and does not
// close r.
func NewReader(r io.Reader) (*Reader, error) {
	counted := &counter{r: r}
	zip, err := zstd.NewReader(counted, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(window), zstd.WithDecoderMaxMemory(64<<20), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, fmt.Errorf("read evidence: %w", err)
	}
	return &Reader{zip: zip, lines: bufio.NewReaderSize(&unbombed{zip: zip, from: counted}, 64<<10)}, nil
}

// Close frees what the Reader holds.
func (r *Reader) Close() { r.zip.Close() }

// counter counts the bytes of the file.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// unbombed refuses what becomes out of proportion larger.
type unbombed struct {
	zip  io.Reader
	from *counter
	n    int64
}

var errBomb = errors.New("it becomes out of proportion larger than the file")

func (u *unbombed) Read(p []byte) (int, error) {
	n, err := u.zip.Read(p)
	if u.n += int64(n); u.n > ratioLeeway+maxRatio*u.from.n {
		return 0, errBomb
	}
	return n, err
}

// Contents reads all that comes before the devices.
func (r *Reader) Contents() (*Contents, error) {
	c := new(Contents)
	held := 0
	for {
		l, err := r.next()
		if err != nil {
			return nil, err
		}
		switch {
		case l.Head != nil && r.count == 1:
			if l.Head.Format != Format {
				return nil, r.fail(fmt.Errorf("its format is %.40q, this version reads %q", l.Head.Format, Format))
			}
			if y := l.Head.Now.Year(); y < 2010 || y > 9999 {
				return nil, r.fail(errors.New("it was not judged for a time between 2010 and 9999"))
			}
			c.Head = *l.Head
		case r.count == 1:
			return nil, r.fail(errors.New("it does not begin with a head"))
		case l.Baseline != nil:
			held += l.Baseline.held()
			r.seen.Baselines++
			c.Baselines = append(c.Baselines, *l.Baseline)
		case l.Profile != nil:
			held += l.Profile.held()
			r.seen.Profiles++
			if sum := sha256.Sum256(l.Profile.Data); hex.EncodeToString(sum[:]) != l.Profile.SHA256 {
				return nil, r.fail(fmt.Errorf("profile %.80q is not what its digest says", l.Profile.Name))
			}
			c.Profiles = append(c.Profiles, *l.Profile)
		case l.Item != nil:
			if err := l.Item.check(); err != nil {
				return nil, r.fail(err)
			}
			held += l.Item.held()
			r.seen.Items++
			c.Items = append(c.Items, *l.Item)
		case l.Statement != nil:
			if err := l.Statement.check(); err != nil {
				return nil, r.fail(err)
			}
			held += l.Statement.held()
			r.seen.Statements++
			c.Statements = append(c.Statements, *l.Statement)
		case l.Device != nil || l.End != nil:
			r.ahead = &l
			return c, nil
		default:
			return nil, r.fail(errors.New("it is out of place"))
		}
		if held > maxContents || r.seen.Items > maxItems || r.count > maxItems+1<<16 {
			return nil, r.fail(errors.New("more baselines, profiles, inventory or statements than are read"))
		}
	}
}

// Next reads the next device with its answers, after Contents. After the last
// it returns io.EOF.
func (r *Reader) Next() (Device, []Observation, error) {
	l, err := r.next()
	switch {
	case err != nil:
		return Device{}, nil, err
	case l.End != nil:
		return Device{}, nil, r.atEnd(*l.End)
	case l.Device == nil || l.Device.ID == "":
		return Device{}, nil, r.fail(errors.New("it is not of a device"))
	}
	device := *l.Device
	r.seen.Devices++
	var answers []Observation
	held := device.held()
	for {
		l, err := r.next()
		if err != nil {
			return Device{}, nil, err
		}
		if l.Observation == nil {
			r.ahead = &l
			return device, answers, nil
		}
		if err := l.Observation.check(); err != nil {
			return Device{}, nil, r.fail(err)
		}
		r.seen.Observations++
		answers = append(answers, *l.Observation)
		if held += l.Observation.held(); held > maxHeld || len(answers) > maxAnswers {
			return Device{}, nil, r.fail(errors.New("more answers of one device than are read"))
		}
	}
}

// check wants what holds of every observation.
func (o *Observation) check() error {
	switch {
	case len(o.Body) > mdm.MaxKept:
		return fmt.Errorf("evidence %d is larger than any that is kept", o.ID)
	case Digest(sha256.Sum256(o.Body)) != o.SHA256:
		return fmt.Errorf("evidence %d is not what its digest says", o.ID)
	case o.Last.Before(o.Since) || o.Since.Before(time.Unix(0, 0)) || o.Last.Year() > 9999:
		return fmt.Errorf("evidence %d ends before it begins, or at no time", o.ID)
	}
	return nil
}

// atEnd wants that nothing is missing and nothing follows.
func (r *Reader) atEnd(e end) error {
	if e != r.seen {
		return r.fail(fmt.Errorf("it counts %+v, and there were %+v", e, r.seen))
	}
	if _, err := r.lines.ReadByte(); !errors.Is(err, io.EOF) {
		return r.fail(errors.New("something follows the end"))
	}
	r.err = io.EOF
	return io.EOF
}

// next reads a line.
func (r *Reader) next() (line, error) {
	if r.err != nil {
		return line{}, r.err
	}
	if l := r.ahead; l != nil {
		r.ahead = nil
		return *l, nil
	}
	text, err := r.read()
	if err != nil {
		return line{}, r.fail(err)
	}
	r.count++
	var l line
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&l); err != nil {
		return line{}, r.fail(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return line{}, r.fail(errors.New("more than one value"))
	}
	kinds := 0
	for _, there := range []bool{l.Head != nil, l.Baseline != nil, l.Profile != nil, l.Item != nil, l.Statement != nil, l.Device != nil, l.Observation != nil, l.End != nil} {
		if there {
			kinds++
		}
	}
	if kinds != 1 {
		return line{}, r.fail(errors.New("it is not one thing"))
	}
	return l, nil
}

// fail names the line, and makes the error the last.
func (r *Reader) fail(err error) error {
	r.err = fmt.Errorf("read evidence: line %d: %w", max(r.count, 1), err)
	return r.err
}

// read returns a line without its line feed.
func (r *Reader) read() ([]byte, error) {
	var text []byte
	for {
		part, err := r.lines.ReadSlice('\n')
		if len(text)+len(part) > maxLine {
			return nil, fmt.Errorf("longer than %d bytes", maxLine)
		}
		text = append(text, part...)
		switch {
		case err == nil:
			return text[:len(text)-1], nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			return nil, errors.New("the file was cut short")
		default:
			return nil, err
		}
	}
}
