package judge

import (
	"github.com/wardround/wardround/checks"
	"github.com/wardround/wardround/checks/fact"
)

// putInventory puts what the organisation's inventory says.
func (j *judging) putInventory(set *fact.Set) {
	set.Put(ownerRole(j.asset))
}

func ownerRole(a checks.Asset) fact.Fact {
	f := fact.Fact{Key: "device.owner_role", Absent: fact.NotInInventory}
	if a.OwnerRole != "" {
		f.Value, f.Absent = a.OwnerRole, ""
	}
	return f
}
