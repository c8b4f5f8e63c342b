package nano

// Seams for the tests of this package.
var (
	BoundedBER     = boundedBER
	ParseSignature = parseSignature
	Attributes     = attributes
)

// VerifySignature verifies a parsed signature over body.
func VerifySignature(s *signature, body []byte) error { return s.verify(body) }
