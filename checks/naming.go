package checks

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"

	"github.com/wardround/wardround/checks/fact"
)

// roots are the first words of facts written with dots, and of parameters.
// A variable of all or exists may not be called so.
func roots() []string {
	return []string{"DeviceInformation", "SecurityInfo", "device", "param", "setting", "zoom"}
}

// A namer walks a parsed condition and turns each mention of a fact, such as
// device.platform or setting["DOMAIN"]["KEY"], into one variable named by the
// fact's key. CEL then checks each with its own type, and a name that does not
// exist is told with the nearest that does.
type namer struct {
	vocabulary *language
	params     []string // param.NAME, sorted
	info       *ast.SourceInfo
	names      map[string]bool
	errors     []compileError
}

func (w *namer) fail(e ast.Expr, remedy, format string, args ...any) {
	at := w.info.GetStartLocation(e.ID())
	w.errors = append(w.errors, compileError{
		line: max(at.Line(), 1), column: at.Column() + 1, message: fmt.Sprintf(format, args...), remedy: remedy,
	})
}

func (w *namer) rename(e ast.Expr, name string) {
	e.SetKindCase(ast.NewExprFactory().NewIdent(e.ID(), name))
	w.names[name] = true
}

// walk visits e; local holds the variables of the comprehensions around it.
func (w *namer) walk(e ast.Expr, local []string) {
	switch e.Kind() {
	case ast.IdentKind:
		w.ident(e, local)
	case ast.SelectKind:
		w.selection(e, local)
	case ast.CallKind:
		w.call(e, local)
	case ast.ListKind:
		for _, item := range e.AsList().Elements() {
			w.walk(item, local)
		}
	case ast.ComprehensionKind:
		w.comprehension(e, local)
	case ast.MapKind, ast.StructKind:
		w.fail(e, "compare single facts", "a condition builds no maps or objects")
	}
}

func (w *namer) comprehension(e ast.Expr, local []string) {
	c := e.AsComprehension()
	w.walk(c.IterRange(), local)
	if slices.Contains(roots(), c.IterVar()) {
		w.fail(e, "choose another name, such as x", "the variable %s hides the facts of that name", c.IterVar())
		return
	}
	inner := append(slices.Clone(local), c.IterVar(), c.AccuVar())
	w.walk(c.AccuInit(), inner)
	w.walk(c.LoopCondition(), inner)
	w.walk(c.LoopStep(), inner)
	w.walk(c.Result(), inner)
}

func (w *namer) ident(e ast.Expr, local []string) {
	name := e.AsIdent()
	switch {
	case slices.Contains(local, name):
	case name == "setting":
		w.fail(e, `write setting["PAYLOADTYPE"]["key"]`, "setting needs a payload type and a key")
	case name == "now" || w.vocabulary.types[name] != "":
		w.names[name] = true
	default:
		w.unknown(e, name)
	}
}

// selection handles a.b.c: a fact written with dots, or a field of a local.
func (w *namer) selection(e ast.Expr, local []string) {
	path, ok := dotted(e)
	root, _, _ := strings.Cut(path, ".")
	if !ok || slices.Contains(local, root) || w.vocabulary.types[root] != "" {
		w.walk(e.AsSelect().Operand(), local)
		return
	}
	if w.vocabulary.types[path] != "" || (root == "param" && slices.Contains(w.params, path)) {
		w.rename(e, path)
		return
	}
	for e.Kind() == ast.SelectKind { // the name starts at its first word
		e = e.AsSelect().Operand()
	}
	w.unknown(e, path)
}

func (w *namer) call(e ast.Expr, local []string) {
	c := e.AsCall()
	if c.FunctionName() == operators.Index {
		inner := c.Args()[0]
		if inner.Kind() == ast.CallKind && inner.AsCall().FunctionName() == operators.Index {
			base := inner.AsCall().Args()[0]
			if base.Kind() == ast.IdentKind && base.AsIdent() == "setting" {
				w.setting(e, inner.AsCall().Args()[1], c.Args()[1])
				return
			}
		}
	}
	if c.IsMemberFunction() {
		w.walk(c.Target(), local)
	}
	for _, arg := range c.Args() {
		w.walk(arg, local)
	}
}

func (w *namer) setting(e, domain, key ast.Expr) {
	d, ok1 := stringLiteral(domain)
	k, ok2 := stringLiteral(key)
	if !ok1 || !ok2 {
		w.fail(e, `write setting["PAYLOADTYPE"]["key"] with both in quotes`, "the payload type and key of a setting must be literal strings")
		return
	}
	s, ok := w.vocabulary.setting(d, k)
	if ok && s.Key == k {
		w.rename(e, string(fact.SettingKey(d, k)))
		return
	}
	if ok {
		w.fail(key, fmt.Sprintf("write %q", s.Key), "%q is an old spelling of %q", k, s.Key)
		return
	}
	keys, domains := map[string]bool{}, map[string]bool{}
	for _, s := range w.vocabulary.names {
		domains[s.Domain] = true
		if s.Domain == d {
			keys[s.Key] = true
		}
	}
	if len(keys) == 0 {
		w.fail(domain, didYouMean(d, slices.Sorted(maps.Keys(domains))), "no payload type %q with known settings", d)
		return
	}
	w.fail(key, didYouMean(k, slices.Sorted(maps.Keys(keys))), "%s has no setting %q", d, k)
}

func (w *namer) unknown(e ast.Expr, name string) {
	if param, ok := strings.CutPrefix(name, "param."); ok {
		remedy := "add " + param + " under params:"
		if near := nearest(name, w.params); near != "" {
			remedy = "did you mean " + near + "? Or " + remedy
		}
		w.fail(e, remedy, "no parameter is called %s", name)
		return
	}
	w.fail(e, didYouMean(name, slices.Concat(w.vocabulary.keys, []string{"now"})), "no fact is called %s", name)
}

// dotted writes a chain of selections as a.b.c.
func dotted(e ast.Expr) (string, bool) {
	switch e.Kind() {
	case ast.IdentKind:
		return e.AsIdent(), true
	case ast.SelectKind:
		head, ok := dotted(e.AsSelect().Operand())
		return head + "." + e.AsSelect().FieldName(), ok
	}
	return "", false
}

func stringLiteral(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	s, ok := e.AsLiteral().(types.String)
	return string(s), ok
}
