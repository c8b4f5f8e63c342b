package report

// ReadJSONUpTo is ReadJSON with another limit than MaxDocument.
var ReadJSONUpTo = readJSON

// Allot shares a sample among groups.
var Allot = allot
