package main

import (
	"fmt"
	"sort"
	"time"

	"github.com/anishathalye/porcupine"
)

// step is what happens to a piece of a provider's time: a visit gets it, is seen to have it, or gives it up.
type step struct {
	kind  string
	visit string
}

// slots is a register that at most one visit holds.
var slots = porcupine.Model{
	Init: func() any { return "" },
	Step: func(state, input, _ any) (bool, any) {
		holder, taken := state.(string), input.(step)
		switch taken.kind {
		case "get":
			return holder == "", taken.visit
		case "have":
			return holder == taken.visit, holder
		}
		return holder == taken.visit, ""
	},
	DescribeOperation: func(input, _ any) string { return input.(step).kind + " " + input.(step).visit },
}

// life is what all reads of a placement say of one visit: within which times it got its time, and gave it up.
type life struct {
	Visit
	got, lost window
	isLost    bool
	had       []porcupine.Operation
}

type window struct{ after, before int64 }

func isGone(fate string) bool { return fate == "moved" || fate == "cancelled" }

// lives reads off the calls of each placement which visits there were, and when. Between a read that does not show a
// visit and one that does, it got its time; between one that shows it kept and the first word that it is not, it lost it.
func lives(calls []Call) map[string]*life {
	reads := map[string][]Call{}
	found := map[string]*life{}
	for _, call := range calls {
		if call.Op != "read" || call.Outcome != "ok" {
			continue
		}
		reads[call.Document] = append(reads[call.Document], call)
		for _, visit := range call.Visits {
			if found[visit.ID] == nil {
				found[visit.ID] = &life{Visit: visit, got: window{0, forever}, lost: window{0, forever}}
			}
		}
	}
	for _, ofOne := range reads {
		for id := range shownIn(ofOne) {
			for _, call := range ofOne {
				found[id].heed(call)
			}
		}
	}
	for _, call := range calls {
		one := found[call.VisitID]
		if call.Op == "give_up" && call.Outcome == "ok" && one != nil {
			one.isLost, one.lost.before = true, min(one.lost.before, call.Returned)
		}
	}
	return found
}

func shownIn(reads []Call) map[string]bool {
	ids := map[string]bool{}
	for _, call := range reads {
		for _, visit := range call.Visits {
			ids[visit.ID] = true
		}
	}
	return ids
}

func (one *life) heed(call Call) {
	for _, visit := range call.Visits {
		if visit.ID != one.ID {
			continue
		}
		one.got.before = min(one.got.before, call.Returned)
		if isGone(visit.Fate) {
			one.isLost, one.lost.before = true, min(one.lost.before, call.Returned)
			return
		}
		one.lost.after = max(one.lost.after, call.Invoked)
		if visit.Fate == "booked" {
			one.had = append(one.had, one.operation("have", window{call.Invoked, call.Returned}))
		}
		return
	}
	one.got.after = max(one.got.after, call.Invoked)
}

// fault is a story that no order of the calls makes sound.
func (one *life) fault() string {
	switch {
	case one.got.after > one.got.before:
		return "it was there, and then was not"
	case one.isLost && one.lost.after > one.lost.before:
		return "it was given up, and then was kept again"
	}
	return ""
}

func (one *life) operations() []porcupine.Operation {
	found := append([]porcupine.Operation{one.operation("get", one.got)}, one.had...)
	if one.isLost {
		within := window{max(one.lost.after, one.got.after), one.lost.before}
		found = append(found, one.operation("give up", within))
	}
	return found
}

func (one *life) operation(kind string, within window) porcupine.Operation {
	return porcupine.Operation{Input: step{kind, one.ID}, Call: within.after, Return: within.before}
}

// bySlot cuts each provider's time wherever a visit begins or ends, and gives each piece the history of its visits.
func bySlot(found map[string]*life) map[string][]porcupine.Operation {
	byProvider := map[string][]*life{}
	for _, one := range found {
		byProvider[one.Provider] = append(byProvider[one.Provider], one)
	}
	histories := map[string][]porcupine.Operation{}
	for provider, all := range byProvider {
		cuts := cutsOf(all)
		for _, one := range all {
			for _, at := range cuts {
				if !at.Before(one.StartsAt) && at.Before(one.EndsAt) {
					key := fmt.Sprintf("%s at %s", provider, at.UTC().Format(time.RFC3339))
					histories[key] = append(histories[key], one.operations()...)
				}
			}
		}
	}
	return histories
}

func cutsOf(all []*life) []time.Time {
	isCut := map[time.Time]bool{}
	for _, one := range all {
		isCut[one.StartsAt.UTC()], isCut[one.EndsAt.UTC()] = true, true
	}
	var cuts []time.Time
	for at := range isCut {
		cuts = append(cuts, at)
	}
	sort.Slice(cuts, func(i, j int) bool { return cuts[i].Before(cuts[j]) })
	return cuts
}
