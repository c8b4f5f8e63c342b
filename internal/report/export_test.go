package report

// ReadJSONUpTo is ReadJSON with another limit than MaxDocument.
var ReadJSONUpTo = readJSON

// Cell and Clean make text harmless for a spreadsheet and for a terminal.
var (
	Cell  = cell
	Clean = clean
)

// Allot shares a sample among groups.
var Allot = allot
