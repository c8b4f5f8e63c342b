package checks

import (
	"math"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/overloads"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"
)

// The names whose values move though no fact does: the clock, and when a device
// last answered the same.
const (
	nowName          = "now"
	lastAnsweredName = "device.last_answered"
)

// turnsAt notes that the outcome may be another from t on.
func (e *evaluation) turnsAt(t time.Time) {
	if !t.Before(e.now) && (e.turn.IsZero() || t.Before(e.turn)) {
		e.turn = t.UTC()
	}
}

// A pace is how a value moves: seconds in a second, with the clock and with the
// last answer.
type pace struct{ clock, answer int }

func (p pace) moves() bool { return p != pace{} }

// A pacing finds the comparisons of a condition that turn as time goes by.
type pacing struct {
	comparisons map[int64]pace // left less right, by the number of the expression
	untold      bool           // time is used otherwise: nothing tells when it turns
}

// paceOf looks at a checked condition.
func paceOf(e ast.Expr) *pacing {
	p := &pacing{comparisons: make(map[int64]pace)}
	if at, ok := p.walk(e); !ok || at.moves() {
		p.untold = true
	}
	return p
}

// walk returns how the value of e moves; a truth does not, for when it turns is
// noted. It returns false if that cannot be told.
func (p *pacing) walk(e ast.Expr) (pace, bool) {
	switch e.Kind() {
	case ast.IdentKind:
		switch e.AsIdent() {
		case nowName:
			return pace{clock: 1}, true
		case lastAnsweredName:
			return pace{answer: 1}, true
		}
		return pace{}, true
	case ast.CallKind:
		return p.call(e)
	case ast.SelectKind:
		return p.still(e.AsSelect().Operand())
	case ast.ListKind:
		return p.still(e.AsList().Elements()...)
	case ast.ComprehensionKind:
		c := e.AsComprehension()
		return p.still(c.IterRange(), c.AccuInit(), c.LoopCondition(), c.LoopStep(), c.Result())
	}
	return pace{}, true
}

// still walks parts none of which may move.
func (p *pacing) still(parts ...ast.Expr) (pace, bool) {
	all := true
	for _, part := range parts {
		at, ok := p.walk(part)
		all = all && ok && !at.moves()
	}
	return pace{}, all
}

func (p *pacing) call(e ast.Expr) (pace, bool) {
	c := e.AsCall()
	args := c.Args()
	if c.IsMemberFunction() {
		args = append([]ast.Expr{c.Target()}, args...)
	}
	switch c.FunctionName() {
	case operators.Add, operators.Subtract:
		left, ok := p.walk(args[0])
		right, also := p.walk(args[1])
		if c.FunctionName() == operators.Subtract {
			right = pace{-right.clock, -right.answer}
		}
		return pace{left.clock + right.clock, left.answer + right.answer}, ok && also
	case operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals, operators.Equals, operators.NotEquals:
		left, ok := p.side(args[0])
		right, also := p.side(args[1])
		sum := pace{left.clock - right.clock, left.answer - right.answer}
		switch {
		case !sum.moves():
		case sum.clock == 0, sum.answer != 0 && sum.answer != -sum.clock: // it turns with an answer, of which no time tells
			return pace{}, false
		default:
			p.comparisons[e.ID()] = sum
		}
		return pace{}, ok && also
	}
	return p.still(args...)
}

// side is one side of a comparison: what moves, or whole hours, minutes or
// seconds of it.
func (p *pacing) side(e ast.Expr) (pace, bool) {
	if e.Kind() == ast.CallKind && e.AsCall().IsMemberFunction() && unitOf(e.AsCall().FunctionName()) > 0 {
		return p.walk(e.AsCall().Target())
	}
	return p.walk(e)
}

// unitOf is what a function counts the whole ones of, 0 for other functions.
func unitOf(function string) time.Duration {
	switch function {
	case overloads.TimeGetHours:
		return time.Hour
	case overloads.TimeGetMinutes:
		return time.Minute
	case overloads.TimeGetSeconds:
		return time.Second
	}
	return 0
}

// watch has the comparisons tell the evaluation when they turn.
func (p *pacing) watch() cel.ProgramOption {
	return cel.CustomDecoratorV2(func(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
		at, moves := p.comparisons[i.ID()]
		if call, ok := i.(interpreter.InterpretableCall); ok && moves && len(call.Args()) == 2 {
			return &turning{InterpretableV2: i, pace: at, left: sideOf(call.Args()[0]), right: sideOf(call.Args()[1])}, nil
		}
		return i, nil
	})
}

// A turning is a comparison of which one side moves.
type turning struct {
	interpreter.InterpretableV2
	pace        pace
	left, right turningSide
}

// A turningSide is one side of it; of whole units it is what they are counted of.
type turningSide struct {
	value interpreter.InterpretableV2
	unit  time.Duration
}

func sideOf(i interpreter.InterpretableV2) turningSide {
	if call, ok := i.(interpreter.InterpretableCall); ok && len(call.Args()) == 1 && unitOf(call.Function()) > 0 {
		return turningSide{call.Args()[0], unitOf(call.Function())}
	}
	return turningSide{value: i}
}

// selfName is how an expression finds the evaluation it runs in: no name in a
// baseline can be so.
const selfName = "\x00"

// Eval implements interpreter.Interpretable.
func (t *turning) Eval(a interpreter.Activation) ref.Val {
	out := t.InterpretableV2.Eval(a)
	t.note(out, a, func(i interpreter.InterpretableV2) ref.Val { return i.Eval(a) })
	return out
}

// Exec implements interpreter.InterpretableV2.
func (t *turning) Exec(f *interpreter.ExecutionFrame) ref.Val {
	out := t.InterpretableV2.Exec(f)
	t.note(out, f, func(i interpreter.InterpretableV2) ref.Val { return i.Exec(f) })
	return out
}

// note tells the evaluation when the comparison turns.
func (t *turning) note(out ref.Val, a interpreter.Activation, run func(interpreter.InterpretableV2) ref.Val) {
	self, _ := a.ResolveName(selfName)
	e, ok := self.(*evaluation)
	if _, known := out.(types.Bool); !known || !ok {
		return
	}
	consulted := len(e.consulted)
	left, right := run(t.left.value), run(t.right.value)
	e.consulted = e.consulted[:consulted] // once is enough
	ends, ok := t.ends(left, right)
	if !ok {
		e.turnsAt(e.now)
		return
	}
	for _, left := range ends {
		turn := e.now.Add(-left / time.Duration(t.pace.clock))
		if turn.Before(e.now) && t.pace.answer != 0 {
			turn = e.now // another answer turns it back
		}
		e.turnsAt(turn)
	}
}

// ends returns by how much the left side is more than the right: the comparison
// turns when that has gone by. Of whole units it is any of three.
func (t *turning) ends(left, right ref.Val) ([]time.Duration, bool) {
	switch {
	case t.left.unit > 0 && t.right.unit > 0:
		return nil, false
	case t.left.unit > 0:
		d, ok := left.(types.Duration)
		return around(d.Duration, right, t.left.unit, 1), ok
	case t.right.unit > 0:
		d, ok := right.(types.Duration)
		return around(d.Duration, left, t.right.unit, -1), ok
	}
	switch l := left.(type) {
	case types.Duration:
		r, ok := right.(types.Duration)
		return []time.Duration{minus(l.Duration, r.Duration)}, ok
	case types.Timestamp:
		r, ok := right.(types.Timestamp)
		return []time.Duration{l.Sub(r.Time)}, ok
	}
	return nil, false
}

// around returns by how much d is more than n units, one less and one more:
// units are cut off towards zero.
func around(d time.Duration, n ref.Val, unit time.Duration, sign time.Duration) []time.Duration {
	count, ok := n.(types.Int)
	if !ok || time.Duration(count).Abs() >= math.MaxInt64/unit-1 {
		return nil // no duration is so long
	}
	var all []time.Duration
	for i := time.Duration(-1); i <= 1; i++ {
		all = append(all, sign*minus(d, (time.Duration(count)+i)*unit))
	}
	return all
}

// minus is a-b, or the nearest duration to it.
func minus(a, b time.Duration) time.Duration {
	switch d := a - b; {
	case b > 0 && d > a:
		return math.MinInt64 + 1
	case b < 0 && d < a:
		return math.MaxInt64
	default:
		return d
	}
}
