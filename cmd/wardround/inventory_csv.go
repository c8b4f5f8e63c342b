package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/wardround/wardround/internal/store"
)

// What is read of an inventory at most.
const (
	maxInventoryFile  = 64 << 20 // bytes
	maxInventoryRows  = 200_000
	maxInventoryField = 200 // characters
)

// inventoryColumns are the columns of an inventory, in any order. Serial is
// required.
func inventoryColumns() []string {
	return []string{"serial", "asset_tag", "site", "ward", "owner_role", "group", "expected_by"}
}

// readInventory reads a CSV inventory (RFC 4180, UTF-8, with or without a byte
// order mark; commas, or semicolons as spreadsheets write them in much of the
// world). An error names the line.
func readInventory(data []byte) ([]store.Item, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	r := csv.NewReader(bytes.NewReader(data))
	r.TrimLeadingSpace = true
	if head, _, _ := bytes.Cut(data, []byte("\n")); !bytes.ContainsRune(head, ',') && bytes.ContainsRune(head, ';') {
		r.Comma = ';'
	}
	head, err := r.Read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("it is empty: the first line names the columns")
	case err != nil:
		return nil, err
	}
	column, err := columnsOf(head)
	if err != nil {
		return nil, fmt.Errorf("line 1: %w", err)
	}
	var items []store.Item
	lines := make(map[string]int)
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) && len(items) == 0 {
			return nil, errors.New("there is no device in it")
		}
		if errors.Is(err, io.EOF) {
			return items, nil
		}
		if err != nil {
			return nil, err // names the line
		}
		line, _ := r.FieldPos(0)
		item, err := itemOf(record, column)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		if before, twice := lines[item.Serial]; twice {
			return nil, fmt.Errorf("line %d: serial %s is in line %d already", line, item.Serial, before)
		}
		if len(items) == maxInventoryRows {
			return nil, fmt.Errorf("line %d: more than %d rows", line, maxInventoryRows)
		}
		lines[item.Serial] = line
		items = append(items, item)
	}
}

// columnsOf finds each column's place.
func columnsOf(head []string) (map[string]int, error) {
	column := make(map[string]int, len(head))
	for i, name := range head {
		name = strings.ToLower(strings.TrimSpace(name))
		if !slices.Contains(inventoryColumns(), name) {
			return nil, fmt.Errorf("unknown column %q; the columns are %s", name, strings.Join(inventoryColumns(), ", "))
		}
		if _, twice := column[name]; twice {
			return nil, fmt.Errorf("column %s comes twice", name)
		}
		column[name] = i
	}
	if _, ok := column["serial"]; !ok {
		return nil, errors.New("there is no column serial")
	}
	return column, nil
}

func itemOf(record []string, column map[string]int) (store.Item, error) {
	var item store.Item
	for name, i := range column {
		value := strings.TrimSpace(record[i])
		if err := plainText(value); err != nil {
			return store.Item{}, fmt.Errorf("%s %w", name, err)
		}
		switch name {
		case "serial":
			item.Serial = strings.ToUpper(value)
		case "asset_tag":
			item.AssetTag = value
		case "site":
			item.Site = value
		case "ward":
			item.Ward = value
		case "owner_role":
			item.OwnerRole = value
		case "group":
			item.Group = value
		case "expected_by":
			if value == "" {
				continue
			}
			day, err := time.Parse(time.DateOnly, value)
			if err != nil {
				return store.Item{}, fmt.Errorf("expected_by %q is not a day: write it as 2026-12-31", value)
			}
			item.ExpectedBy = day.UTC()
		}
	}
	if item.Serial == "" {
		return store.Item{}, errors.New("there is no serial")
	}
	return item, nil
}

func plainText(value string) error {
	if n := len([]rune(value)); n > maxInventoryField {
		return fmt.Errorf("has %d characters, more than %d", n, maxInventoryField)
	}
	if strings.ContainsFunc(value, func(r rune) bool { return unicode.IsControl(r) || r == unicode.ReplacementChar }) {
		return fmt.Errorf("%q holds a control character, or is not UTF-8", value)
	}
	return nil
}
