package report

// ReadJSONUpTo is ReadJSON with another limit than MaxDocument.
var ReadJSONUpTo = readJSON

// Clean makes text harmless for a terminal.
var Clean = clean

// Allot shares a sample among groups.
var Allot = allot
