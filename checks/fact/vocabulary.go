package fact

// A Type is the type of a fact's value, as a check sees it.
type Type string

// The types of facts. An object list is written "list(NAME)" with the name of
// its object type.
const (
	Bool       Type = "bool"
	Int        Type = "int"
	Double     Type = "double"
	String     Type = "string"
	Time       Type = "timestamp"
	Duration   Type = "duration"
	StringList Type = "list(string)"
)

// ListOf is the type of a list of objects.
func ListOf(object string) Type { return Type("list(" + object + ")") }

// A Decl declares a fact: what a baseline may name, and what it means.
type Decl struct {
	Key  Key    // or, in an ObjectType, the field's name
	Type Type   // of its value
	Doc  string // one sentence, for `wardround baseline facts`
}

// An ObjectType declares the elements of a list fact.
type ObjectType struct {
	Name   string
	Doc    string
	Fields []Decl
}
