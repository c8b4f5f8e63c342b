package checks

import (
	"strings"

	"github.com/google/cel-go/cel"
	"golang.org/x/text/language"

	"github.com/wardround/wardround/checks/fact"
)
