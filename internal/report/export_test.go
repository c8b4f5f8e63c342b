package report

// ReadJSONUpTo is ReadJSON with another limit than MaxDocument.
var ReadJSONUpTo = readJSON
