package plist

// A Document is a parsed property list: its text, and a flat list of the
// values in it. It does not change, and is safe for concurrent use for as long
// as nobody writes to its bytes.
type Document struct {
	text      []byte
	nodes     []node // in document order; a dict's keys stand directly before their values
	notes     []Note
	rewritten bool
}

// A node is one value or one key. Its fields are narrow because the list of
// nodes is most of what a Document costs.
type node struct {
	kind       Kind
	marked     bool   // of text: holds entities, CDATA or comments; of a Bool: the value
	start, end uint32 // content between the tags
	next       uint32 // the node after this one and all inside it
	count      uint32 // of a Dict its pairs, of an Array its items, of a key its hash
}

// Root is the outermost value. It is never nothing.
func (d *Document) Root() Value { return Value{doc: d} }

// Bytes is the UTF-8 XML that Span and KeySpan refer to: the input itself, not
// a copy, unless the document was Rewritten. A caller that owns the input may
// overwrite the content of a value in place; values read afterwards are read
// from what was written.
func (d *Document) Bytes() []byte { return d.text }

// Rewritten reports that the input was UTF-16 or binary, and that Bytes is a
// UTF-8 XML text with the same content.
func (d *Document) Rewritten() bool { return d.rewritten }

// Notes lists what was read but is not as Apple writes it, in the order in
// which it was found. At most 256 are kept; NoteMore is then the last.
func (d *Document) Notes() []Note { return d.notes }

// A Note is one peculiarity of a document that could be read all the same.
type Note struct {
	Code   string // one of the Note constants
	Path   string // of the value, as in "PayloadContent[0].PayloadType"; empty for the document; cut after 256 bytes
	Offset int    // in Document.Bytes
}

// The codes of notes.
const (
	NoteBOM                = "bom"                 // a UTF-8 byte order mark
	NoteUTF16              = "utf-16"              // the input was UTF-16
	NoteBinary             = "binary"              // the input was a binary property list
	NoteMissingDeclaration = "missing-declaration" // no <?xml ...?>
	NoteMissingPlist       = "missing-plist"       // the root value stands outside a plist element
	NoteDuplicateKey       = "duplicate-key"       // a key of this dict came before; the last counts
	NoteKeyWithoutValue    = "key-without-value"   // the key is dropped: not reported
	NoteControlByte        = "control-byte"        // a byte in a key or value that XML forbids
	NoteStrayAfterEnd      = "stray-after-end"     // NUL bytes after the end
	NoteMore               = "more-notes"          // there was more to note
)

const (
	maxNotes    = 256
	maxNotePath = 256
)

// note keeps one more note, up to the bound.
func (d *Document) note(code, path string, off int) {
	switch {
	case len(d.notes) < maxNotes-1:
		d.notes = append(d.notes, Note{Code: code, Path: path, Offset: off})
	case len(d.notes) == maxNotes-1:
		d.notes = append(d.notes, Note{Code: NoteMore, Offset: off})
	}
}
