package checks

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/checker"
	"github.com/google/cel-go/common/types"

	"github.com/wardround/wardround/checks/fact"
)

// An expression is a compiled CEL condition. It is safe for concurrent use.
type expression struct {
	text  string
	run   cel.Program
	names []string // variables it reads, sorted: fact keys, param.NAME, now

	untold bool // it uses the time in a way that does not tell when it turns
}

// A compileError is a complaint about an expression at a place inside it,
// line and column from 1, or 0 if it has none.
type compileError struct {
	line, column    int
	message, remedy string
}

// A scope is what the conditions of one baseline can name: the facts and its
// own parameters.
type scope struct {
	language *language
	env      *cel.Env
	params   []string // param.NAME, sorted
	sizes    sizes
}

// newScope declares the parameters beside the facts.
func newScope(l *language, params []Param) (scope, error) {
	s := scope{language: l, env: l.env}
	var options []cel.EnvOption
	for _, p := range params {
		name := "param." + p.Name
		s.params = append(s.params, name)
		s.sizes = s.sizes.with(name, p.Value)
		options = append(options, cel.Variable(name, celType(fact.Type(p.Type))))
	}
	slices.Sort(s.params)
	if len(options) == 0 {
		return s, nil
	}
	var err error
	if s.env, err = s.env.Extend(options...); err != nil {
		return scope{}, fmt.Errorf("declare the parameters to CEL: %w", err)
	}
	return s, nil
}

// compile turns a condition into a program over what the scope names.
func (s scope) compile(text string) (*expression, []compileError) {
	env := s.env
	parsed, issues := env.Parse(text)
	if issues.Err() != nil {
		return nil, issueErrors(issues)
	}
	w := &namer{vocabulary: s.language, params: s.params, info: parsed.NativeRep().SourceInfo(), names: map[string]bool{}}
	w.walk(parsed.NativeRep().Expr(), nil)
	if len(w.errors) > 0 {
		return nil, w.errors
	}
	checked, issues := env.Check(parsed)
	if issues.Err() != nil {
		return nil, issueErrors(issues)
	}
	if checked.OutputType() != cel.BoolType {
		return nil, []compileError{{
			line: 1, column: 1, message: fmt.Sprintf("the condition is a %s, not a bool", checked.OutputType()),
			remedy: "compare it with a value",
		}}
	}
	cost, err := env.EstimateCost(checked, s.sizes)
	if err != nil {
		return nil, []compileError{{message: err.Error(), remedy: "make the condition simpler"}}
	}
	if cost.Max > maxExpressionCost {
		return nil, []compileError{{
			line: 1, column: 1, message: fmt.Sprintf("the condition may cost %d steps, more than %d", cost.Max, maxExpressionCost),
			remedy: "nest fewer all, exists, map and filter",
		}}
	}
	paces := paceOf(checked.NativeRep().Expr())
	run, err := env.Program(checked, cel.EvalOptions(cel.OptOptimize), paces.watch())
	if err != nil {
		return nil, []compileError{{message: err.Error(), remedy: "correct the condition"}}
	}
	x := &expression{text: text, run: run, untold: paces.untold}
	for name := range w.names {
		x.names = append(x.names, name)
	}
	slices.Sort(x.names)
	return x, nil
}

func issueErrors(issues *cel.Issues) []compileError {
	var out []compileError
	for _, e := range issues.Errors() {
		c := compileError{message: strings.ReplaceAll(e.Message, settingPrefix, "setting "), remedy: "see `wardround baseline facts` for the facts and their types"}
		if e.Location != nil && e.Location.Line() > 0 {
			c.line, c.column = e.Location.Line(), e.Location.Column()+1
		}
		out = append(out, c)
		if len(out) == 10 {
			break
		}
	}
	return out
}

// eval runs the condition. missing names the absent facts when it is unknown.
func (x *expression) eval(e *evaluation) (truth Ternary, missing []string, err error) {
	if x.untold {
		e.turnsAt(e.now)
	}
	out, _, err := x.run.Eval(e)
	if err != nil {
		return NotKnown, nil, err
	}
	switch out := out.(type) {
	case types.Bool:
		if out {
			return Yes, nil, nil
		}
		return No, nil, nil
	case *types.Unknown:
		if names, ok := e.language.alone[out]; ok {
			return NotKnown, names, nil
		}
		return NotKnown, unknownNames(out), nil
	}
	return NotKnown, nil, errors.New("the condition gave no bool")
}

// unknownNames lists the names an unknown carries, sorted: cel-go keeps them
// in a map.
func unknownNames(u *types.Unknown) []string {
	var names []string
	for _, id := range u.IDs() {
		trails, _ := u.GetAttributeTrails(id)
		for _, t := range trails {
			names = append(names, t.Variable())
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// sizes tells the cost estimate how long a fact can be, and by name how long
// each parameter is.
type sizes map[string]uint64

func (s sizes) with(name string, value any) sizes {
	if s == nil {
		s = make(sizes)
	}
	switch v := value.(type) {
	case string:
		s[name] = uint64(len(v))
	case []string:
		s[name] = uint64(len(v))
	}
	return s
}

// EstimateSize implements checker.CostEstimator.
func (s sizes) EstimateSize(node checker.AstNode) *checker.SizeEstimate {
	t := node.Type()
	if path := node.Path(); len(path) == 1 {
		if size, ok := s[path[0]]; ok {
			return &checker.SizeEstimate{Max: size}
		}
	}
	switch {
	case t.Kind() == types.StringKind:
		return &checker.SizeEstimate{Max: maxStringLength}
	case t.Kind() != types.ListKind:
		return nil
	case len(t.Parameters()) == 1 && t.Parameters()[0].Kind() == types.StructKind:
		return &checker.SizeEstimate{Max: maxObjects}
	case len(node.Path()) > 1:
		return &checker.SizeEstimate{Max: maxFieldStrings}
	}
	return &checker.SizeEstimate{Max: maxStrings}
}

// EstimateCallCost implements checker.CostEstimator.
func (sizes) EstimateCallCost(string, string, *checker.AstNode, []checker.AstNode) *checker.CallEstimate {
	return nil
}
