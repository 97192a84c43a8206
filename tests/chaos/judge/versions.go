package main

import (
	"fmt"

	"github.com/anishathalye/porcupine"
)

// register is a document that clients read and change: whether it is there, its version at the least, and whether
// it has ended. The services change it too, at any time: its version may have grown before any call.
type register struct {
	isThere bool
	version int64
	isEnded bool
}

// versions is a compare-and-set register. A change that names the version it has seen takes effect on no other, and
// makes the next one; whoever reads afterwards sees that version or a later one. What has ended stays ended.
var versions = (&porcupine.NondeterministicModel{
	Init: func() []any { return []any{register{}} },
	Step: func(state, input, _ any) []any {
		was, call := state.(register), input.(Call)
		if call.Outcome == "unknown" {
			return append([]any{was}, tried(was, call)...)
		}
		switch call.Op {
		case "order":
			return []any{register{true, was.version, was.isEnded}}
		case "read":
			return seen(was, call)
		}
		return changed(was, call)
	},
	DescribeOperation: func(input, _ any) string { return describe(input.(Call)) },
}).ToModel()

func seen(was register, call Call) []any {
	if call.Outcome == "refused" { // it was said to be nowhere
		return only(!was.isThere, was)
	}
	isNewer := call.Version > was.version
	isAsBefore := call.IsEnded == was.isEnded
	isSound := isNewer && (call.IsEnded || !was.isEnded) || call.Version == was.version && isAsBefore
	return only(isSound, register{true, call.Version, call.IsEnded})
}

// changed is a change that was accepted: by a version of its own, or by none because it was so already.
func changed(was register, call Call) []any {
	ends := was.isEnded || call.Op == "cancel"
	now := register{true, call.Version, ends}
	if call.IfMatch == 0 {
		return only(call.Version > was.version || call.Version == was.version && ends == was.isEnded, now)
	}
	isFirst := was.version <= call.IfMatch
	isQuiet := call.Version == call.IfMatch && (was.version < call.IfMatch || ends == was.isEnded)
	return only(isFirst && (isQuiet || call.Version == call.IfMatch+1), now)
}

// tried is a change of which nobody knows whether it was accepted, if it was.
func tried(was register, call Call) []any {
	switch {
	case call.Op == "order":
		return []any{register{true, was.version, was.isEnded}}
	case call.Op == "read":
		return nil
	case call.IfMatch == 0:
		return []any{register{true, was.version + 1, was.isEnded || call.Op == "cancel"}}
	case was.version > call.IfMatch:
		return nil
	}
	return []any{register{true, call.IfMatch + 1, was.isEnded || call.Op == "cancel"}}
}

func only(isSound bool, now register) []any {
	if isSound {
		return []any{now}
	}
	return nil
}

// byDocument sorts requests into the histories of the documents that they are about. Refusals had no effect; only a
// read that was told that there is nothing says something.
func byDocument(calls []Call) map[string][]porcupine.Operation {
	found := map[string][]porcupine.Operation{}
	for _, call := range calls {
		isMissing := call.Op == "read" && call.Status == 404
		isNothing := call.Outcome == "refused" && !isMissing || call.Outcome == "unknown" && call.Op == "read"
		if call.Document == "" || isNothing {
			continue
		}
		found[call.Document] = append(found[call.Document], operation(call))
	}
	return found
}

func operation(call Call) porcupine.Operation {
	return porcupine.Operation{ClientId: call.Process, Input: call, Call: call.Invoked, Return: call.Returned}
}

func describe(call Call) string {
	return fmt.Sprintf("%s (seen %d) -> %s %d", call.Op, call.IfMatch, call.Outcome, call.Version)
}
